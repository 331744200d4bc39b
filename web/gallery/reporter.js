import { make } from "../wording.js";
import { words } from "../desk/words.js";
import { arrange } from "./arrange.js";

/** Who tells of an output: one of its pages, or a system that it is pushed to. */
export class Reporter {
  /** @param {string} name @param {() => void} [forget] */
  constructor(name, forget) {
    this.told = make("bdi", "");
    this.titles = make("bdi", "now");
    this.forget = forget && Object.assign(make("button", "", words.gallery.forget), { type: "button", onclick: forget });
    this.body = make("dd", "", this.told);
    this.element = make("div", "", make("dt", "", make("bdi", "", name)), this.body);
  }

  /** @param {{told: string, titles?: string, isLate: boolean, mayForget?: boolean}} line */
  show({ told, titles = "", isLate, mayForget = false }) {
    this.element.className = isLate ? "late" : "";
    this.told.textContent = told;
    this.titles.textContent = titles;
    if (this.forget) this.forget.disabled = !mayForget;
    arrange(this.body, [this.told, isLate && this.forget, titles && this.titles].filter(Boolean));
  }
}
