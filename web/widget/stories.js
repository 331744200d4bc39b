/** A list of stories from the server, as an element: what <most-read> and <read-next> have in common. */
import { languageOf } from "../language.js";

const EVERY_MS = 60000;
const LEAVES = ["retracted", "held", "expired"];

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host{display:block;color:var(--ticker-fg,light-dark(#14161b,#f0f1f3));font:600 1.0625rem/1.3 var(--ticker-font,system-ui,sans-serif)}
:host([hidden]){display:none}
h2{margin:0;padding-block:.5rem;border-block-start:.1875rem solid;font-size:1.1875rem;font-weight:750}
ol{margin:0;padding:0;list-style:none}
li{display:flex;gap:.875rem;padding-block:.75rem;border-block-start:1px solid var(--ticker-rule,light-dark(#d9dbdf,#343841))}
.rank{min-inline-size:1.25em;color:var(--ticker-accent,light-dark(#c4122f,#ff8490));font-size:1.375rem;line-height:1;font-weight:750;font-variant-numeric:tabular-nums}
.section{display:block;color:var(--ticker-soft,light-dark(#565b65,#a6acb7));font-size:.8125rem;font-weight:400}
a{color:inherit;text-decoration:none;overflow-wrap:anywhere}
a:hover{text-decoration:underline;text-underline-offset:.2em}
a:focus-visible{outline:.1875rem solid;outline-offset:.125rem}
`);

export class Stories extends HTMLElement {
  /** The heading, by language. @type {Record<string, string>} */
  _titles;

  /** What the server has told last, and the headlines that have left. @type {any} */
  _told = { stories: [] };
  _gone = new Set();
  _asked = 0;

  static observedAttributes = ["channel", "window", "story", "section", "region", "label", "lang", "dir", "limit"];

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    this._timer = setInterval(() => this.handleEvent(), EVERY_MS);
    document.addEventListener("visibilitychange", this);
    this._ask();
    // A page of this address's channel that follows the stream passes on what it hears: see share.js.
    this._floor = new BroadcastChannel(this._address(""));
    this._floor.onmessage = ({ data }) => (data || []).forEach((message) => this._heard(message));
  }

  disconnectedCallback() {
    clearInterval(this._timer);
    this._timer = 0;
    document.removeEventListener("visibilitychange", this);
    this._floor.close();
  }

  attributeChangedCallback(name, before, after) {
    if (!this._timer || before === after) return;
    this.disconnectedCallback();
    this.connectedCallback();
  }

  /** What is killed is gone from every list in the same moment, and no answer that was on its way brings it back. */
  _heard({ type, id, headline, headlines = [headline] }) {
    for (const one of headlines) if (one) this._gone.delete(one.id);
    if (!LEAVES.includes(type)) return;
    this._gone.add(id);
    if (this._told.stories.some((story) => story.headline === id)) this._draw();
  }

  /** @returns {string} what is asked for, below the channel */
  _path() {
    return "";
  }

  _address(path) {
    const base = new URL(this.getAttribute("base") || new URL("../../", import.meta.url), document.baseURI);
    return new URL(`v1/channels/${encodeURIComponent(this.getAttribute("channel") || "en")}/${path}`, base).href;
  }

  handleEvent() {
    if (!document.hidden) this._ask();
  }

  async _ask() {
    const turn = (this._asked += 1);
    this._age();
    try {
      const answer = await fetch(this._address(this._path()), { credentials: "omit" });
      const told = answer.ok ? await answer.json() : answer.status === 404 && { stories: [] };
      if (told && turn === this._asked) this._show(told); // else another list has been asked for meanwhile
    } catch (error) {
      // what stands there stays, until it is too old
    }
    this._age();
  }

  _age() {}

  _show(told) {
    const { lang, dir } = this._told;
    this._told = { lang, dir, ...told }; // a stream does not say them
    this._draw();
  }

  _draw() {
    const limit = Number(this.getAttribute("limit")) || 10;
    const shown = this._told.stories.filter(({ headline }) => !this._gone.has(headline)).slice(0, limit);
    const lang = languageOf(this.lang, document.documentElement.lang);
    const title = make("h2", "title", this.getAttribute("label") || this._titles[lang.split("-")[0]] || this._titles.en);
    const list = make("ol", "list", ...shown.map((story, index) => row(story, index, lang)));
    list.lang = this._told.lang || lang;
    title.dir = list.dir = this.dir || this._told.dir || "";
    this.hidden = shown.length === 0;
    this.shadowRoot.replaceChildren(title, list);
    this._age();
  }
}

function row({ title, link, section, lang }, index, digits) {
  const rank = make("span", "rank", (index + 1).toLocaleString(digits));
  rank.ariaHidden = "true"; // the list counts by itself
  const words = make("bdi", "words", title);
  if (lang) words.lang = lang;
  const anchor = make("a", "link", words);
  if (/^https?:/i.test(link)) anchor.href = link;
  return make("li", "item", rank, make("span", "", section ? make("span", "section", section) : "", anchor));
}

function make(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = element.part = name;
  element.append(...children);
  return element;
}
