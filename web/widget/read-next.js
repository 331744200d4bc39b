/** <read-next channel="en" story="…">: where a reader of this story may go from here. */
import { Stories } from "./stories.js";

export class ReadNext extends Stories {
  _titles = { en: "Read next", es: "Siga leyendo", ar: "اقرأ أيضًا" };

  _path() {
    return `stories/${encodeURIComponent(this.getAttribute("story") || "")}/next`;
  }
}

if (!customElements.get("read-next")) customElements.define("read-next", ReadNext);
