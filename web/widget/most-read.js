/** <most-read channel="en" window="24h">: what readers open most, as it changes. */
import { Stories } from "./stories.js";

const OLDEST_MS = 2100000; // 35 min: an older ranking is none, and hides
const TOLD = 10; // rows that the stream tells of

export class MostRead extends Stories {
  _titles = { en: "Most read", es: "Lo más leído", ar: "الأكثر قراءة" };

  /** Which list, and how much of it. @returns {Record<string, string>} */
  _wanted() {
    const given = ["section", "region", "limit"].map((name) => [name, this.getAttribute(name)]);
    return Object.fromEntries([["window", this.getAttribute("window") || "24h"], ...given.filter(([, value]) => value)]);
  }

  _path() {
    return `most-read?${new URLSearchParams(this._wanted())}`;
  }

  _heard(message) {
    super._heard(message);
    const wanted = this._wanted();
    const mine = (list) => ["window", "section", "region"].every((name) => list[name] === wanted[name]);
    if (message.type !== "most_read" || !mine(message)) return;
    const { stories } = message;
    // Those further down stay as they were until they are asked for again.
    const below = stories.length < TOLD || !mine(this._told) ? [] : this._told.stories.slice(TOLD);
    this._show({ ...message, stories: [...stories, ...below.filter(({ id }) => stories.every((one) => one.id !== id))] });
  }

  /** How old the list is goes by the server's clock, and from then on by ours: it may be wrong, but it goes on. */
  _show(ranking) {
    this._madeAt = Date.now() - (Date.parse(ranking.now) - Date.parse(ranking.as_of) || 0);
    super._show(ranking);
  }

  _age() {
    if (Date.now() - this._madeAt > OLDEST_MS) this.hidden = true;
  }
}

if (!customElements.get("most-read")) customElements.define("most-read", MostRead);
