const STILL_MS = 2500; // so long after the last move of a pointer inside, nothing moves under it

/**
 * A list that is worked in while it changes. Each headline keeps its element, so focus stays; while a pointer moves
 * inside, what is new waits and what is gone stays as a husk, so that no click meets another headline than was meant.
 *
 * @typedef {import("./api.js").Record} Record
 */
export class Rows {
  /**
   * @param {HTMLElement} list
   * @param {{build: (record: Record) => HTMLElement, fill: (row: HTMLElement, record: Record) => void,
   *          empty?: (row: HTMLElement) => void, waiting?: (count: number) => void}} how
   */
  constructor(list, { build, fill, empty = () => {}, waiting = () => {} }) {
    this.list = list;
    this.build = build;
    this.fill = fill;
    this.empty = empty;
    this.waiting = waiting;
    /** @type {Map<string, HTMLElement>} */
    this.rows = new Map();
    /** @type {Map<string, Record>} */
    this.records = new Map();
    /** @type {Record[]} */
    this.wanted = [];
    this.movedAt = -STILL_MS;
    this.opened = false; // only what comes later is new
    list.addEventListener("pointermove", ({ pointerType }) => pointerType === "mouse" && this.rest());
    list.addEventListener("pointerdown", () => this.rest());
    list.addEventListener("pointerleave", () => this.settle());
    list.addEventListener("focusout", ({ target }) => this.leave(/** @type {HTMLElement} */ (target)));
  }

  rest() {
    this.movedAt = performance.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.show(this.wanted), STILL_MS);
  }

  settle() {
    this.movedAt = -STILL_MS;
    this.show(this.wanted);
  }

  get still() {
    return performance.now() - this.movedAt < STILL_MS;
  }

  /** @param {Record[]} records in their order */
  show(records) {
    this.wanted = records;
    this.records = new Map(records.map((record) => [record.id, record]));
    for (const [id, row] of this.rows) {
      const record = this.records.get(id);
      if (record) this.renew(row, record);
      else this.take(id, row);
    }
    const fresh = records.filter(({ id }) => !this.rows.has(id));
    const waits = this.still && this.rows.size > 0;
    this.waiting(waits ? fresh.length : 0);
    if (!waits) this.arrange(records);
  }

  renew(row, record) {
    if (row.classList.contains("gone")) row.classList.remove("gone");
    this.fill(row, record);
  }

  take(id, row) {
    if (this.still || row.contains(document.activeElement)) {
      if (!row.classList.contains("gone")) this.husk(row);
      return;
    }
    row.remove();
    this.rows.delete(id);
  }

  /** Its words stay to be read, but there is nothing to press any more. */
  husk(row) {
    if (row !== document.activeElement && row.contains(document.activeElement)) row.focus({ preventScroll: true });
    row.classList.add("gone");
    this.empty(row);
  }

  leave(target) {
    const row = target.closest(".record");
    if (row && row.classList.contains("gone")) setTimeout(() => this.show(this.wanted));
  }

  arrange(records) {
    const opened = this.opened;
    this.opened = true;
    const focused = /** @type {HTMLElement} */ (document.activeElement);
    let next = this.list.firstElementChild;
    for (const record of records) {
      while (next && next.classList.contains("gone")) next = next.nextElementSibling;
      const row = this.rows.get(record.id) || this.made(record, opened);
      if (row === next) next = next.nextElementSibling;
      else if (row.isConnected && "moveBefore" in this.list) /** @type {any} */ (this.list).moveBefore(row, next);
      else this.list.insertBefore(row, next);
    }
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    this.reachable();
  }

  made(record, fresh) {
    const row = this.build(record);
    row.classList.toggle("new", fresh);
    row.dataset.id = record.id;
    this.fill(row, record);
    this.rows.set(record.id, row);
    return row;
  }

  /** The Tab key comes to one row of each list; the arrows go on from there. */
  reachable() {
    const rows = [...this.rows.values()];
    const one = rows.find((row) => row === document.activeElement) || rows.find(({ tabIndex }) => tabIndex === 0);
    const first = one || /** @type {HTMLElement} */ (this.list.firstElementChild);
    for (const row of rows) row.tabIndex = row === first ? 0 : -1;
  }

  /** @param {HTMLElement} row */
  reach(row) {
    for (const other of this.rows.values()) other.tabIndex = other === row ? 0 : -1;
  }

  /** @param {string} id */
  get(id) {
    return this.rows.get(id);
  }
}
