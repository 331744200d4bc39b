// Where on the page a headline stands.

/** @typedef {import("./api.js").Record} Record */

export const PLACES = ["waiting", "scheduled", "candidates", "drafts", "strip", "held"];

/** @param {Record} record @returns {string} one of PLACES */
export function placeOf({ state, source, publish_at: start }) {
  if (state === "awaiting_approval") return "waiting";
  if (state === "scheduled" && start) return "scheduled";
  if (state === "held") return "held";
  if (state === "draft") return source && source.id ? "candidates" : "drafts";
  return "strip";
}

/** Everything by its place; the strip in the order of the board. @param {Record[]} records */
export function placed(records) {
  /** @type {{[place: string]: Record[]}} */
  const found = Object.fromEntries(PLACES.map((place) => [place, []]));
  for (const record of records) found[placeOf(record)].push(record);
  found.scheduled.sort((a, b) => Date.parse(a.publish_at) - Date.parse(b.publish_at));
  return found;
}

/** Whether a reader has ever seen it. @param {Record} record */
export function seen({ published_at: published }) {
  return Boolean(published);
}
