import { make } from "./wording.js";
import { counted } from "./words.js";

const SAY_MS = 20000; // a screen reader is not to be talked over
const GATHER_MS = 500;
const READ_MS = 10000; // afterwards it would only be found a second time

/** Says to a screen reader what has come: routine ones gathered and seldom, a flash at once. */
export class Announcer {
  /** @type {any} */
  words;
  lang = "";
  fresh = [];
  marked = [];
  spokeAt = 0;

  constructor(log, alert) {
    this.log = log;
    this.alert = alert;
  }

  say(text) {
    this.fresh.push(text);
    this.plan();
  }

  /** What takes something back is never only counted. */
  mark(word, text) {
    this.marked.push(`${word}: ${text}`);
    this.plan();
  }

  plan() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.speak(), Math.max(GATHER_MS, this.spokeAt + SAY_MS - Date.now()));
  }

  speak() {
    const { fresh, words } = this;
    const news = fresh.length > 1 ? [counted(words.arrived, fresh.length, this.lang)] : fresh;
    this.log.replaceChildren(...[...this.marked, ...news].map((text) => make("p", "", text)));
    this.fresh = [];
    this.marked = [];
    this.spokeAt = Date.now();
    this.timer = setTimeout(() => this.log.replaceChildren(), READ_MS);
  }

  stop() {
    clearTimeout(this.timer);
  }

  interrupt(text) {
    this.alert.replaceChildren(make("p", "", text));
  }
}
