/** The headlines to read at rest, each kept in its own element while it lives. */
export class List {
  /** @param {Element} element @param {(headline: object) => Element} build */
  constructor(element, build) {
    this._element = element;
    this._build = build;
    this._rows = new Map(); // id -> element
  }

  show(headlines) {
    const old = this._rows;
    this._rows = new Map(headlines.map((headline) => [headline.id, this._row(headline, old.get(headline.id))]));
    // First those that go: a row that need not move keeps its focus.
    for (const [id, row] of old) if (!this._rows.has(id)) row.remove();
    let here = this._element.firstElementChild;
    for (const row of this._rows.values()) {
      if (row === here) here = here.nextElementSibling;
      else this._element.insertBefore(row, here);
    }
  }

  _row(headline, old) {
    const day = new Date().toDateString(); // on another its time is told with the date
    if (old?.headline === headline && old.day === day) return old;
    const row = Object.assign(this._build(headline), { headline, day });
    if (!old) return row;
    const focused = old.matches(":focus-within");
    row.className = old.className;
    old.replaceWith(row);
    if (focused) row.querySelector("a")?.focus();
    return row;
  }
}
