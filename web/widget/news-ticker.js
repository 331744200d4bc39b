/**
 * <news-ticker channel="en">: one channel's headlines on any page. docs/widget.md has the attributes, parts and events.
 *
 * @typedef {import("../board.js").Headline} Headline
 */
import { STYLE } from "./style.js";
import { Announcer } from "../announcer.js";
import { Crawl, SPEED } from "../crawl.js";
import { languageOf } from "../language.js";
import { List } from "../list.js";
import { SharedTicker } from "../share.js";
import { make, tags, timeOf, wording } from "../wording.js";
import { ENGLISH, counted, wordsFor } from "../words.js";

const STRAP_MS = 12000;
const FLIP_MS = 6000;
const DOUBT_MS = 2000; // a connection that changes hands is no news

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

/** Whether this reader wants things to stand still. */
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * @fires headline {headline, type} one has come or changed
 * @fires flash {headline}
 * @fires retracted {id, note, headline}
 * @fires click {headline} preventDefault() keeps the browser where it is
 */
class NewsTicker extends HTMLElement {
  static observedAttributes = ["channel", "base", "urgency", "section", "mode", "speed"];

  /** @type {any} */
  _ticker = null;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
  }

  connectedCallback() {
    this._slotted = Array.from(this.querySelectorAll("a"), slotted);
    this._open();
  }

  disconnectedCallback() {
    this._over.abort();
    clearTimeout(this._doubt);
    clearInterval(this._flip);
    this._crawl.stop();
    this._ticker.stop();
    this._ticker = null;
  }

  attributeChangedCallback(name, before, after) {
    if (!this._ticker || before === after) return;
    if (["mode", "speed"].includes(name)) return this._lay();
    this.disconnectedCallback();
    this._open();
  }

  // -- for the host page

  /** What is on the strip now, in order. @returns {Headline[]} */
  get headlines() {
    return this._ticker?.headlines || [];
  }

  /** "connecting", "live", "stale", "offline" or "stopped" */
  get state() {
    return this._ticker?.state || "stopped";
  }

  get paused() {
    return Boolean(this._held);
  }

  /** Nothing moves and nothing new is shown. A correction or a kill still goes through. */
  pause(paused = true) {
    if (!this._ticker || paused === this.paused) return;
    this._held = paused ? this._shown : null;
    this._parts.pause.ariaPressed = String(paused);
    this._show();
  }

  play() {
    this.pause(false);
  }

  /** @param {boolean} [hidden] */
  hide(hidden = true) {
    if (this._is("strap")) return this._strap();
    this._parts.stage.hidden = hidden;
    this._parts.hide.ariaPressed = String(hidden);
  }

  /** A frame on the WebSocket, where this page has it open. @param {string} frame @returns {boolean} whether it has */
  send(frame) {
    return Boolean(this._ticker?.send(frame));
  }

  // -- its life

  _open() {
    const option = (name) => this.getAttribute(name) || undefined;
    const ticker = new SharedTicker({
      base: option("base") || new URL("../../", import.meta.url), channel: option("channel") || "en",
      urgency: option("urgency"), section: option("section"),
    });
    Object.assign(this, { _ticker: ticker, _words: null, _held: null, _waiting: null });
    this._build();
    this._update();
    this._over = new AbortController();
    stillness.addEventListener("change", () => this._lay(), { signal: this._over.signal });
    this._flip = setInterval(() => this.paused || document.hidden || this._turn(true), FLIP_MS);
    const on = (type, act) => ticker.addEventListener(type, (/** @type {any} */ { detail }) => act(detail));
    on("change", ({ messages }) => {
      this._update();
      for (const { type, headline } of messages) if (headline) this._tell("headline", { type, headline });
    });
    on("state", () => this._showState());
    // Who comes from another page of the site still sees the bar.
    on("flash", ({ headline, news }) => {
      this._update(); // which language it is to be told in
      if (news || this._is("strap")) this._flash(headline);
    });
    on("retracted", (detail) => {
      const words = this._words;
      if (words) this._announcer.say({ text: detail.note || words.gone }, words.withdrawn);
      this._tell("retracted", detail);
    });
    ticker.start();
  }

  _build() {
    const parts = (this._parts = /** @type {Record<string, any>} */ ({}));
    const part = (tag, name, ...children) => (parts[name] = make(tag, name, ...children));
    const button = (name, onclick, ...inside) => Object.assign(part("button", name, make("span", "unseen"), ...inside), { onclick });
    const region = (role, ariaLive) => Object.assign(make("div", "unseen"), { role, ariaLive });
    const log = region("log", "polite");
    const alert = region("alert", "assertive");
    const strip = part(
      "section", "strip",
      make("div", "label", part("span", "title"), part("span", "state")),
      part("div", "stage", part("div", "window", make("ul", "track")), part("ul", "rows"), part("p", "quiet"), part("div", "strap")),
      make(
        "div", "controls",
        button("pause", () => this.pause(!this.paused), part("span", "count")),
        button("hide", () => this.hide(!parts.stage.hidden)),
      ),
      log, alert,
    );
    parts.window.ariaHidden = "true"; // the rows say the same, each once
    strip.onclick = (event) => this._clicked(event);
    for (const type of ["focusin", "focusout"]) parts.rows.addEventListener(type, () => this._turn());
    const row = (headline) => this._row(headline);
    this._announcer = new Announcer(log, alert);
    this._crawl = new Crawl(parts.window, row);
    this._list = new List(parts.rows, row);
    this.shadowRoot.replaceChildren(strip);
  }

  /** Language, direction and title, as far as they are known, and all that is on it. */
  async _update() {
    const { _ticker: ticker, _parts: { strip, title, pause, hide } } = this;
    const { about } = ticker;
    const lang = languageOf(this.lang, about?.lang, document.documentElement.lang);
    title.textContent = this.getAttribute("label") || about?.title || "";
    Object.assign(strip, { lang, dir: about?.dir || "", ariaLabel: title.textContent });
    const known = this._words?.lang === lang;
    if (!known) this._words = null;
    this._lay();
    if (known) return;
    const words = await wordsFor(lang);
    if (ticker !== this._ticker || lang !== strip.lang) return;
    this._words = this._announcer.words = words;
    pause.firstChild.textContent = words.pause;
    hide.firstChild.textContent = words.hide;
    this._showState();
    this._show();
    this._flash(this._sounding(this._waiting));
    this._waiting = null;
  }

  /** As the mode asks; but who wants things to stand still gets the list. */
  _lay() {
    const asked = this.getAttribute("mode") || "crawl";
    const mode = stillness.matches && asked !== "strap" ? "list" : asked;
    this.toggleAttribute("still", mode === "list");
    this._parts.strip.dataset.mode = mode;
    this._crawl.speed = Number(this.getAttribute("speed")) || SPEED;
    this._show();
  }

  // -- what is on it

  _show() {
    const { _held: held, _words: words, _parts: { count, quiet, strap } } = this;
    const ready = words && this._ticker.about; // until then, what the page came with
    const onAir = ready ? this.headlines : this._slotted;
    const shown = (this._shown = held ? onAir.filter((one) => held.some(({ id }) => one.id === id)) : onAir);
    const late = onAir.length - shown.length;
    this._list.show(shown);
    this._crawl.show(shown);
    this._turn();
    count.textContent = late ? counted(words.fresh, late, words.lang) : "";
    quiet.textContent = ready && !shown.length ? words.quiet : "";
    this._strap(this._sounding(strap.headline));
    if (ready) this._announcer.show(shown, onAir);
  }

  _showState() {
    clearTimeout(this._doubt);
    const { state, knownAt } = this._ticker;
    const late = state !== "live" && knownAt;
    this._doubt = setTimeout(() => {
      const words = this._words;
      if (!words) return;
      this._parts.strip.dataset.state = state;
      this._parts.state.replaceChildren(words[state], ...(late ? [` · ${words.since} `, timeOf(knownAt, words.lang)] : []));
    }, late ? DOUBT_MS : 0);
  }

  _flash(headline) {
    if (!headline || !this._words) return void (this._waiting = headline); // until it can be told in its language
    this._strap(this._sounding(headline));
    clearTimeout(this._ebb);
    if (!this._is("strap")) this._ebb = setTimeout(() => this._strap(), STRAP_MS);
    this._announcer.interrupt(headline, this._words.flash);
    this._tell("flash", { headline });
  }

  /** The bar over the strip, with a flash on it or gone. */
  _strap(headline) {
    const { strap } = this._parts;
    this.toggleAttribute("sounding", Boolean(headline));
    if (headline === strap.headline) return;
    strap.headline = headline;
    strap.replaceChildren(...(headline ? [...tags(headline, this._words), wording(headline)] : []));
  }

  /** As it stands now; undefined when it is not shown, or no flash any more. */
  _sounding(headline) {
    return this._shown.find(({ id, urgency }) => id === headline?.id && urgency === "flash");
  }

  _is(mode) {
    return this._parts.strip.dataset.mode === mode;
  }

  /** A headline that has the focus stands in the strip's place; one at a time, there is always one. */
  _turn(further = false) {
    const { rows } = this._parts;
    const on = rows.querySelector(".on");
    const focused = rows.querySelector("li:focus-within");
    const row = focused || (this._is("flip") && ((further ? on?.nextElementSibling : on) || rows.firstElementChild));
    on?.classList.remove("on");
    if (row) row.classList.add("on");
    this._crawl.pause(this.paused || focused);
  }

  // -- one headline

  _row(headline) {
    const { correction, published_at: at } = headline;
    const words = this._words || ENGLISH; // before there are words nothing needs them
    const note = correction && make("span", "note", `${words.correction}: `, make("bdi", "", correction));
    return make("li", "row", at && timeOf(at, words.lang), ...tags(headline, words), wording(headline), note);
  }

  _clicked(event) {
    const link = event.target.closest("a");
    if (!link) return;
    event.stopPropagation();
    if (!this._tell("click", { headline: link.closest("li, .strap").headline })) event.preventDefault();
  }

  _tell(type, detail) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, cancelable: true }));
  }
}

/** A link that the page came with: shown until the channel answers. @returns {any} */
function slotted({ dataset, href, textContent, lang, dir }) {
  return { id: dataset.id || href, text: textContent, link: href, lang, dir };
}

if (!customElements.get("news-ticker")) customElements.define("news-ticker", NewsTicker);
