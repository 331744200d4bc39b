import { make } from "../wording.js";
import { letterOf } from "../desk/letter.js";
import { words } from "../desk/words.js";
import { ACTS } from "./row.js";

const said = words.gallery;
const get = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

const GOES_ON = /^(arrow|[jk[\]]$)/; // while it is held down; any other key is one press, however long it is

/** Single keys, outside of fields, and while no dialog is open; each does what a button does. */
export class Keys {
  /** @param {{panel: import("./panel.js").Panel, acknowledge: () => void, choose: (place: number) => void}} page */
  constructor({ panel, acknowledge, choose }) {
    this.choose = choose;
    this.held = ""; // the key that has acted last, until another is pressed
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
    const letter = letterOf(event);
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey) return;
    if (!event.repeat) this.held = "";
    else if (!GOES_ON.test(letter)) {
      if (letter === this.held || letter === "enter") event.preventDefault(); // nor is it typed into a dialog that it has opened
      return;
    }
    if (target.closest("input, textarea, select")) return;
    if (document.querySelector("dialog[open]")) return; // in some browsers a click beside its fields takes the focus out of it
    const act = event.altKey ? this.headline[{ arrowup: "Alt ↑", arrowdown: "Alt ↓" }[letter]]
      : this.page[letter] || this.headline[letter] || (/^[1-9]$/.test(letter) && (() => this.choose(Number(letter) - 1)));
    if (!act) return;
    event.preventDefault();
    this.held = letter;
    act();
  }

  list() {
    const lines = [...Object.entries(said.keys), ...Object.entries(ACTS).map(([act, { key }]) => [key, said.acts[act]])];
    get("keys").replaceChildren(...lines.map(([key, does]) => make("div", "", make("dt", "", make("kbd", "", key)), make("dd", "", does))));
  }
}
