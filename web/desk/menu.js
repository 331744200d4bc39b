import { make } from "../wording.js";
import { letterOf } from "./letter.js";

/** A few choices beside what they are about; Escape, and a click elsewhere, choose none. */
export class Menu {
  constructor() {
    this.element = document.getElementById("menu");
    this.element.addEventListener("keydown", (event) => this.hear(event));
    this.element.addEventListener("toggle", (/** @type {any} */ { newState }) => newState === "closed" && this.choice(-1));
    this.choice = (/** @type {number} */ _) => {};
  }

  /**
   * @param {string} title @param {{label: string, key?: string, danger?: boolean}[]} offers @param {HTMLElement} [anchor]
   * @returns {Promise<number>} which, or -1
   */
  choose(title, offers, anchor) {
    const back = /** @type {HTMLElement} */ (document.activeElement);
    this.keys = offers.map(({ key }, index) => key || String(index + 1));
    const buttons = offers.map((offer, index) => this.button(offer, index));
    this.element.replaceChildren(make("p", "", make("bdi", "", title)), ...buttons);
    this.element.showPopover();
    this.place(anchor);
    buttons[0].focus();
    return new Promise((resolve) => {
      this.choice = (index) => {
        this.choice = () => {};
        this.element.hidePopover();
        if (back.isConnected) back.focus({ preventScroll: true });
        resolve(index);
      };
    });
  }

  /** @param {{label: string, danger?: boolean}} offer @param {number} index */
  button({ label, danger }, index) {
    const made = make("button", danger ? "danger" : "", make("span", "", label), make("kbd", "", this.keys[index]));
    made.type = "button";
    made.addEventListener("click", () => this.choice(index));
    return made;
  }

  place(anchor) {
    const { element } = this;
    const at = anchor ? anchor.getBoundingClientRect() : { left: innerWidth / 2, right: innerWidth / 2, bottom: innerHeight / 3, top: 0 };
    const { width, height } = element.getBoundingClientRect();
    const below = at.bottom + height < innerHeight ? at.bottom : Math.max(0, innerHeight - height);
    element.style.top = `${below}px`;
    element.style.left = `${Math.max(0, Math.min(at.right - width, innerWidth - width))}px`;
  }

  hear(event) {
    const buttons = [...this.element.querySelectorAll("button")];
    const at = buttons.indexOf(/** @type {any} */ (document.activeElement));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own
    const index = this.keys.indexOf(letterOf(event));
    if (step && !event.shiftKey) buttons[(at + step + buttons.length) % buttons.length].focus();
    else if (index >= 0) this.choice(index);
    else return;
    event.preventDefault();
  }
}
