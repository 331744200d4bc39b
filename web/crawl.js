// The moving strip. No network, no words: what stands on it is built by whoever owns it.

const SPEED = 80; // px/s
const TRACK_PX = 100000; // 21 min of crawl in one animation
const REBASE_PX = 50000;
const AHEAD_PX = 320; // 4 s of crawl stand ready outside the window
const EDGE_PX = 8; // the compositor may be some frames ahead of us
const LOOK_MS = 500;

/** Whether this reader wants things to stand still. */
export const stillness = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * One long, even translation; headlines stand on the track at fixed places. Adding, changing or removing one
 * never touches the animation, so nothing can jump. Places are px from the inline start, in either direction.
 */
export class Crawl {
  /** @param {HTMLElement} pane @param {(headline: any) => HTMLElement} build @param {number} [speed] px/s */
  constructor(pane, build, speed = SPEED) {
    this.pane = pane;
    this.track = pane.querySelector(".track");
    this.build = build;
    this.speed = speed;
    this.headlines = new Map();
    this.paused = false;
    this.inView = true;
    this.over = new AbortController();
    const signal = this.over.signal;
    this.items = []; // {id, headline, element, at, width}, as they stand on the track
    this.observers = [
      new ResizeObserver(() => this.resize()),
      new IntersectionObserver((seen) => this.look(seen[seen.length - 1].isIntersecting)),
    ];
    for (const observer of this.observers) observer.observe(pane);
    document.addEventListener("visibilitychange", () => this.run(), { signal });
    stillness.addEventListener("change", () => this.run(), { signal });
    this.run();
  }

  stop() {
    for (const observer of this.observers) observer.disconnect();
    this.over.abort();
    this.clear();
  }

  look(inView) {
    this.inView = inView;
    this.run();
  }

  pause(paused) {
    this.paused = paused;
    this.run();
  }

  run() {
    clearInterval(this.timer);
    if (stillness.matches) return this.clear();
    if (!this.animation) this.begin();
    if (this.paused || document.hidden || !this.inView) return this.animation.pause();
    this.timer = setInterval(() => this.fill(), LOOK_MS);
    return this.animation.play();
  }

  /** A wider window fills from its end on; only in other letters everything begins anew. */
  resize() {
    this.width = this.pane.clientWidth;
    if (this.fontSize !== getComputedStyle(this.track).fontSize) this.clear();
    this.run();
    if (this.animation) this.fill();
  }

  begin() {
    const { direction, fontSize } = getComputedStyle(this.track);
    const end = direction === "rtl" ? TRACK_PX : -TRACK_PX;
    this.fontSize = fontSize;
    this.animation = this.track.animate({ translate: ["0", `${end}px`] }, (TRACK_PX / this.speed) * 1000);
    this.width = this.pane.clientWidth;
    this.opened = false; // only the first headlines may appear inside the window
    this.queue = []; // ids, next to enter first
    this.fill();
  }

  clear() {
    clearInterval(this.timer);
    if (this.animation) this.animation.cancel();
    this.animation = null;
    this.items = [];
    this.track.replaceChildren();
  }

  /** How far the track has gone, px. */
  travelled() {
    return (Number(this.animation.currentTime) / 1000) * this.speed;
  }

  /** What is on air now, in order. New ones enter next. */
  show(headlines) {
    const fresh = headlines.map(({ id }) => id).filter((id) => !this.headlines.has(id));
    this.headlines = new Map(headlines.map((headline) => [headline.id, headline]));
    if (!this.animation) return;
    // Those that stand ready but cannot be seen yet give way to news.
    const edge = this.travelled() + this.width + EDGE_PX;
    const ready = this.items.filter(({ at }) => at > edge);
    this.items = this.items.filter(({ at }) => at <= edge);
    for (const { element } of ready) element.remove();
    this.queue = [...fresh, ...ready.map(({ id }) => id), ...this.queue].filter((id) => this.headlines.has(id));
    this.items.forEach((item, index) => this.renew(item, this.items[index + 1]));
    this.fill();
  }

  renew(item, next) {
    const headline = this.headlines.get(item.id);
    if (headline === item.headline) return;
    if (!headline) return void this.cover(item);
    const fresh = this.place(headline, item.at);
    const room = next ? next.at - item.at : Infinity;
    if (fresh.width <= room) {
      item.element.remove();
      Object.assign(item, fresh, { width: Math.min(Math.max(fresh.width, item.width), room) });
      return;
    }
    fresh.element.remove();
    // A longer wording waits for its next turn; what was wrong may not run on until then.
    if (!headline.correction) return;
    this.cover(item);
    this.queue = [headline.id, ...this.queue.filter((id) => id !== headline.id)];
  }

  /** Gone at once, in its place: closing the gap would be a jump. */
  cover(item) {
    item.element.style.inlineSize = `${item.width}px`;
    item.element.className = "gone";
    item.element.replaceChildren();
    item.id = item.headline = undefined;
  }

  fill() {
    if (this.travelled() > REBASE_PX) this.rebase();
    const gone = this.travelled();
    while (this.items.length && this.items[0].at + this.items[0].width < gone) this.items.shift().element.remove();
    const earliest = gone + EDGE_PX + (this.opened ? this.width : 0);
    while (this.headlines.size && this.width) {
      if (!this.queue.length) this.queue = [...this.headlines.keys()];
      const at = this.placeFor(this.queue[0], earliest);
      if (at > gone + this.width + AHEAD_PX) break;
      this.items.push(this.place(this.headlines.get(this.queue.shift()), at));
      this.opened = true;
    }
  }

  /** Behind the last one, not before `earliest`, and one headline not twice within a window's width. */
  placeFor(id, earliest) {
    const twins = this.items.filter((item) => item.id === id);
    const ends = this.items.slice(-1).map(({ at, width }) => at + width);
    return Math.max(earliest, ...ends, ...twins.map(({ at, width }) => at + Math.max(this.width, width)));
  }

  place(headline, at) {
    const element = this.build(headline);
    element.style.insetInlineStart = `${at}px`;
    this.track.append(element);
    return { id: headline.id, headline, element, at, width: element.getBoundingClientRect().width };
  }

  rebase() {
    const gone = this.travelled();
    this.animation.currentTime = 0;
    for (const item of this.items) item.element.style.insetInlineStart = `${(item.at -= gone)}px`;
  }
}
