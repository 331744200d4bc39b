/** The headlines to read at rest, each kept in its own element while it lives. */
export class List {
  /** @param {Element} element @param {(headline: object) => Element} build */
  constructor(element, build) {
    this.element = element;
    this.build = build;
    this.rows = new Map(); // id -> {headline, element}
    this.opened = false;
  }

  show(headlines) {
    const ids = new Set(headlines.map(({ id }) => id));
    for (const [id, { element }] of this.rows) if (!ids.has(id)) element.remove() || this.rows.delete(id);
    let after = null;
    for (const headline of headlines) {
      const element = this.row(headline);
      const place = after ? after.nextSibling : this.element.firstChild;
      if (place !== element) this.element.insertBefore(element, place);
      after = element;
    }
    this.opened = true;
  }

  row(headline) {
    const row = this.rows.get(headline.id);
    if (row && row.headline === headline) return row.element;
    const element = this.build(headline);
    const focused = row && row.element.matches(":focus-within");
    if (row) element.className = row.element.className;
    if (row) row.element.replaceWith(element);
    if (focused && element.querySelector("a")) element.querySelector("a").focus();
    if (this.opened && !row) element.classList.add("new");
    this.rows.set(headline.id, { headline, element });
    return element;
  }
}
