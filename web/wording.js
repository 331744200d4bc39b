// Headlines as elements: text, never markup.

/** An element whose class and part have one name. */
export function make(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (name) element.setAttribute("part", name);
  element.append(...children.filter(Boolean));
  return element;
}

/** The headline itself; a link only to the web. */
export function wording({ text, link, lang, dir }) {
  const words = make("bdi", "", text);
  if (lang) words.lang = lang;
  if (dir) words.dir = dir;
  if (!/^https?:\/\//i.test(link || "")) return words;
  const anchor = make("a", "link", words);
  anchor.href = link;
  anchor.rel = "noopener";
  return anchor;
}

export function urgencyOf({ urgency }, words) {
  if (!words[urgency] || urgency === "routine") return null;
  const label = make("span", "urgency", words[urgency]);
  label.dataset.urgency = urgency;
  return label;
}

export function kickerOf({ kicker }) {
  return kicker ? make("bdi", "kicker", kicker) : null;
}

/** The time of day; with the day when it is not today. */
export function clock(ms, lang) {
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const today = new Date(ms).toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(lang, today ? time : { day: "numeric", month: "short", ...time }).format(ms);
}

export function timeOf(instant, lang) {
  const element = make("time", "time", instant && clock(Date.parse(instant), lang));
  if (instant) element.dateTime = instant;
  return element;
}
