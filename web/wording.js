// Headlines as elements: text, never markup.

/** An element whose class and part have one name. */
export function make(tag, name, ...children) {
  const element = document.createElement(tag);
  element.append(...children.filter(Boolean));
  element.className = element.part = name;
  return element;
}

/** The headline itself; a link only to the web. */
export function wording({ text, link, lang = "", dir = "auto" }) {
  const words = Object.assign(make("bdi", "", text), { lang, dir });
  if (!/^https?:/.test(link)) return make("span", "words", words);
  return Object.assign(make("a", "words", words), { href: link, rel: "noopener" });
}

/**
 * What stands before the words: that it is none, how urgent it is, and its kicker.
 *
 * @param {{urgency?: string, kicker?: string, rehearsal?: boolean}} headline @param {any} words
 */
export function tags({ urgency, kicker, rehearsal }, words) {
  const label = words[urgency] && make("b", `urgency ${urgency}`, words[urgency]);
  return [rehearsal && make("b", "rehearsal", "REHEARSAL"), label, kicker && make("bdi", "kicker", kicker)].filter(Boolean);
}

/** The time of day; with the day when it is not today. */
export function timeOf(instant, lang) {
  const day = new Date(instant);
  const dateStyle = day.toDateString() === new Date().toDateString() ? undefined : "medium";
  const time = make("time", "time", day.toLocaleString(lang, { dateStyle, timeStyle: "short", hourCycle: "h23" }));
  return Object.assign(time, { dateTime: day.toISOString() });
}
