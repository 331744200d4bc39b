import { make } from "./wording.js";
import { counted } from "./words.js";

const SAY_MS = 20000; // a screen reader is not to be talked over
const GATHER_MS = 500;
const READ_MS = 10000; // afterwards it would only be found a second time

/** Says to a screen reader what has come: routine ones gathered and seldom, a flash at once. */
export class Announcer {
  /** @type {any} */
  words;
  /** @type {Map<string, any>|null} */
  _known = null;
  _waiting = [];
  _sounded = new Set(); // ids
  _spokeAt = 0;

  constructor(log, alert) {
    this._log = log;
    this._alert = alert;
  }

  /** What is shown now, of what is on air: tells what is new since the last time, and what was put right. */
  show(headlines, onAir) {
    const known = this._known;
    this._known = new Map(headlines.map((headline) => [headline.id, headline]));
    // What has left, or was changed, is not found either.
    const stands = ({ of }) => !of.id || onAir.includes(of);
    for (const region of [this._log, this._alert]) if (![...region.children].every(stands)) region.replaceChildren();
    for (const headline of known ? headlines : []) {
      const { id, correction } = headline;
      if (!known.has(id)) this._sounded.has(id) || this.say(headline);
      else if (correction !== known.get(id).correction) this.say(headline, this.words.correction);
    }
  }

  /** In its turn; without a word before it, it may only be counted. @param {{id?: string, text: string}} of */
  say(of, word = "") {
    this._waiting.push([of, word]);
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._speak(), Math.max(GATHER_MS, this._spokeAt + SAY_MS - Date.now()));
  }

  /** At once, whatever else is being said. */
  interrupt(headline, word) {
    this._sounded.add(headline.id);
    this._waiting = this._waiting.filter(([{ id }]) => id !== headline.id);
    tell(this._alert, [[headline, word]]);
  }

  /** Each as it stands now, and none that has left. */
  _speak() {
    const { words } = this;
    const lines = this._waiting.map(([of, word]) => [of.id ? this._known.get(of.id) : of, word]).filter(([of]) => of);
    const marked = lines.filter(([, word]) => word);
    const fresh = lines.length - marked.length;
    tell(this._log, fresh > 1 ? [...marked, [{ text: counted(words.arrived, fresh, words.lang) }]] : lines);
    this._waiting = [];
    this._spokeAt = lines.length && Date.now();
  }
}

/** What is said, and what it is about: with that it goes. */
function tell(region, lines) {
  region.replaceChildren(...lines.map(([of, word]) => Object.assign(make("p", "", word && `${word}: `, of.text), { of })));
  clearTimeout(region.timer);
  region.timer = setTimeout(() => region.replaceChildren(), READ_MS);
}
