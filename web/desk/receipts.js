import { make } from "../wording.js";
import { filled, say, words } from "./words.js";

const SHOWN = 2;

/**
 * Whether what was corrected, held or killed has reached everybody who had it: the newest, at the foot of the page.
 *
 * @typedef {{id: string, of: string, event: string, reached: number, confirmed: number, written: number, gone: number,
 *   waiting: number, slowest_ms?: number, outputs?: {[name: string]: number|null}}} Receipt
 */
export class Receipts {
  constructor() {
    this.list = document.getElementById("receipts");
    /** @type {Map<string, Receipt>} by event, the newest last */
    this.known = new Map();
  }

  /** @param {Receipt} receipt */
  show(receipt) {
    this.known.set(receipt.event, receipt);
    this.list.replaceChildren(...[...this.known.values()].slice(-SHOWN).reverse().map(row));
  }
}

/** @param {Receipt} receipt */
function row({ of: kind, reached, waiting, slowest_ms: slowest, outputs = {} }) {
  const done = reached - waiting;
  const name = kind === "corrected" ? "receipt_corrected" : "receipt";
  const values = { what: words.receipt_of[kind] || kind, done, had: reached };
  const sentence = reached ? say(waiting ? name : `${name}_all`, values) : say("receipt_none", values);
  const missing = Object.keys(outputs).filter((output) => outputs[output] === null);
  const told = [
    sentence,
    slowest === undefined || slowest === null || !reached ? "" : say("slowest", { ms: slowest }),
    waiting ? say("waiting", { n: waiting }) : "",
    missing.length ? filled(words.missing, { names: missing.join(", ") }) : "",
  ];
  return make("li", reached && !waiting ? "all" : "", told.filter(Boolean).join(" · "));
}
