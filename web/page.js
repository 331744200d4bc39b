/** The page at "/": each channel's strip and, below it, the same headlines as a list. */
import { Crawl, stillness } from "./crawl.js";
import { Ticker } from "./ticker.js";
import { WORDS } from "./words.js";

const STRAP_MS = 12000;
const LOG_EVERY_MS = 20000; // a screen reader is not to be talked over
const FOLDED = 6; // as in page.css
const LONGEST_RETRY_MS = 30000;

/** The same headlines to read at rest, each kept in its own element while it lives. */
class List {
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
    if (row) row.element.replaceWith(element);
    if (this.opened && !row) element.className = "new";
    this.rows.set(headline.id, { headline, element });
    return element;
  }
}

/** Says to a screen reader what has come: several at a time, and seldom. */
class Announcer {
  constructor(log, alert, words) {
    Object.assign(this, { log, alert, words, waiting: [], spokeAt: -Infinity, timer: 0 });
  }

  say(text) {
    this.waiting.push(text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.speak(), Math.max(500, this.spokeAt + LOG_EVERY_MS - Date.now()));
  }

  speak() {
    const { waiting, words } = this;
    this.log.append(make("p", "", waiting.length === 1 ? waiting[0] : words.arrived(waiting.length)));
    while (this.log.children.length > 3) this.log.firstChild.remove();
    this.waiting = [];
    this.spokeAt = Date.now();
  }

  interrupt(text) {
    this.alert.replaceChildren(make("p", "", text));
  }
}

class Channel {
  constructor({ name, title, lang, dir }, parent) {
    const root = document.getElementById("channel").content.cloneNode(true).firstElementChild;
    const part = (selector) => root.querySelector(selector);
    const words = WORDS[lang.split("-")[0]] || WORDS.en;
    Object.assign(root, { lang, dir, id: name });
    parent.append(root);
    Object.assign(this, { root, lang, words, held: null, known: null, strapTimer: 0 });
    this.light = part(".light");
    this.quiet = part(".quiet");
    this.strap = part(".strap");
    this.button = part(".pause");
    this.more = part(".more");
    part("h2").textContent = title;
    part("h2").id = `${name}-title`;
    root.setAttribute("aria-labelledby", `${name}-title`);
    part(".pause .word").textContent = words.pause;
    this.button.setAttribute("aria-describedby", `${name}-title`);
    this.announcer = new Announcer(part(".log"), part(".alert"), words);
    this.crawl = new Crawl(part(".window"), (headline) => this.crawling(headline));
    this.list = new List(part(".list"), (headline) => this.listed(headline));
    this.button.addEventListener("click", () => this.pause());
    this.more.addEventListener("click", () => this.unfold(this.more.getAttribute("aria-expanded") !== "true"));
    this.unfold(false);
    this.ticker = new Ticker({ channel: name });
    this.ticker.addEventListener("change", () => this.show());
    this.ticker.addEventListener("state", () => this.showState());
    this.ticker.addEventListener("flash", ({ detail }) => this.flash(detail.headline));
    this.ticker.addEventListener("retracted", () => this.announcer.say(words.withdrawn));
    stillness.addEventListener("change", () => this.show());
    this.ticker.start();
  }

  show() {
    const { ticker, words } = this;
    const onAir = ticker.board.onAir(ticker.now());
    // A pause holds back what is new, never a kill or a correction.
    const shown = this.held ? onAir.filter(({ id }) => this.held.has(id)) : onAir;
    const held = onAir.length - shown.length;
    this.crawl.show(shown);
    this.list.show(shown);
    this.button.querySelector(".count").textContent = held ? words.fresh(held) : "";
    this.quiet.textContent = this.rest(shown.length);
    this.unfold(this.more.getAttribute("aria-expanded") === "true");
    this.announce(shown);
    if (this.sounding && !onAir.some(({ id }) => id === this.sounding)) this.unstrap();
  }

  rest(count) {
    if (count === 0) return this.ticker.knownAt ? this.words.quiet : "";
    return stillness.matches ? this.words.many(count) : "";
  }

  showState() {
    const { ticker, words } = this;
    this.root.dataset.state = ticker.state;
    const live = ticker.state === "live";
    const since = !live && ticker.knownAt ? words.since(clock(ticker.knownAt, this.lang)) : "";
    this.light.textContent = [words[ticker.state], since].filter(Boolean).join(" · ");
    if (live) this.quiet.textContent = this.rest(this.list.rows.size);
  }

  announce(headlines) {
    const known = this.known;
    this.known = new Set([...(known || []), ...headlines.map(({ id }) => id)]);
    if (!known) return;
    for (const { id, text, urgency } of headlines) if (!known.has(id) && urgency !== "flash") this.announcer.say(text);
  }

