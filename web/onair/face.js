// How the bar looks: its elements, their measures, and the little that a frame says to them. DOM calls only, and
// every text is text.

import { TimeOfDay } from "./time.js";

const LABELS = {
  en: { flash: "Breaking", training: "Rehearsal", preview: "Preview" },
  ar: { flash: "عاجل", training: "تدريب", preview: "معاينة" },
  es: { flash: "Última hora", training: "Ensayo", preview: "Vista previa" },
};
const MOST_WIDTHS = 5000; // that are remembered
const MOST_ROOMS = 500;

export class Face {
  constructor(root, { logo, guides }) {
    this._document = root.ownerDocument;
    this._logo = logo;
    this._shape = 0; // of the logo: its width for each px of height; 0: there is none
    this._guides = guides;
    this._widths = new Map();
    this._rooms = new Map(); // what the flag says → px that are left
    this._look = "";
    this._clock = null;
    this._root = this._element("div", "onair", root);
  }

  remove() {
    this._root.remove();
  }

  // --- measures, read only when a playlist comes ---------------------------------------------------------------------

  /** Fonts and logo are there: only then is a width what it will be. What cannot be loaded is left out. */
  async ready() {
    const { fonts } = this._document;
    const loading = fonts ? Array.from(fonts).map((font) => font.load()) : [];
    await Promise.all([...loading, this._load()].map((one) => one.catch(() => null)));
    if (fonts) await fonts.ready;
  }

  async _load() {
    if (!this._logo) return;
    const image = new Image();
    image.src = this._logo;
    await image.decode();
    this._shape = image.naturalWidth / image.naturalHeight;
  }

  isDressed() {
    return Boolean(this._look);
  }

  suits(playlist) {
    return this._look === lookOf(playlist);
  }

  /** In the playlist's look, direction and language: everything begins anew. */
  dress(playlist) {
    const { look, lang, dir } = playlist;
    this._look = lookOf(playlist);
    this._side = dir === "rtl" ? "right" : "left";
    this._sign = dir === "rtl" ? 1 : -1; // Arabic enters at the left and moves to the right
    this._height = look.bar;
    this._kickers = look.kicker;
    this._separator = look.separator;
    this._flash = labelOf(lang, "flash");
    this._widths.clear();
    this._rooms.clear();
    this._build(playlist);
    const window = this._window.clientWidth;
    const gap = this._measured([this._element("span", "separator", this._rule, look.separator)])[0];
    this.ruler = {
      room: window,
      gap,
      widthOf: (item) => this._width(item, "item"),
      strap: { roomOf: (item) => this._room(item), widthOf: (item) => this._width(item, "news") },
    };
  }

  /** All at once, so that there is one layout and not one for each headline. */
  measure({ items, takeovers }) {
    const wanted = items.map((item) => [item, "item"]).concat(takeovers.map((item) => [item, "news"]));
    const fresh = wanted.filter(([item, kind]) => !this._widths.has(widthKey(item, kind)));
    this._measureAll(fresh);
    takeovers.forEach((item) => this._room(item));
  }

  /** What the flag leaves of the strap. */
  _room(item) {
    const flag = this._flagOf(item);
    if (!this._rooms.has(flag)) {
      const stands = this._flag.textContent;
      if (this._rooms.size >= MOST_ROOMS) this._rooms.clear();
      this._label(flag);
      this._rooms.set(flag, this._reading.clientWidth);
      this._label(stands);
    }
    return this._rooms.get(flag);
  }

  _width(item, kind) {
    const key = widthKey(item, kind);
    if (!this._widths.has(key)) this._measureAll([[item, kind]]);
    return this._widths.get(key);
  }

  _measureAll(wanted) {
    const nodes = wanted.map(([item, kind]) => this._words(item, kind, this._rule));
    this._measured(nodes).forEach((width, i) => this._widths.set(widthKey(...wanted[i]), width));
    for (const key of this._widths.keys()) {
      if (this._widths.size <= MOST_WIDTHS) break;
      this._widths.delete(key);
    }
  }

  /** Whole pixels of the output's own frame, however large somebody shows it. Browsers lay out in 64ths. */
  _measured(nodes) {
    const scale = this._root.getBoundingClientRect().width / this._root.offsetWidth || 1;
    const widths = nodes.map((node) => Math.ceil(Math.round((node.getBoundingClientRect().width / scale) * 64) / 64));
    this._rule.textContent = "";
    return widths;
  }

  // --- what a frame says ---------------------------------------------------------------------------------------------

  /** An item's element, ready to be placed. */
  put(item) {
    return this._words(item, "item", this.layer);
  }

