/**
 * <news-ticker channel="en">: one channel's headlines on any page. docs/widget.md has the attributes, parts and events.
 *
 * @typedef {import("../board.js").Headline} Headline
 */
import { Announcer } from "../announcer.js";
import { Crawl, stillness } from "../crawl.js";
import { List } from "../list.js";
import { SharedTicker } from "../share.js";
import { make, tags, timeOf, wording } from "../wording.js";
import { ENGLISH, counted, wordsFor } from "../words.js";
import { STYLE } from "./style.js";

const STRAP_MS = 12000;
const FLIP_MS = 6000;
const YOUNG_MS = 600000;
const DOUBT_MS = 2000; // a connection that changes hands is no news

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

/**
 * @fires headline {headline, type} one has come or changed
 * @fires flash {headline}
 * @fires retracted {id, note, headline}
 * @fires click {headline} preventDefault() keeps the browser where it is
 */
export class NewsTicker extends HTMLElement {
  static observedAttributes = ["channel", "base", "urgency", "section", "mode", "speed"];

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    this._lay = this._lay.bind(this);
  }

  connectedCallback() {
    this._slotted = Array.from(this.querySelectorAll("a"), slotted);
    stillness.addEventListener("change", this._lay);
    this._open();
  }

  disconnectedCallback() {
    stillness.removeEventListener("change", this._lay);
    this._close();
  }

  attributeChangedCallback(name, before, after) {
    if (!this._ticker || before === after) return;
    if (["mode", "speed"].includes(name)) return void this._lay();
    this._close();
    this._open();
  }

  // -- for the host page

  /** What is on the strip now, in order. @returns {Headline[]} */
  get headlines() {
    return this._ticker ? this._ticker.board.onAir(this._ticker.now()) : [];
  }

  /** "connecting", "live", "stale", "offline" or "stopped" */
  get state() {
    return this._ticker ? this._ticker.state : "stopped";
  }

  get paused() {
    return Boolean(this._held);
  }

  /** Nothing moves and nothing new is shown. A correction or a kill still goes through. */
  pause(paused = true) {
    if (!this._ticker || paused === this.paused) return;
    this._held = paused ? new Set(this._shown) : null;
    this._pauseButton.ariaPressed = String(paused);
    this._still();
    this._show();
  }

  play() {
    this.pause(false);
  }

  /** @param {boolean} [hidden] */
  hide(hidden = true) {
    this._shut = this._sounding;
    if (this._is("strap")) return void this._unstrap();
    this._stage.hidden = hidden;
    this._hideButton.ariaPressed = String(hidden);
  }

  /** A frame on the WebSocket, where this page has it open. @param {string} frame @returns {boolean} whether it has */
  send(frame) {
    return this._ticker ? this._ticker.send(frame) : false;
  }

  // -- its life

  _open() {
    const option = (name) => this.getAttribute(name) || undefined;
    const base = option("base") || new URL("../../", import.meta.url);
    const ticker = new SharedTicker({
      base, channel: option("channel") || "en", urgency: option("urgency"), section: option("section"),
    });
    Object.assign(this, { _ticker: ticker, _words: null, _lang: "", _laid: "", _shown: [], _held: null, _known: null });
    this._build();
    this._about();
    const on = (type, act) => ticker.addEventListener(type, (/** @type {any} */ { detail }) => act(detail));
    on("change", ({ messages }) => this._changed(messages));
    on("state", () => this._showState());
    on("flash", ({ headline }) => this._flash(headline));
    on("retracted", (detail) => this._retracted(detail));
    ticker.start();
  }

  _close() {
    clearTimeout(this._doubt);
    clearInterval(this._flip);
    this._announcer.stop();
    if (this._crawl) this._crawl.stop();
    this._crawl = null;
    this._ticker.stop();
    this._ticker = null;
  }

  _build() {
    const button = (name, act) => {
      const made = make("button", name, make("span", "icon"), make("span", "unseen"));
      made.addEventListener("click", act);
      return made;
    };
    const log = Object.assign(make("div", "unseen"), { role: "log", ariaLive: "polite" });
    const alert = Object.assign(make("div", "unseen"), { role: "alert", ariaLive: "assertive" });
    this._announcer = new Announcer(log, alert);
    this._title = make("span", "title");
    this._light = make("span", "state");
    this._window = make("div", "window", make("ul", "track"));
    this._window.ariaHidden = "true"; // the rows say the same, each once
    this._rows = make("ul", "rows");
    this._quiet = make("p", "quiet");
    this._strap = make("div", "strap");
    this._stage = make("div", "stage", this._window, this._rows, this._quiet, this._strap);
    this._pauseButton = button("pause", () => this.pause(!this.paused));
    this._hideButton = button("hide", () => this.hide(!this._stage.hidden));
    this._count = make("span", "count");
    this._pauseButton.append(this._count);
    const label = make("div", "label", this._title, this._light);
    const controls = make("div", "controls", this._pauseButton, this._hideButton);
    this._section = make("section", "strip", label, this._stage, controls, log, alert);
    this._unstrap();
    this._list = new List(this._rows, (headline) => this._row(headline));
    this._section.addEventListener("click", (event) => this._clicked(event));
    this._rows.addEventListener("focusin", ({ target }) => this._turnTo(target.closest("li")));
    this._rows.addEventListener("focusout", () => this._turnTo(null));
    this.shadowRoot.replaceChildren(this._section);
  }

  /** Language, direction and title, as far as they are known. */
  async _about() {
    const ticker = this._ticker;
    const { title = "", lang: spoken, dir } = ticker.about || {};
    const lang = this.lang || spoken || document.documentElement.lang || "en";
    const label = this.getAttribute("label") || title;
    const known = lang === this._lang;
    this._lang = lang;
    if (!known) this._words = null;
    Object.assign(this._section, { lang, dir: dir || this.dir || getComputedStyle(this).direction, ariaLabel: label });
    this._title.textContent = label;
    this._lay();
    if (known) return;
    const words = await wordsFor(lang);
    if (ticker !== this._ticker || lang !== this._lang) return;
    this._words = words;
    Object.assign(this._announcer, { words, lang });
    this._pauseButton.children[1].textContent = words.pause;
    this._hideButton.children[1].textContent = words.hide;
    this._showState();
    this._show();
  }

  /** As the mode asks; but who wants things to stand still gets the list. */
  _lay() {
    const asked = this.getAttribute("mode") || "crawl";
    const mode = stillness.matches && asked !== "strap" ? "list" : asked;
    const speed = Number(this.getAttribute("speed")) || undefined;
    const laid = [mode, speed, this._section.dir].join();
    if (laid !== this._laid) {
      this._laid = laid;
      this.toggleAttribute("still", mode === "list");
      this._section.dataset.mode = mode;
      if (this._crawl) this._crawl.stop();
      this._crawl = mode === "crawl" ? new Crawl(this._window, (headline) => this._item(headline), speed) : null;
      clearInterval(this._flip);
      if (mode === "flip") this._flip = setInterval(() => this._turn(), FLIP_MS);
      this._turnTo(null);
    }
    this._show();
  }

  // -- what is on it

  _changed(messages) {
    const whole = messages.some(({ type }) => type === "snapshot");
    if (whole) this._about();
    else this._show();
    // Who comes from another page of the site still sees the bar.
    const since = new Date(this._ticker.now() - YOUNG_MS).toISOString();
    const flash = this.headlines.find((one) => one.urgency === "flash" && one.published_at > since);
    if (whole && flash && this._is("strap") && ![this._sounding, this._shut].includes(flash.id)) this._flash(flash);
    for (const { type, headline } of messages) if (headline) this._tell("headline", { type, headline });
  }

  _show() {
    const { _held: held, _words: words } = this;
    const ready = this._ticker.about && words; // without words, only what the page came with
    const onAir = ready ? this.headlines : this._slotted;
    const shown = held ? onAir.filter(({ id }) => held.has(id)) : onAir;
    const late = onAir.length - shown.length;
    this._shown = shown.map(({ id }) => id);
    this._list.show(shown);
    if (this._crawl) this._crawl.show(shown);
    if (this._is("flip") && !this._rows.querySelector(".on")) this._turn();
    this._count.textContent = late ? counted(words.fresh, late, this._lang) : "";
    this._quiet.textContent = ready && !shown.length ? words.quiet : "";
    if (!onAir.some(({ id }) => id === this._sounding)) this._unstrap();
    if (ready) this._announce(shown);
  }

  _announce(shown) {
    const known = this._known;
    this._known = new Map(shown.map(({ id, correction }) => [id, correction]));
    for (const { id, text, urgency, correction } of known ? shown : []) {
      if (known.has(id) && correction !== known.get(id)) this._announcer.mark(this._words.correction, text);
      if (!known.has(id) && urgency !== "flash") this._announcer.say(text);
    }
  }

  _retracted(detail) {
    const words = this._words;
    if (words) this._announcer.mark(words.withdrawn, detail.note || words.gone);
    this._tell("retracted", detail);
  }

  _showState() {
    clearTimeout(this._doubt);
    const { state, knownAt } = this._ticker;
    const show = () => {
      const since = state !== "live" && knownAt ? [` · ${this._words.since} `, timeOf(knownAt, this._lang)] : [];
      this._section.dataset.state = state;
      this._light.replaceChildren(this._words[state], ...since);
    };
    if (state === "connecting" && knownAt) this._doubt = setTimeout(show, DOUBT_MS);
    else if (this._words) show();
  }

  _flash(headline) {
    this._sounding = headline.id;
    const words = this._words || ENGLISH;
    this._strap.replaceChildren(...tags(headline, words), wording(headline));
    this._strap.hidden = this.paused;
    this.toggleAttribute("sounding", true);
    this._announcer.interrupt(`${words.flash}: ${headline.text}`);
    setTimeout(() => headline.id === this._sounding && !this._is("strap") && this._unstrap(), STRAP_MS);
    this._tell("flash", { headline });
  }

  _unstrap() {
    this._sounding = null;
    this._strap.hidden = true;
    this._strap.replaceChildren();
    this.toggleAttribute("sounding", false);
  }

  _is(mode) {
    return this._section.dataset.mode === mode;
  }

  /** The next headline, one at a time. */
  _turn() {
    if (this.paused || document.hidden || this._rows.matches(":focus-within")) return;
    const on = this._rows.querySelector(".on");
    this._turnTo((on && on.nextElementSibling) || this._rows.firstElementChild);
  }

  _turnTo(row) {
    const on = this._rows.querySelector(".on");
    if (on && (row || !this._is("flip"))) on.classList.remove("on");
    if (row) row.classList.add("on");
    this._still();
  }

  /** A headline that has the focus stands in the strip's place. */
  _still() {
    if (this._crawl) this._crawl.pause(this.paused || this._rows.matches(":focus-within"));
  }

  // -- one headline

  _row(headline) {
    const { correction, published_at: at } = headline;
    const words = this._words || ENGLISH; // before there are words nothing needs them
    const note = correction && make("span", "note", `${words.correction}: `, make("bdi", "", correction));
    const row = make("li", "row", at && timeOf(at, this._lang), ...tags(headline, words), wording(headline), note);
    return Object.assign(row, { headline });
  }

  _item(headline) {
    const item = this._row(headline);
    for (const link of item.querySelectorAll("a")) link.tabIndex = -1; // the row has the same link
    return item;
  }

  _clicked(event) {
    const link = event.target.closest("a");
    if (!link) return;
    event.stopPropagation();
    const { headline } = link.closest("li") || { headline: this._ticker.board.get(this._sounding) };
    if (!this._tell("click", { headline })) event.preventDefault();
  }

  _tell(type, detail) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, cancelable: true }));
  }
}

/** A link that the page came with: shown until the channel answers. */
function slotted({ dataset, href, textContent, lang, dir }) {
  return { id: dataset.id || href, text: textContent, link: href, lang, dir };
}

if (!customElements.get("news-ticker")) customElements.define("news-ticker", NewsTicker);
