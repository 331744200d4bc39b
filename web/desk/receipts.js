import { make } from "../wording.js";
import { say, words } from "./words.js";

const SHOWN = 3;

/** Who has confirmed that something is gone, or corrected: the newest few, at the foot of the page. */
export class Receipts {
  constructor() {
    this.list = document.getElementById("receipts");
    /** @type {Map<string, any>} */
    this.known = new Map();
  }

  /** @param {any} receipt */
  show(receipt) {
    this.known.delete(receipt.id);
    this.known.set(receipt.id, receipt);
    this.list.replaceChildren(...[...this.known.values()].slice(-SHOWN).reverse().map(row));
  }
}

function row(receipt) {
  return make("li", "", JSON.stringify(receipt), say("slowest", { ms: receipt.slowest_ms }), words.gone);
}