  /** From the side at which it will leave. */
  place(node, px) {
    node.style[this._side] = `${px}px`;
  }

  mark(node, { joined, isCovered }) {
    node.classList.toggle("joined", joined);
    node.classList.toggle("covered", isCovered);
  }

  move(px) {
    this.layer.style.transform = shifted(this._sign * px, 0);
  }

  /** One that stands instead of crawling. */
  turn(node, { turn, inside, isSeen }) {
    node.style.visibility = isSeen ? "visible" : "hidden";
    node.style.transform = shifted(this._sign * inside, this._even(turn));
  }

  rise(level) {
    this._plate.style.transform = shifted(0, this._even(1 - eased(level)));
  }

  take(item) {
    this._strap.style.visibility = item ? "visible" : "hidden";
    this._reading.textContent = "";
    this._news = item ? this._words(item, "news", this._reading) : null;
    this._label(this._flagOf(item));
  }

  _flagOf(item) {
    return (item && this._kickers && item.kicker) || this._flash;
  }

  _label(text) {
    this._flag.textContent = text;
    this._flag.hidden = !text;
  }

  lift({ level, inside }) {
    this._strap.style.transform = shifted(0, this._even(1 - eased(level)));
    this._news.style.transform = shifted(this._sign * inside, 0);
  }

  tell(moment) {
    if (this._clock) this._clock.tell(moment);
  }

  /** Of the bar's height, in steps of two lines: on an interlaced screen nothing combs. */
  _even(part) {
    return 2 * Math.round((part * this._height) / 2);
  }

  // --- elements ------------------------------------------------------------------------------------------------------

  _build({ look, lang, dir, kind, mode }) {
    const root = this._root;
    root.textContent = "";
    Object.assign(root, { lang, dir, className: `onair ${mode}` });
    const { width, height, bar, bottom, text, background, ink, accent, safe_area: safe } = look;
    const faint = `${ink.slice(0, 7)}29`;
    const margins = { safe: Math.round((width * safe) / 100), lines: Math.round((height * safe) / 100) };
    const lengths = { width, height, bar, bottom, text, ...margins };
    const set = (name, value) => root.style.setProperty(`--${name}`, value);
    for (const [name, px] of Object.entries(lengths)) set(name, `${px}px`);
    for (const [name, colour] of Object.entries({ background, ink, accent, faint })) set(name, colour);
    const mask = this._element("div", "bar", root);
    this._plate = this._element("div", "plate", mask);
    if (this._shape) {
      const image = this._element("img", "logo", this._plate);
      Object.assign(image, { src: this._logo, alt: "" });
      image.style.width = `${Math.min(Math.round((bar - 28) * this._shape), Math.round(width * 0.3))}px`;
    }
    this._window = this._element("div", "window", this._plate);
    this.layer = this._element("div", "layer", this._window);
    this._clock = look.clock ? new TimeOfDay(this._element("time", "clock", this._plate), lang, look.timezone) : null;
    this._strap = this._element("div", "strap", mask);
    this._flag = this._element("bdi", "flag", this._strap);
    this._reading = this._element("div", "reading", this._strap);
    this._rule = this._element("div", "rule", mask);
    if (kind !== "program") this._element("div", `kind ${kind}`, root, labelOf(lang, kind) || LABELS.en[kind]);
    if (this._guides) this._element("div", "guide", root);
  }

  _words(item, kind, parent) {
    const node = this._element("div", `${kind} ${item.urgency || ""}`, parent);
    if (kind === "item") this._element("span", "separator", node, this._separator);
    if (kind === "item" && item.kicker && this._kickers) this._element("bdi", "kicker", node, item.kicker);
    const words = this._element("bdi", "words", node, item.text);
    if (item.lang) words.lang = item.lang;
    if (item.dir) words.dir = item.dir;
    return node;
  }

  _element(tag, name, parent, text = "") {
    const node = this._document.createElement(tag);
    node.className = name;
    node.textContent = text;
    parent.appendChild(node);
    return node;
  }
}

function widthKey({ text, kicker, lang, dir, urgency }, kind) {
  return JSON.stringify([kind, text, kicker, lang, dir, urgency]);
}

function lookOf({ look, lang, dir, kind, mode }) {
  return JSON.stringify([look, lang, dir, kind, mode]);
}

function labelOf(lang, name) {
  const words = LABELS[String(lang).split("-")[0]];
  return words ? words[name] : "";
}

function shifted(x, y) {
  return `translate3d(${x}px, ${y}px, 0)`;
}

function eased(part) {
  return 1 - Math.pow(1 - part, 3);
}
