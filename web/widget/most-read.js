/** <most-read channel="en" window="24h">: what readers open most, as it changes. */
import { Stories } from "./stories.js";

const OLDEST_MS = 2100000; // 35 min: an older ranking is none, and hides

export class MostRead extends Stories {
  _titles = { en: "Most read", es: "Lo más leído", ar: "الأكثر قراءة" };

  _path() {
    const section = this.getAttribute("section");
    return `most-read?window=${this._window()}${section ? `&section=${encodeURIComponent(section)}` : ""}`;
  }

  _window() {
    return this.getAttribute("window") || "24h";
  }

  _heard(message) {
    const mine = message.type === "most_read" && message.window === this._window();
    if (mine && (message.section || "") === (this.getAttribute("section") || "")) this._show(message);
    // What is killed is gone from every list in the same moment.
    if (["retracted", "held", "expired"].includes(message.type)) this._ask();
  }

  _show(ranking) {
    this._asOf = Date.parse(ranking.as_of);
    super._show(ranking);
    this._age();
  }

  _age() {
    if (Date.now() - this._asOf > OLDEST_MS) this.hidden = true;
  }
}

if (!customElements.get("most-read")) customElements.define("most-read", MostRead);
