/**
 * <news-ticker channel="en">: one channel's headlines on any page. docs/widget.md has the attributes, parts and events.
 *
 * @typedef {import("../board.js").Headline} Headline
 */
import { Announcer } from "../announcer.js";
import { Crawl, stillness } from "../crawl.js";
import { List } from "../list.js";
import { SharedTicker } from "../share.js";
import { clock, kickerOf, make, timeOf, urgencyOf, wording } from "../wording.js";
import { counted, wordsFor } from "../words.js";
import { STYLE } from "./style.js";

const STRAP_MS = 12000;
const FLIP_MS = 6000;
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
  static observedAttributes = ["channel", "base", "mode", "speed", "urgency", "section", "lang", "label"];

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.addEventListener("click", (event) => this._clicked(event));
    this._turn = this._turn.bind(this);
    this._stilled = () => this._lay();
  }

  connectedCallback() {
    this._slotted = Array.from(this.querySelectorAll("a"), slotted);
    stillness.addEventListener("change", this._stilled);
    this._open();
  }

  disconnectedCallback() {
    stillness.removeEventListener("change", this._stilled);
    this._close();
  }

  attributeChangedCallback(name, before, after) {
    if (!this._ticker || before === after) return;
    if (name === "mode" || name === "speed") return void this._lay();
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
  pause() {
    if (!this._held) this._hold(new Set(this._shown.map(({ id }) => id)));
  }

  play() {
    if (this._held) this._hold(null);
  }

  /** @param {boolean} [folded] */
  hide(folded = true) {
    this._folded = folded;
    this._stage.hidden = folded;
    this._hide.ariaPressed = String(folded);
  }

  /** One frame on the WebSocket that is open here. @param {string} frame @returns {boolean} whether there is one */
  send(frame) {
    return Boolean(this._ticker) && this._ticker.send(frame);
  }

  // -- its life

  _open() {
    const option = (name) => this.getAttribute(name) || undefined;
    const ticker = new SharedTicker({
      base: new URL(option("base") || new URL("../../", import.meta.url), document.baseURI),
      channel: option("channel") || "en", urgency: option("urgency"), section: option("section"),
    });
    this._ticker = ticker;
    Object.assign(this, { _words: null, _language: "", _laid: "", _shown: [], _held: null, _known: null });
    this._build();
    this._about();
    ticker.addEventListener("change", ({ detail }) => this._changed(detail.messages));
    ticker.addEventListener("state", () => this._showState());
    ticker.addEventListener("flash", ({ detail }) => this._flash(detail.headline));
    ticker.addEventListener("retracted", ({ detail }) => this._retracted(detail));
    ticker.start();
  }

  _close() {
    clearTimeout(this._strapTimer);
    clearTimeout(this._doubtTimer);
    clearInterval(this._flipTimer);
    this._announcer.stop();
    if (this._crawl) this._crawl.stop();
    this._crawl = null;
    const ticker = this._ticker;
    this._ticker = null;
    ticker.stop();
  }

  _build() {
    const button = (name, icon, act) => {
      const word = make("span", "unseen");
      const made = make("button", name, make("span", icon), word);
      made.type = "button";
      made.addEventListener("click", act);
      return Object.assign(made, { word });
    };
    this._title = make("span", "title");
    this._light = make("span", "state");
    this._track = make("ul", "track");
    this._window = make("div", "window", this._track);
    this._window.ariaHidden = "true"; // the rows say the same, each once
    this._rows = make("ul", "rows");
    this._quiet = make("p", "quiet");
    this._strap = make("div", "strap");
    this._stage = make("div", "stage", this._window, this._rows, this._quiet, this._strap);
    this._pause = button("pause", "icon", () => (this._held ? this.play() : this.pause()));
    this._count = make("span", "count");
    this._pause.append(this._count);
    this._hide = button("hide", "icon cross", () => this.hide(!this._folded));
    const log = make("div", "unseen");
    const alert = make("div", "unseen");
    Object.assign(log, { role: "log", ariaLive: "polite" });
    Object.assign(alert, { role: "alert", ariaLive: "assertive" });
    this._section = make(
      "section", "strip",
      make("div", "label", this._title, this._light), this._stage,
      make("div", "controls", this._pause, this._hide), log, alert,
    );
    this._strap.hidden = true;
    this._announcer = new Announcer(log, alert);
    this._list = new List(this._rows, (headline) => this._row(headline));
    this._rows.addEventListener("focusin", ({ target }) => this._turnTo(target.closest("li")));
    this._rows.addEventListener("focusout", () => this._turnTo(null));
    this.shadowRoot.replaceChildren(this._section);
  }

  /** Language, direction and title, as far as they are known. */
  async _about() {
    const ticker = this._ticker;
    const { title, lang, dir } = ticker.about || {};
    const language = this.getAttribute("lang") || lang || document.documentElement.lang || "en";
    const numbering = this.getAttribute("numbering");
    const label = this.getAttribute("label") || title || "";
    this._lang = numbering ? `${language}-u-nu-${numbering}` : language;
    this._section.lang = language;
    this._section.dir = dir || this.dir || getComputedStyle(this).direction;
    this._section.ariaLabel = label || this.getAttribute("channel");
    this._title.textContent = label;
    const known = language === this._language;
    if (!known) Object.assign(this, { _language: language, _words: null });
    this._lay();
    if (!known) {
      const words = await wordsFor(language);
      if (ticker !== this._ticker || language !== this._language) return;
      this._words = words;
      Object.assign(this._announcer, { words, lang: this._lang });
      this._pause.word.textContent = words.pause;
      this._hide.word.textContent = words.hide;
    }
    this._showState();
    this._show();
  }

  /** As the mode asks; but who wants things to stand still gets the list. */
  _lay() {
    const asked = this.getAttribute("mode") || "crawl";
    const mode = stillness.matches && asked !== "strap" ? "list" : asked;
    const speed = Number(this.getAttribute("speed")) || undefined;
    const laid = [mode, speed, this._section.dir].join();
    if (laid === this._laid) return;
    this._laid = laid;
    this.toggleAttribute("still", mode === "list" && asked !== "list");
    this._section.dataset.mode = mode;
    if (this._crawl) this._crawl.stop();
    this._crawl = mode === "crawl" ? new Crawl(this._window, (headline) => this._item(headline), speed) : null;
    if (this._crawl) this._crawl.pause(this.paused);
    clearInterval(this._flipTimer);
    if (mode === "flip") this._flipTimer = setInterval(this._turn, FLIP_MS);
    this._list.rows.clear();
    this._rows.replaceChildren();
    this._show();
  }

  // -- what is on it

  _changed(messages) {
    if (messages.some(({ type }) => type === "snapshot")) this._about();
    else this._show();
    for (const { type, headline } of messages) if (headline) this._tell("headline", { type, headline });
  }

  _show() {
    const { _ticker: ticker, _held: held, _words: words } = this;
    const ready = ticker.about && words; // without words, only what the page came with
    const onAir = ready ? this.headlines : this._slotted;
    const shown = held ? onAir.filter(({ id }) => held.has(id)) : onAir;
    const late = onAir.length - shown.length;
    this._shown = shown;
    this._list.show(shown);
    if (this._crawl) this._crawl.show(shown);
    if (this._section.dataset.mode === "flip" && !this._rows.querySelector(".on")) this._turn();
    this._count.textContent = late ? counted(words.fresh, late, this._lang) : "";
    this._quiet.textContent = ready && shown.length === 0 ? words.quiet : "";
    if (this._sounding && !onAir.some(({ id }) => id === this._sounding)) this._unstrap();
    if (ready) this._announce(shown);
  }

  _announce(shown) {
    const known = this._known;
    this._known = new Map([...(known || []), ...shown.map(({ id, correction }) => [id, correction])]);
    if (!known || this._folded) return;
    for (const { id, text, urgency, correction } of shown) {
      if (!known.has(id)) urgency === "flash" || this._announcer.say(text);
      else if (correction && correction !== known.get(id)) this._announcer.mark(this._words.correction, text);
    }
  }

  _retracted(detail) {
    const { gone, withdrawn } = this._words || {};
    if (this._known && this._known.has(detail.id)) this._announcer.mark(withdrawn, detail.note || gone);
    this._tell("retracted", detail);
  }

  _showState() {
    clearTimeout(this._doubtTimer);
    if (!this._words) return;
    const { state, knownAt } = this._ticker;
    const show = () => {
      const since = state !== "live" && knownAt > 0;
      this._section.dataset.state = state;
      this._light.textContent = this._words[state];
      if (since) this._light.append(` · ${this._words.since.replace("#", clock(knownAt, this._lang))}`);
    };
    if (state === "connecting" && knownAt > 0) this._doubtTimer = setTimeout(show, DOUBT_MS);
    else show();
  }

  _hold(held) {
    this._held = held;
    this._pause.ariaPressed = String(Boolean(held));
    if (this._crawl) this._crawl.pause(Boolean(held));
    this._show();
  }

  _flash(headline) {
    this._sounding = headline.id;
    this._strap.replaceChildren(urgencyOf(headline, this._words), wording(headline));
    this._strap.hidden = false;
    this._announcer.interrupt(`${this._words.flash}: ${headline.text}`);
    clearTimeout(this._strapTimer);
    this._strapTimer = setTimeout(() => this._unstrap(), STRAP_MS);
    this._tell("flash", { headline });
  }

  _unstrap() {
    this._sounding = null;
    this._strap.hidden = true;
    this._strap.replaceChildren();
  }

  /** The next headline, one at a time. */
  _turn() {
    if (this._held || document.hidden || this._rows.matches(":focus-within")) return;
    const on = this._rows.querySelector(".on");
    this._turnTo((on && on.nextElementSibling) || this._rows.firstElementChild);
  }

  _turnTo(row) {
    const flips = this._section.dataset.mode === "flip";
    for (const on of this._rows.querySelectorAll(".on")) if (row || !flips) on.classList.remove("on");
    if (row) row.classList.add("on");
    if (this._crawl) this._crawl.pause(this.paused || Boolean(row));
  }

  // -- one headline

  _item(headline) {
    const correction = headline.correction && make("span", "note", this._words.correction);
    const item = make("li", "item", urgencyOf(headline, this._words), kickerOf(headline), wording(headline), correction);
    for (const link of item.querySelectorAll("a")) link.tabIndex = -1; // the row has the same link
    return Object.assign(item, { headline });
  }

  _row(headline) {
    const { correction, published_at: at } = headline;
    const note = correction && make("span", "note", `${this._words.correction}: `, make("bdi", "", correction));
    const words = make("span", "words", wording(headline));
    const list = this._section.dataset.mode === "list";
    const time = at && timeOf(at, this._lang);
    const row = make("li", "row", time, urgencyOf(headline, this._words), kickerOf(headline), words, list && note);
    return Object.assign(row, { headline });
  }

  _clicked(event) {
    const link = event.target.closest("a");
    if (!link) return;
    event.stopPropagation();
    const { headline } = link.closest("li") || { headline: this._ticker.board.get(this._sounding) };
    if (!this._tell("click", { headline })) event.preventDefault();
  }

  _tell(type, detail) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable: true }));
  }
}

/** A link that the page came with: shown until the channel answers. */
function slotted({ dataset, href, textContent, lang, dir }) {
  return { id: dataset.id || href, version: 0, text: textContent, link: href, lang, dir };
}

if (!customElements.get("news-ticker")) customElements.define("news-ticker", NewsTicker);
