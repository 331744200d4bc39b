import { make } from "./wording.js";
import { counted } from "./words.js";

const SAY_MS = 20000; // a screen reader is not to be talked over
const GATHER_MS = 500;
const READ_MS = 10000; // afterwards it would only be found a second time

/** Says to a screen reader what has come: routine ones gathered and seldom, a flash at once. */
export class Announcer {
  /** @type {any} */
  words;
  /** @type {Map<string, string>|null} */
  _known = null;
  _fresh = [];
  _marked = [];
  _spokeAt = 0;

  constructor(log, alert) {
    this._log = log;
    this._alert = alert;
  }

  /** What is on air now: tells what is new since the last time, and what was put right. */
  show(headlines) {
    const known = this._known;
    this._known = new Map(headlines.map(({ id, correction }) => [id, correction]));
    const texts = headlines.map(({ text }) => text);
    this._fresh = this._fresh.filter((text) => texts.includes(text)); // what has left is neither said nor found
    if (!texts.some((text) => this._alert.textContent.endsWith(text))) tell(this._alert, []);
    for (const { id, text, urgency, correction } of known ? headlines : []) {
      if (known.has(id) && correction !== known.get(id)) this.mark(this.words.correction, text);
      if (known.has(id) || urgency === "flash") continue;
      this._fresh.push(text);
      this._plan();
    }
  }

  /** What takes something back is never only counted. */
  mark(word, text) {
    this._marked.push(`${word}: ${text}`);
    this._plan();
  }

  /** At once, whatever else is being said. */
  interrupt(text) {
    tell(this._alert, [text]);
  }

  stop() {
    clearTimeout(this._timer);
  }

  _plan() {
    this.stop();
    this._timer = setTimeout(() => this._speak(), Math.max(GATHER_MS, this._spokeAt + SAY_MS - Date.now()));
  }

  _speak() {
    const { _fresh: fresh, words } = this;
    tell(this._log, [...this._marked, ...(fresh.length > 1 ? [counted(words.arrived, fresh.length, words.lang)] : fresh)]);
    this._fresh = [];
    this._marked = [];
    this._spokeAt = Date.now();
    this._timer = setTimeout(tell, READ_MS, this._log, []);
  }
}

function tell(region, texts) {
  region.replaceChildren(...texts.map((text) => make("p", "", text)));
}
