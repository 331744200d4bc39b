import { arrange } from "./arrange.js";
import { REST_MS } from "./hand.js";
import { Row } from "./row.js";

const LONGEST_MS = 4000; // that news waits for a hand that does not rest
const get = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

/** Headlines of an output. No row moves under a hand: what comes, goes or is put elsewhere meanwhile is counted, and waits. */
export class List {
  /** @param {"waiting" | "loop"} name @param {import("./hand.js").Hand} hand @param {(act: string, row: Row) => void} press */
  constructor(name, hand, press) {
    this.name = name;
    this.hand = hand;
    this.press = press;
    this.element = get(name);
    this.clear();
  }

  clear() {
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {Map<string, Row>} */
    this.gone = new Map(); // that stand there still
    this.since = -Infinity; // when it began not to be as it should; null while it is
    this.passed = { to: null, at: -Infinity }; // the focus, by itself
    this.element.replaceChildren();
  }

  /** @param {any[]} items @param {(item: any) => any} told what stands beside each */
  show(items, told) {
    get(`${this.name}-count`).textContent = items.length ? String(items.length) : "";
    const were = new Map([...this.gone, ...this.rows]);
    this.rows = new Map(items.map(({ id }) => [id, were.get(id) || new Row(this.press)]));
    for (const item of items) this.rows.get(item.id).show(item, told(item));
    this.gone = new Map([...were].filter(([id]) => !this.rows.has(id)));
    for (const row of this.gone.values()) row.mark(true);
    this.since ??= performance.now();
    this.settle();
  }

  /** Whether somebody can have read it. @param {string} id */
  has(id) {
    const row = this.rows.get(id);
    return Boolean(row) && row.element.isConnected && !row.isUnread("clear");
  }

  /** Whether a row has come to hand by itself, and so lately that nobody has read it. @param {Row} row */
  isNew({ element }) {
    return element === this.passed.to && performance.now() - this.passed.at < REST_MS;
  }

  /** As soon as the hand rests. */
  settle() {
    if (this.since === null || (this.hand.isBusy && performance.now() - this.since < LONGEST_MS)) return;
    this.since = null;
    this.gone.clear();
    get(`${this.name}-empty`).hidden = this.rows.size > 0;
    const at = document.activeElement && document.activeElement.closest("li");
    const place = [...this.element.children].indexOf(at);
    arrange(this.element, [...this.rows.values()].map(({ element }) => element));
    if (place < 0 || this.element.contains(document.activeElement)) return;
    if (at.isConnected) return at.focus();
    const next = this.element.children[Math.min(place, this.element.children.length - 1)];
    if (!next) return;
    next.focus();
    this.passed = { to: next, at: performance.now() };
  }
}
