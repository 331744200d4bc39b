/** The page at "/": each channel's strip and, below it, the same headlines as a list. */
import { Announcer } from "./announcer.js";
import { Crawl } from "./crawl.js";
import { List } from "./list.js";
import { SharedTicker } from "./share.js";
import { make, tags, timeOf, wording } from "./wording.js";
import { counted, wordsFor } from "./words.js";

const STRAP_MS = 12000;
const FOLDED = 6; // as in page.css
const LONGEST_RETRY_MS = 30000;

/** Whether this reader wants things to stand still. */
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

/** What only this page says. */
const OWN_WORDS = {
  en: { all: "Show all #", fewer: "Show fewer", many: "# headlines", updated: "Updated" },
  es: { all: "Ver los #", fewer: "Ver menos", many: "Titulares: #", updated: "Actualizado" },
  ar: { all: "عرض الكل (#)", fewer: "عرض أقل", many: "عدد العناوين: #", updated: "تحديث" },
};

class Channel {
  constructor({ name, title, lang, dir }, words, parent) {
    const root = document.getElementById("channel").content.cloneNode(true).firstElementChild;
    const part = (selector) => root.querySelector(selector);
    Object.assign(root, { lang, dir, id: name });
    parent.append(root);
    Object.assign(this, { root, lang, words, held: null, shown: [], sounding: null, strapTimer: 0 });
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
    this.announcer = Object.assign(new Announcer(part(".log"), part(".alert")), { words });
    this.crawl = new Crawl(part(".window"), (headline) => this.crawling(headline));
    this.rows = part(".list");
    this.list = new List(this.rows, (headline) => this.listed(headline));
    this.button.addEventListener("click", () => this.pause());
    this.more.addEventListener("click", () => this.unfold(this.more.getAttribute("aria-expanded") !== "true"));
    this.unfold(false);
    this.ticker = new SharedTicker({ channel: name });
    this.ticker.addEventListener("change", () => this.show());
    this.ticker.addEventListener("state", () => this.showState());
    this.ticker.addEventListener("flash", ({ detail }) => detail.news && this.flash(detail.headline));
    this.ticker.addEventListener("retracted", ({ detail }) => {
      this.announcer.say({ text: detail.note || words.gone }, words.withdrawn);
    });
    stillness.addEventListener("change", () => this.show());
    this.ticker.start();
  }

  show() {
    const { ticker, words } = this;
    const onAir = ticker.headlines;
    // A pause holds back what is new, never a kill or a correction.
    const shown = this.held ? onAir.filter(({ id }) => this.held.has(id)) : onAir;
    const held = onAir.length - shown.length;
    this.shown = shown;
    this.crawl.show(shown);
    this.list.show(shown);
    this.opened = true;
    this.button.querySelector(".count").textContent = held ? counted(words.fresh, held, this.lang) : "";
    this.quiet.textContent = this.rest(shown.length);
    this.unfold(this.more.getAttribute("aria-expanded") === "true");
    this.announcer.show(shown, onAir);
    this.resound(onAir);
  }

  /** The bar says what its headline says now, and for no longer than it is a flash. */
  resound(onAir) {
    if (!this.sounding) return;
    const now = onAir.find(({ id }) => id === this.sounding.id);
    if (now?.urgency !== "flash") this.unstrap();
    else if (now !== this.sounding) this.sound(now);
  }

  rest(count) {
    if (count === 0) return this.ticker.knownAt ? this.words.quiet : "";
    return stillness.matches ? counted(this.words.many, count, this.lang) : "";
  }

  showState() {
    const { ticker, words } = this;
    this.root.dataset.state = ticker.state;
    const live = ticker.state === "live";
    const since = !live && ticker.knownAt ? [` · ${words.since} `, timeOf(ticker.knownAt, this.lang)] : [];
    this.light.replaceChildren(words[ticker.state], ...since);
    if (live) this.quiet.textContent = this.rest(this.shown.length);
  }

  pause() {
    const paused = !this.held;
    this.held = paused ? new Set(this.shown.map(({ id }) => id)) : null;
    this.button.setAttribute("aria-pressed", String(paused));
    this.crawl.pause(paused);
    this.show();
  }

  unfold(open) {
    const count = this.shown.length;
    this.rows.classList.toggle("folded", !open);
    this.more.setAttribute("aria-expanded", String(open));
    this.more.textContent = open ? this.words.fewer : counted(this.words.all, count, this.lang);
    this.more.hidden = count <= FOLDED;
  }

  flash(headline) {
    this.sound(headline);
    this.announcer.interrupt(headline, this.words.flash);
    clearTimeout(this.strapTimer);
    this.strapTimer = setTimeout(() => this.unstrap(), STRAP_MS);
  }

  sound(headline) {
    this.sounding = headline;
    this.strap.replaceChildren(...tags(headline, this.words), wording(headline));
    this.strap.hidden = false;
  }

  unstrap() {
    this.sounding = null;
    this.strap.hidden = true;
    this.strap.replaceChildren();
  }

  // -- one headline

  crawling(headline) {
    const mark = headline.correction && make("span", "mark", this.words.correction);
    return make("li", "", ...tags(headline, this.words), wording(headline), mark);
  }

  listed(headline) {
    const row = make("li", "", timeOf(headline.published_at || this.ticker.now(), this.lang));
    const before = tags(headline, this.words);
    const meta = this.meta(headline);
    if (before.length) row.append(make("p", "tags", ...before));
    row.append(make("h3", "", wording(headline)));
    if (meta.length) row.append(make("p", "meta", ...meta));
    row.dataset.urgency = headline.urgency;
    row.classList.toggle("new", this.opened);
    row.addEventListener("animationend", () => row.classList.remove("new")); // else the row that replaces it would glow
    return row;
  }

  meta({ source, version, correction, published_at: published, updated_at: updated }) {
    const { words } = this;
    const parts = [];
    if (source && source.name) parts.push(make("bdi", "", source.name));
    if (version > 1 && updated > published) {
      parts.push(make("span", "", `${words.updated} `, timeOf(updated, this.lang)));
    }
    if (correction) parts.push(make("span", "correction", `${words.correction}: `, make("bdi", "", correction)));
    return parts;
  }
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
  const spoken = await Promise.all(found.map(({ lang }) => wordsFor(lang)));
  found.forEach((channel, index) => {
    const own = OWN_WORDS[channel.lang.split("-")[0]] || OWN_WORDS.en;
    new Channel(channel, { ...spoken[index], ...own }, main);
  });
  document.getElementById("feeds").append(...found.map(feeds));
  main.removeAttribute("aria-busy");
}

open();
