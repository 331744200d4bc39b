// One headline as it stands in a list of the desk.
import { make, wording } from "../wording.js";
import { seen } from "./places.js";
import { about, clock, filled, lasting, say, words } from "./words.js";

/** @typedef {import("./api.js").Record} Record */

const SOON_MS = 600000; // what leaves within this time is told in colour

/** @param {Record} record */
export function build(record) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("row"));
  const row = /** @type {HTMLElement} */ (template.content.firstElementChild.cloneNode(true));
  row.id = `record-${record.id}`;
  return row;
}

/** @param {HTMLElement} row @param {Record} record @param {{presence?: string[]}} beside */
export function fill(row, record, beside = {}) {
  const key = JSON.stringify([record, beside]);
  if (row.dataset.shown === key) return;
  row.dataset.shown = key;
  row.dataset.urgency = record.urgency;
  row.dataset.state = record.state;
  row.toggleAttribute("data-pinned", Boolean(record.pinned));
  const part = (/** @type {string} */ name) => row.querySelector(`.${name}`);
  const urgency = make("b", "urgency", words[record.urgency]);
  urgency.dataset.urgency = record.urgency;
  const kicker = record.kicker && make("bdi", "kicker", record.kicker);
  part("tags").replaceChildren(...[urgency, kicker].filter(Boolean));
  part("headline").replaceChildren(wording({ ...record, link: "", lang: record.lang, dir: record.dir }));
  part("facts").replaceChildren(...facts(record));
  part("marks").replaceChildren(...marks(record, beside));
}

/** What the clock moves. @param {HTMLElement} row @param {Record} record @param {number} now */
export function tick(row, record, now) {
  const timer = /** @type {HTMLElement} */ (row.querySelector(".timer"));
  if (!timer) return;
  const due = record.state === "scheduled" ? record.publish_at : record.expires_at;
  const left = Date.parse(due) - now;
  const text = say(record.state === "scheduled" ? "starts_in" : "leaves_in", { time: lasting(left) });
  if (timer.textContent !== text) timer.textContent = text;
  timer.classList.toggle("soon", left < SOON_MS);
}

function facts(record) {
  const { state, version, published_at: published, publish_at: start, expires_at: end, source, link, section } = record;
  const timed = (state === "scheduled" && start) || (["live", "held"].includes(state) && end);
  return [
    published && make("time", "", clock(published)),
    state === "scheduled" && start && make("time", "", clock(start, true)),
    timed && make("span", "timer"),
    version > 1 && make("span", "", say("version", { n: version })),
    source && make("bdi", "", source.name),
    section && make("bdi", "", section),
    !seen(record) && record.author && make("bdi", "", record.author.replace(/ \([^)]*\)$/, "")),
    link && /^https?:/.test(link) && Object.assign(make("a", "", new URL(link).host), { href: link, rel: "noopener", target: "_blank", tabIndex: -1 }),
  ].filter(Boolean);
}

/** @param {Record} record @param {{presence?: string[]}} beside */
function marks({ correction, pinned, stale, unseconded, lang, dir }, { presence = [] }) {
  const corrected = correction && make("span", "mark corrected", `${words.correction}: `, Object.assign(make("bdi", "", correction), { lang, dir }));
  return [
    pinned && make("span", "mark pinned", words.pinned),
    corrected,
    stale && make("span", "mark stale", staleness(stale)),
    unseconded && make("span", "mark unseconded", words.unseconded),
    ...presence.map((name) => make("span", "mark presence", make("bdi", "", name))),
  ].filter(Boolean);
}

/** What was done to another edition; or, on this channel itself, to another headline of the same words. */
function staleness({ action, channel }) {
  return channel === about.channel.name ? words.stale_words : filled(words.stale_by[action], { title: titleOf(channel) });
}

/** @param {string} channel */
export function titleOf(channel) {
  const edition = about.editions.find(({ name }) => name === channel);
  return edition ? edition.title : channel;
}

/** The text of one, short, for a sentence about it. @param {Record} record */
export function quoted({ text }) {
  return text.length > 70 ? `${text.slice(0, 68)}…` : text;
}
