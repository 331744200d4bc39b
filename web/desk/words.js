// What the server has written into the page: its words in the writer's language, the channel, and what the writer may do.

/**
 * @typedef {{name: string, title: string, lang: string, dir: string, notes?: string[]}} Edition
 * @type {{channel: Edition, lang: string, words: any, may: {[action: string]: boolean}, writer: string,
 *   approval: string[], publishes: boolean, rehearsal: boolean,
 *   limits: {advice: number, editorial: number, hard: number}, editions: Edition[],
 *   templates: {kickers: string[], correct: string[], kill: Template[], hold: Template[]}}}
 * @typedef {{reason: string, note: string}} Template
 */
export const about = JSON.parse(document.getElementById("about").textContent);

export const words = about.words;

/** A sentence with its values: say("gone", {id: 3}) puts 3 where the words have {id}. */
export function say(name, values = {}) {
  return filled(words[name] || name, values);
}

/** @param {string} sentence @param {{[name: string]: string|number}} values numbers in the digits of the language */
export function filled(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? value.toLocaleString(about.lang) : String(value);
  });
}

/** Of a word with several forms the one for this number: Arabic has six. */
export function counted(name, number) {
  const forms = words[name];
  const form = forms[new Intl.PluralRules(about.lang).select(number)] || forms.other;
  return filled(form, { n: number });
}

/** 3 h 12 m, 4:05, 7 s: short, and always of the same width for the same length. */
export function lasting(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours >= 48) return say("days", { n: Math.floor(hours / 24) });
  if (hours) return say("hours", { h: hours, m: minutes });
  const two = (/** @type {number} */ n) => n.toLocaleString(about.lang, { minimumIntegerDigits: 2 });
  return minutes ? `${minutes.toLocaleString(about.lang)}:${two(seconds % 60)}` : say("seconds", { n: seconds });
}

/** Of the clock, with seconds where they matter. */
export function clock(instant, seconds = false) {
  const day = new Date(instant);
  const today = day.toDateString() === new Date().toDateString();
  return day.toLocaleString(about.lang, {
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(seconds ? { second: "2-digit" } : {}),
    ...(today ? {} : { day: "numeric", month: "short" }),
  });
}
