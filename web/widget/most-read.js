/** <most-read channel="en" window="24h">: what readers open most, as it changes. */
import { Stories } from "./stories.js";

const OLDEST_MS = 2100000; // 35 min: an older ranking is none, and hides

export class MostRead extends Stories {
  _titles = { en: "Most read", es: "Lo más leído", ar: "الأكثر قراءة" };

  /** Which list. @returns {Record<string, string>} */
  _wanted() {
    const given = ["section", "region"].map((name) => [name, this.getAttribute(name)]);
    return Object.fromEntries([["window", this.getAttribute("window") || "24h"], ...given.filter(([, value]) => value)]);
  }

  _path() {
    return `most-read?${new URLSearchParams(this._wanted())}`;
  }

  _heard(message) {
    const wanted = this._wanted();
    const mine = ["window", "section", "region"].every((name) => message[name] === wanted[name]);
    if (message.type === "most_read" && mine) this._show(message);
    // What is killed is gone from every list in the same moment.
    const kept = (this._stories || []).filter(({ headline }) => headline !== message.id);
    const gone = ["retracted", "held", "expired"].includes(message.type) && kept.length < this._stories.length;
    if (gone) super._show({ stories: (this._stories = kept) });
  }

  _show(ranking) {
    this._asOf = Date.parse(ranking.as_of);
    this._stories = ranking.stories;
    super._show(ranking);
    this._age();
  }

  _age() {
    if (Date.now() - this._asOf > OLDEST_MS) this.hidden = true;
  }
}

if (!customElements.get("most-read")) customElements.define("most-read", MostRead);