  pause() {
    const paused = !this.held;
    this.held = paused ? new Set(this.list.rows.keys()) : null;
    this.button.setAttribute("aria-pressed", String(paused));
    this.crawl.pause(paused);
    this.show();
  }

  unfold(open) {
    const count = this.list.rows.size;
    this.list.element.classList.toggle("folded", !open);
    this.more.setAttribute("aria-expanded", String(open));
    this.more.textContent = open ? this.words.fewer : this.words.all(count);
    this.more.hidden = count <= FOLDED;
  }

  flash(headline) {
    const { words, strap } = this;
    this.sounding = headline.id;
    strap.replaceChildren(this.urgency(headline), wording(headline));
    strap.hidden = false;
    this.announcer.interrupt(`${words.flash}: ${headline.text}`);
    clearTimeout(this.strapTimer);
    this.strapTimer = setTimeout(() => this.unstrap(), STRAP_MS);
  }

  unstrap() {
    this.sounding = null;
    this.strap.hidden = true;
    this.strap.replaceChildren();
  }

  // -- one headline

  crawling(headline) {
    const item = make("li", "", this.urgency(headline), this.kicker(headline), wording(headline));
    if (headline.correction) item.append(make("span", "mark", this.words.correction));
    for (const link of item.querySelectorAll("a")) link.tabIndex = -1; // the list has the same link
    return item;
  }

  listed(headline) {
    const row = make("li", "", this.time(headline.published_at));
    const tags = [this.urgency(headline), this.kicker(headline)].filter(Boolean);
    if (tags.length) row.append(make("p", "tags", ...tags));
    const meta = this.meta(headline);
    row.append(make("h3", "", wording(headline)));
    if (meta.length) row.append(make("p", "meta", ...meta));
    row.dataset.urgency = headline.urgency;
    return row;
  }

  urgency({ urgency }) {
    const word = this.words[urgency];
    if (!word || urgency === "routine") return null;
    const label = make("span", "urgency", word);
    label.dataset.urgency = urgency;
    return label;
  }

  kicker({ kicker }) {
    return kicker ? make("bdi", "kicker", kicker) : null;
  }

  meta({ source, version, correction, published_at: published, updated_at: updated }) {
    const { words } = this;
    const parts = [];
    if (source && source.name) parts.push(make("bdi", "", source.name));
    if (version > 1 && updated > published) parts.push(make("span", "", `${words.updated} `, this.time(updated)));
    if (correction) parts.push(make("span", "correction", `${words.correction}: `, make("bdi", "", correction)));
    return parts;
  }

  time(instant) {
    const element = make("time", "", instant ? clock(Date.parse(instant), this.lang) : "");
    if (instant) element.dateTime = instant;
    return element;
  }
}

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter(Boolean));
  return element;
}

/** The headline itself: text, never markup; a link only to the web. */
function wording({ text, link, lang, dir }) {
  const words = make("bdi", "", text);
  if (lang) words.lang = lang;
  if (dir) words.dir = dir;
  if (!/^https?:\/\//i.test(link || "")) return words;
  const anchor = make("a", "", words);
  anchor.href = link;
  anchor.rel = "noopener";
  return anchor;
}

/** The time of day; with the day when it is not today. */
function clock(ms, lang) {
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const today = new Date(ms).toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(lang, today ? time : { day: "numeric", month: "short", ...time }).format(ms);
}

function feeds({ name, title, lang }) {
  const links = [["RSS", "rss"], ["Atom", "atom"], ["JSON", "json"]].map(([label, format]) => {
    const link = make("a", "", label);
    link.href = `/v1/channels/${encodeURIComponent(name)}/feed.${format}`;
    return link;
  });
  const heading = make("bdi", "", title);
  heading.lang = lang;
  return make("li", "", heading, ...links);
}

async function channels(notice) {
  for (let wait = 1000; ; wait = Math.min(2 * wait, LONGEST_RETRY_MS)) {
    try {
      const response = await fetch("/v1/channels", { credentials: "omit" });
      if (response.ok) return (await response.json()).channels;
    } catch (error) {
      // told to the reader below, in words
    }
    notice.textContent = "The server does not answer. Trying again.";
    await new Promise((resolve) => { setTimeout(resolve, wait * (0.5 + Math.random())); });
  }
}

async function open() {
  const main = document.getElementById("channels");
  const notice = document.getElementById("notice");
  const today = document.getElementById("today");
  today.textContent = new Intl.DateTimeFormat([], { dateStyle: "full" }).format();
  const found = await channels(notice);
  notice.textContent = found.length ? "" : "No channel has been set up yet.";
  for (const channel of found) new Channel(channel, main);
  document.getElementById("feeds").append(...found.map(feeds));
  main.removeAttribute("aria-busy");
}

open();
