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
    // What has left is neither said nor found.
    const stands = ({ of }) => !of || texts.includes(of);
    [this._fresh, this._marked] = [this._fresh, this._marked].map((lines) => lines.filter(stands));
    for (const region of [this._log, this._alert]) if (![...region.children].every(stands)) tell(region, []);
    for (const { id, text, urgency, correction } of known ? headlines : []) {
      if (known.has(id)) {
        if (correction !== known.get(id)) this.mark(this.words.correction, text, text);
      } else if (urgency !== "flash") {
        this._fresh.push(line(text, text));
        this._plan();
      }
    }
  }

  /** What takes something back is never only counted. @param {string} [of] the text of a headline, when it is one's */
  mark(word, text, of) {
    this._marked.push(line(`${word}: ${text}`, of));
    this._plan();
  }

  /** At once, whatever else is being said. */
  interrupt(word, text) {
    tell(this._alert, [line(`${word}: ${text}`, text)]);
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
    tell(this._log, [...this._marked, ...(fresh.length > 1 ? [line(counted(words.arrived, fresh.length, words.lang))] : fresh)]);
    this._fresh = [];
    this._marked = [];
    this._spokeAt = Date.now();
    this._timer = setTimeout(tell, READ_MS, this._log, []);
  }
}

/** @param {string} [of] the text of a headline, with which it goes */
function line(text, of) {
  return Object.assign(make("p", "", text), { of });
}

function tell(region, lines) {
  region.replaceChildren(...lines);
}
