// The moving strip. No network, no words: what stands on it is built by whoever owns it.

export const SPEED = 80; // px/s
const TRACK_PX = 100000; // 21 min of crawl in one animation
const REBASE_PX = 50000;
const AHEAD_PX = 320; // 4 s of crawl stand ready outside the window
const EDGE_PX = 8; // the compositor may be some frames ahead of us
const LOOK_MS = 500;

/**
 * One long, even translation; headlines stand on the track at fixed places. Adding, changing or removing one
 * never touches the animation, so nothing can jump. Places are px from the inline start, in either direction.
 * What stands on the track knows its own headline, place and width; one without a headline is a covered place.
 */
export class Crawl {
  speed = SPEED;
  /** @type {any} */
  _animation = null;
  _headlines = [];
  _turns = new Map(); // headline id -> the number of its last turn
  _turn = 0;
  _inView = true;

  /** @param {HTMLElement} pane which may be hidden: then there is nothing @param {(headline: any) => any} build */
  constructor(pane, build) {
    this._pane = pane;
    this._track = pane.querySelector(".track");
    this._build = build;
    const run = () => this._run();
    this._size = new ResizeObserver(run);
    this._sight = new IntersectionObserver((seen) => {
      this._inView = seen.at(-1).isIntersecting;
      run();
    });
    this._size.observe(pane);
    this._sight.observe(pane);
    this._over = new AbortController();
    const { signal } = this._over;
    document.addEventListener("visibilitychange", run, { signal });
    document.fonts.addEventListener("loadingdone", run, { signal });
  }

  stop() {
    this._size.disconnect();
    this._sight.disconnect();
    this._over.abort();
    this._clear();
  }

  pause(paused) {
    this._paused = paused;
    this._run();
  }

  /** What is on air now, in order. New ones enter next. */
  show(headlines) {
    this._headlines = headlines;
    if (!this._animation) return;
    // Those that stand ready but cannot be seen yet give way to news.
    for (const item of this._items().filter(({ at }) => at > this._edge())) {
      if (item.headline) this._turns.set(item.headline.id, item.before);
      item.remove();
    }
    for (const item of this._items()) this._renew(item);
    this._fill();
  }

  /** Moves, rests or ends, as the reader, the window and the screen ask. */
  _run() {
    clearInterval(this._timer);
    const { clientWidth: width } = this._pane;
    const { direction } = getComputedStyle(this._track);
    const look = direction + this.speed;
    // In larger letters everything begins anew.
    const grown = (item) => item.getBoundingClientRect().width > item.width + 1;
    if (look !== this._look || !width || this._items().some(grown)) this._clear();
    this._look = look;
    this._width = width;
    if (!width) return;
    if (!this._animation) {
      const end = direction === "rtl" ? TRACK_PX : -TRACK_PX;
      this._animation = this._track.animate({ translate: ["0", `${end}px`] }, (TRACK_PX / this.speed) * 1000);
    }
    this._fill();
    if (this._paused || document.hidden || !this._inView) return this._animation.pause();
    this._timer = setInterval(() => this._fill(), LOOK_MS);
    this._animation.play();
  }

  _clear() {
    clearInterval(this._timer);
    this._animation?.cancel();
    this._animation = null;
    this._turns.clear();
    this._track.replaceChildren();
  }

  /** @returns {any[]} as they follow each other */
  _items() {
    return [...this._track.children];
  }

  /** How far the track has gone, px. */
  _gone() {
    return (this._animation.currentTime / 1000) * this.speed;
  }

  /** From here on nothing can be seen. */
  _edge() {
    return this._gone() + this._width + EDGE_PX;
  }

  _renew(item) {
    const { headline: old, at, width, nextElementSibling: next } = item;
    const headline = this._headlines.find(({ id }) => id === old?.id);
    if (headline === old) return;
    if (headline) {
      const fresh = this._place(headline, at, (made) => item.replaceWith(made));
      const room = next ? next.at - at : Infinity;
      if (fresh.width <= room) return (fresh.width = Math.min(Math.max(fresh.width, width), room));
      fresh.replaceWith(item);
      // A longer wording waits for its next turn; what was wrong may not run on until then.
      if (!headline.correction) return;
      this._turns.delete(headline.id);
    }
    // Gone at once, in its place: closing the gap would be a jump.
    item.style.inlineSize = `${width}px`;
    item.className = "gone";
    item.replaceChildren();
    item.headline = undefined;
  }

  _fill() {
    const { _headlines: headlines, _turns: turns, _width: width } = this;
    if (this._gone() > REBASE_PX) this._rebase();
    const gone = this._gone();
    for (const item of this._items()) if (item.at + item.width < gone) item.remove();
    // Only the first ones may appear inside the window; and none twice within its width.
    const earliest = turns.size ? this._edge() : gone + EDGE_PX;
    while (headlines.length) {
      const turn = ({ id }) => turns.get(id) || 0;
      const next = headlines.reduce((first, one) => (turn(one) < turn(first) ? one : first)); // waits the longest
      const ends = this._items().map((one) => one.at + Math.max(one.width, one.headline?.id === next.id ? width : 0));
      const at = Math.max(earliest, ...ends);
      if (at > gone + width + AHEAD_PX) return;
      this._place(next, at, (made) => this._track.append(made)).before = turns.get(next.id);
      turns.set(next.id, (this._turn += 1));
    }
  }

  _place(headline, at, put) {
    const item = Object.assign(this._build(headline), { headline, at });
    item.style.insetInlineStart = `${at}px`;
    for (const link of item.querySelectorAll("a")) link.tabIndex = -1; // the list has the same link
    put(item);
    return Object.assign(item, { width: item.getBoundingClientRect().width });
  }

  _rebase() {
    const gone = this._gone();
    this._animation.currentTime = 0;
    for (const item of this._items()) item.style.insetInlineStart = `${(item.at -= gone)}px`;
  }
}
