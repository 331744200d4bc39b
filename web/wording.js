// Headlines as elements: text, never markup.

/** An element whose class and part have one name. */
export function make(tag, name, ...children) {
  const element = document.createElement(tag);
  element.append(...children.filter(Boolean));
  if (name) element.className = name;
  if (name) element.part = name;
  return element;
}

/** The headline itself; a link only to the web. */
export function wording({ text, link, lang, dir }) {
  const safe = /^https?:/.test(link);
  const words = make("bdi", "", text);
  Object.assign(words, { lang: lang || "", dir: dir || "auto" });
  return safe ? Object.assign(make("a", "words", words), { href: link, rel: "noopener" }) : make("span", "words", words);
}

/** What stands before the words: how urgent it is, and its kicker. */
export function tags({ urgency, kicker }, words) {
  const label = urgency !== "routine" && words[urgency] && make("b", "urgency", words[urgency]);
  if (label) label.dataset.urgency = urgency;
  return [label, kicker && make("bdi", "kicker", kicker)].filter(Boolean);
}

/** The time of day; with the day when it is not today. */
export function timeOf(instant, lang) {
  const day = new Date(instant);
  const today = day.toDateString() === new Date().toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const format = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(today ? {} : { day: "numeric", month: "short" }) };
  return Object.assign(make("time", "time", day.toLocaleString(lang, format)), { dateTime: day.toISOString() });
}
