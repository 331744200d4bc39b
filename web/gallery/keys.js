import { make } from "../wording.js";
import { words } from "../desk/words.js";
import { ACTS } from "./row.js";

const said = words.gallery;
const get = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

/** Single keys, outside of fields, and while no dialog is open; each does what a button does. */
export class Keys {
  /** @param {{panel: import("./panel.js").Panel, acknowledge: () => void, choose: (place: number) => void}} page */
  constructor({ panel, acknowledge, choose }) {
    this.choose = choose;
    this.page = {
      t: () => panel.take(), s: () => panel.stop(), e: () => panel.clearTakeover(), f: () => panel.flash(),
      "[": () => panel.faster(-1), "]": () => panel.faster(1), a: acknowledge, "?": () => get("help").showModal(),
      j: () => panel.go(1), k: () => panel.go(-1), arrowdown: () => panel.go(1), arrowup: () => panel.go(-1),
    };
    this.headline = Object.fromEntries(Object.entries(ACTS).map(([act, { key }]) => [key, () => panel.run(act)]));
    document.addEventListener("keydown", (event) => this.hear(event));
    get("help-button").addEventListener("click", () => get("help").showModal());
    this.list();
  }

  /** @param {KeyboardEvent} event */
  hear(event) {
    const target = /** @type {Element} */ (event.target);
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey) return;
    if (target.closest("input, textarea, select")) return;
    if (document.querySelector("dialog[open]")) return; // in some browsers a click beside its fields takes the focus out of it
    const letter = letterOf(event);
    const act = event.altKey ? this.headline[{ arrowup: "Alt ↑", arrowdown: "Alt ↓" }[letter]]
      : this.page[letter] || this.headline[letter] || (/^[1-9]$/.test(letter) && (() => this.choose(Number(letter) - 1)));
    if (!act) return;
    event.preventDefault();
    act();
  }

  list() {
    const lines = [...Object.entries(said.keys), ...Object.entries(ACTS).map(([act, { key }]) => [key, said.acts[act]])];
    get("keys").replaceChildren(...lines.map(([key, does]) => make("div", "", make("dt", "", make("kbd", "", key)), make("dd", "", does))));
  }
}

/** The key's letter; on a keyboard without Latin letters the one that stands in its place. */
function letterOf({ key, code }) {
  if (/^[\x20-\x7e]$/.test(key) || key.length > 1) return key.toLowerCase();
  return code.startsWith("Key") ? code.slice(3).toLowerCase() : key;
}
