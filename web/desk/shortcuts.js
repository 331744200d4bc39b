import { make } from "../wording.js";
import { ACTIONS } from "./actions.js";
import { letterOf } from "./letter.js";
import { words } from "./words.js";

const SINGLE = "desk:single-keys";
const MOVES = new Set(["arrowup", "arrowdown", "j", "k"]);

/** Of the page itself; those of headlines are in ACTIONS. By group: what a key does, and the key as it is shown. */
export const KEYS = {
  write: [["flash_key", "f"], ["new_key", "n"], ["publish_key", "Ctrl ↵"], ["keep_key", "Ctrl S"], ["urgency_key", "Ctrl ↑ ↓"], ["leave_key", "Esc"]],
  go: [["rows_key", "↑ ↓"], ["compose_key", "1"], ["queue_key", "2"], ["strip_key", "3"], ["held_key", "4"], ["menu_key", "m ↵"], ["help_key", "?"]],
  urgent: [["kill_key", "Ctrl Shift X"], ["hold_key", "Ctrl Shift H"], ["undo_key", "z"], ["stop_key", "Esc"]],
};

/**
 * Keys are told apart from text: a single letter works only outside of fields, and can be switched off; inside of
 * them only Ctrl or Cmd does. An open dialog has its keys to itself.
 */
export class Shortcuts {
  /** @param {{[name: string]: () => any}} page what each key of the page does @param {(action: string) => any} act on the headline at hand */
  constructor(page, act) {
    this.page = page;
    this.act = act;
    this.held = ""; // the key that has acted last, until another is pressed
    this.help = /** @type {HTMLDialogElement} */ (document.getElementById("help"));
    this.single = /** @type {HTMLInputElement} */ (document.getElementById("single"));
    this.single.checked = localStorage.getItem(SINGLE) !== "off";
    this.single.addEventListener("change", () => localStorage.setItem(SINGLE, this.single.checked ? "on" : "off"));
    document.getElementById("help-button").addEventListener("click", () => this.show());
    document.addEventListener("keydown", (event) => this.hear(event));
    this.list();
  }

  show() {
    this.help.showModal();
  }

  /** @param {KeyboardEvent} event */
  hear(event) {
    if (event.isComposing || event.defaultPrevented) return;
    const letter = letterOf(event);
    const goesOn = !event.repeat || MOVES.has(letter); // another that is held down does not go on to the next headline
    if (!event.repeat) this.held = "";
    if (letter === this.held && !goesOn) event.preventDefault(); // nor is it typed into the field that it has opened
    const run = !event.defaultPrevented && !document.querySelector("dialog[open]") && this.meaning(event);
    if (!run) return;
    event.preventDefault();
    if (!goesOn) return;
    this.held = letter;
    run();
  }

  meaning(event) {
    const { page } = this;
    const letter = letterOf(event);
    const writing = isField(event.target);
    if (event.altKey) return null;
    if (event.ctrlKey || event.metaKey) {
      if (event.shiftKey) return { x: () => this.act("kill"), h: () => this.act("hold") }[letter];
      return {
        enter: page.publish, s: page.keep,
        arrowup: writing && page.urgent, arrowdown: writing && page.calm,
      }[letter];
    }
    if (letter === "escape") return page.escape;
    if (writing) return null;
    const row = event.target.closest(".record");
    const plain = {
      arrowdown: event.shiftKey ? () => this.act("down") : row && page.next,
      arrowup: event.shiftKey ? () => this.act("up") : row && page.previous,
      contextmenu: row && page.menu, enter: row === event.target && page.menu,
    }[letter];
    if (plain || !this.single.checked) return plain;
    const own = {
      n: page.create, f: page.flash, z: page.undo, m: page.menu, "?": () => this.show(),
      1: page.compose, 2: page.queue, 3: page.strip, 4: page.held, j: page.next, k: page.previous,
    }[letter];
    if (own) return own;
    if (event.shiftKey && letter !== "+") return null;
    const action = Object.keys(ACTIONS).find((name) => ACTIONS[name].key === letter);
    return action ? () => this.act(action) : null;
  }

  list() {
    const entry = ([name, key]) => make("div", "", make("dt", "", ...key.split(" ").map((one) => make("kbd", "", one))), make("dd", "", words.help[name] || words.acts[name]));
    const group = (title, entries) => make("section", "", make("h3", "", title), make("dl", "", ...entries.map(entry)));
    const acts = Object.entries(ACTIONS).map(([name, { key }]) => [name, key]);
    document.getElementById("keys").replaceChildren(
      ...Object.entries(KEYS).map(([name, entries]) => group(words.help[name], entries)),
      group(words.help.headline, acts),
    );
  }
}

function isField(target) {
  return Boolean(target.closest("input:not([type=radio],[type=checkbox]), textarea, select"));
}
