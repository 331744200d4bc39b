import { make, tags, wording } from "../wording.js";
import { words } from "../desk/words.js";
import { arrange } from "./arrange.js";
import { REST_MS } from "./hand.js";

const said = words.gallery;

/** What can be done with a headline: by which key, and with which right. */
export const ACTS = {
  clear: { key: "c", right: "clear", where: "waiting" },
  next: { key: "n", right: "take", where: "loop" },
  breaking: { key: "b", right: "breaking", where: "both" },
  hold: { key: "h", right: "hold", where: "both" },
  kill: { key: "x", right: "kill", where: "both", danger: true },
  up: { key: "Alt ↑", right: "order", where: "loop" },
  down: { key: "Alt ↓", right: "order", where: "loop" },
};
export const BUTTONS = ["clear", "next", "breaking", "hold", "kill"];
const AS_READ = new Set(["clear", "breaking"]); // at the version that stands there: of another one it is another button

/** A headline in a list. Its elements stay as long as it does, so that no press and no focus is lost. */
export class Row {
  /** @param {(act: string, row: Row) => void} press */
  constructor(press) {
    this.press = press;
    this.headline = make("p", "headline");
    this.facts = make("p", "facts");
    this.acts = make("div", "acts");
    this.element = make("li", "record", this.headline, this.facts, this.acts);
    this.element.tabIndex = -1;
    this.buttons = new Map();
    this.shown = "";
    this.isGone = false;
    this.editedAt = -Infinity; // while it stood here
  }

  /** Whether its words are so new that nobody has read what this would put on air. @param {string} act */
  isUnread(act) {
    return AS_READ.has(act) && performance.now() - this.editedAt < REST_MS;
  }

  /** One that is gone stands there only until a hand has left: nothing can be done with it. @param {boolean} isGone */
  mark(isGone) {
    this.isGone = isGone;
    this.element.classList.toggle("gone", isGone);
    for (const button of this.buttons.values()) button.ariaDisabled = isGone ? "true" : null;
  }

  /** @param {any} item @param {{place?: string, facts: string, acts: string[], isDraggable: boolean}} told */
  show(item, told) {
    if (this.isGone) this.mark(false); // it has come back
    const shown = JSON.stringify([item, told]);
    if (shown === this.shown) return;
    this.shown = shown;
    if (this.item && this.item.version !== item.version) this.editedAt = performance.now();
    this.item = item;
    const { place, facts, acts, isDraggable } = told;
    this.element.draggable = isDraggable;
    Object.assign(this.element.dataset, { id: item.id, urgency: item.urgency });
    const where = place && make("b", `place ${place}`, said.places[place]);
    this.headline.replaceChildren(...tags(item, words), " ", wording({ ...item, link: "" }));
    this.facts.replaceChildren(make("span", "", facts), ...(where ? [where] : [])); // where nothing moves when it comes
    const keyOf = (/** @type {string} */ act) => (AS_READ.has(act) ? `${act} ${item.version}` : act);
    this.buttons = new Map(acts.map((act) => [keyOf(act), this.buttons.get(keyOf(act)) || this.button(act)]));
    arrange(this.acts, [...this.buttons.values()]);
  }

  button(act) {
    const { key, danger } = ACTS[act];
    const button = make("button", danger ? "danger" : act === "clear" ? "main" : "", said.acts[act], " ", make("kbd", "", key.toUpperCase()));
    return Object.assign(button, { type: "button", onclick: () => this.isGone || this.press(act, this) });
  }
}
