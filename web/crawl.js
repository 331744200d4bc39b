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
    this._pane = pane;
    this._track = pane.querySelector(".track");
    this._build = build;
    this._speed = speed;
    this._headlines = new Map();
    this._paused = false;
    this._inView = true;
    this._over = new AbortController();
    const signal = this._over.signal;
    this._items = []; // {id, headline, element, at, width}, as they stand on the track
    this._observers = [
      new ResizeObserver(() => this._resize()),
      new IntersectionObserver((seen) => this._look(seen[seen.length - 1].isIntersecting)),
    ];
    for (const observer of this._observers) observer.observe(pane);
    document.addEventListener("visibilitychange", () => this._run(), { signal });
    stillness.addEventListener("change", () => this._run(), { signal });
    this._run();
  }

  stop() {
    for (const observer of this._observers) observer.disconnect();
    this._over.abort();
    this._clear();
  }

  _look(inView) {
    this._inView = inView;
    this._run();
  }

  pause(paused) {
    this._paused = paused;
    this._run();
  }

  _run() {
    clearInterval(this._timer);
    if (stillness.matches) return this._clear();
    if (!this._animation) this._begin();
    if (this._paused || document.hidden || !this._inView) return this._animation.pause();
    this._timer = setInterval(() => this._fill(), LOOK_MS);
    return this._animation.play();
  }

  /** A wider window fills from its end on; only in other letters everything begins anew. */
  _resize() {
    this._width = this._pane.clientWidth;
    if (this._fontSize !== getComputedStyle(this._track).fontSize) this._clear();
    this._run();
    if (this._animation) this._fill();
  }

  _begin() {
    const { direction, fontSize } = getComputedStyle(this._track);
    const end = direction === "rtl" ? TRACK_PX : -TRACK_PX;
    this._fontSize = fontSize;
    this._animation = this._track.animate({ translate: ["0", `${end}px`] }, (TRACK_PX / this._speed) * 1000);
    this._width = this._pane.clientWidth;
    this._opened = false; // only the first headlines may appear inside the window
    this._queue = []; // ids, next to enter first
    this._fill();
  }

  _clear() {
    clearInterval(this._timer);
    if (this._animation) this._animation.cancel();
    this._animation = null;
    this._items = [];
    this._track.replaceChildren();
  }

  /** How far the track has gone, px. */
  _travelled() {
    return (Number(this._animation.currentTime) / 1000) * this._speed;
  }

  /** What is on air now, in order. New ones enter next. */
  show(headlines) {
    const fresh = headlines.map(({ id }) => id).filter((id) => !this._headlines.has(id));
    this._headlines = new Map(headlines.map((headline) => [headline.id, headline]));
    if (!this._animation) return;
    // Those that stand ready but cannot be seen yet give way to news.
    const edge = this._travelled() + this._width + EDGE_PX;
    const ready = this._items.filter(({ at }) => at > edge);
    this._items = this._items.filter(({ at }) => at <= edge);
    for (const { element } of ready) element.remove();
    this._queue = [...fresh, ...ready.map(({ id }) => id), ...this._queue].filter((id) => this._headlines.has(id));
    this._items.forEach((item, index) => this._renew(item, this._items[index + 1]));
    this._fill();
  }

  _renew(item, next) {
    const headline = this._headlines.get(item.id);
    if (headline === item.headline) return;
    if (!headline) return void this._cover(item);
    const fresh = this._place(headline, item.at);
    const room = next ? next.at - item.at : Infinity;
    if (fresh.width <= room) {
      item.element.remove();
      Object.assign(item, fresh, { width: Math.min(Math.max(fresh.width, item.width), room) });
      return;
    }
    fresh.element.remove();
    // A longer wording waits for its next turn; what was wrong may not run on until then.
    if (!headline.correction) return;
    this._cover(item);
    this._queue = [headline.id, ...this._queue.filter((id) => id !== headline.id)];
  }

  /** Gone at once, in its place: closing the gap would be a jump. */
  _cover(item) {
    item.element.style.inlineSize = `${item.width}px`;
    item.element.className = "gone";
    item.element.replaceChildren();
    item.id = item.headline = undefined;
  }

  _fill() {
    if (this._travelled() > REBASE_PX) this._rebase();
    const gone = this._travelled();
    while (this._items.length && this._items[0].at + this._items[0].width < gone) this._items.shift().element.remove();
    const earliest = gone + EDGE_PX + (this._opened ? this._width : 0);
    while (this._headlines.size && this._width) {
      if (!this._queue.length) this._queue = [...this._headlines.keys()];
      const at = this._placeFor(this._queue[0], earliest);
      if (at > gone + this._width + AHEAD_PX) break;
      this._items.push(this._place(this._headlines.get(this._queue.shift()), at));
      this._opened = true;
    }
  }

  /** Behind the last one, not before `earliest`, and one headline not twice within a window's width. */
  _placeFor(id, earliest) {
    const twins = this._items.filter((item) => item.id === id);
    const ends = this._items.slice(-1).map(({ at, width }) => at + width);
    return Math.max(earliest, ...ends, ...twins.map(({ at, width }) => at + Math.max(this._width, width)));
  }

  _place(headline, at) {
    const element = this._build(headline);
    element.style.insetInlineStart = `${at}px`;
    this._track.append(element);
    return { id: headline.id, headline, element, at, width: element.getBoundingClientRect().width };
  }

  _rebase() {
    const gone = this._travelled();
    this._animation.currentTime = 0;
    for (const item of this._items) item.element.style.insetInlineStart = `${(item.at -= gone)}px`;
  }
}
