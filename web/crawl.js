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
  /** @param {HTMLElement} pane @param {(headline: object) => HTMLElement} build @param {number} [speed] px/s */
  constructor(pane, build, speed = SPEED) {
    this.pane = pane;
    this.track = pane.querySelector(".track");
    this.build = build;
    this.speed = speed;
    this.sign = getComputedStyle(pane).direction === "rtl" ? 1 : -1;
    this.headlines = new Map();
    this.queue = []; // ids, next to enter first
    this.items = []; // {id, headline, element, at, width}, as they stand on the track
    this.paused = false;
    this.opened = false;
    this.inView = true;
    this.timer = 0;
    this.observers = [
      new ResizeObserver(() => this.resize()),
      new IntersectionObserver((entries) => this.look(entries[entries.length - 1].isIntersecting)),
    ];
    for (const observer of this.observers) observer.observe(pane);
    this.run = this.run.bind(this);
    this.listen("addEventListener");
    this.run();
  }

  listen(verb) {
    document[verb]("visibilitychange", this.run);
    stillness[verb]("change", this.run);
  }

  stop() {
    this.listen("removeEventListener");
    for (const observer of this.observers) observer.disconnect();
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
    if (stillness.matches) return this.clear();
    if (!this.animation) {
      const end = `translateX(${this.sign * TRACK_PX}px)`;
      const duration = (TRACK_PX / this.speed) * 1000;
      this.animation = this.track.animate([{ transform: "translateX(0)" }, { transform: end }], duration);
      this.resize();
    }
    const still = this.paused || document.hidden || !this.inView;
    if (still) this.animation.pause();
    else this.animation.play();
    clearInterval(this.timer);
    if (!still) this.timer = setInterval(() => this.fill(), LOOK_MS);
  }

  clear() {
    clearInterval(this.timer);
    if (this.animation) this.animation.cancel();
    this.animation = null;
    this.opened = false;
    this.items = [];
    this.queue = [];
    this.track.replaceChildren();
  }

  /** How far the track has gone, px. */
  travelled() {
    return (this.animation.currentTime / 1000) * this.speed;
  }

  /** What is on air now, in order. New ones enter next. */
  show(headlines) {
    const fresh = headlines.filter(({ id }) => !this.headlines.has(id)).map(({ id }) => id);
    this.headlines = new Map(headlines.map((headline) => [headline.id, headline]));
    if (!this.animation) return;
    const waiting = [...this.takeBack(), ...this.queue].filter((id) => this.headlines.has(id));
    this.queue = [...fresh, ...waiting];
    this.items.forEach((item, index) => this.renew(item, this.items[index + 1]));
    this.fill();
  }

  /** Ids of those that stand ready but cannot be seen yet: they give way to news. */
  takeBack() {
    const edge = this.travelled() + this.width + EDGE_PX;
    const seen = this.items.filter(({ at }) => at <= edge);
    const ready = this.items.slice(seen.length);
    for (const { element } of ready) element.remove();
    this.items = seen;
    return ready.map(({ id }) => id);
  }

  renew(item, next) {
    const headline = this.headlines.get(item.id);
    if (headline === item.headline || item.id === null) return;
    if (!headline) return void this.cover(item);
    const element = this.build(headline);
    this.track.append(element);
    const room = next ? next.at - item.at : Infinity;
    const width = widthOf(element);
    if (width > room) {
      element.remove();
      // A longer wording waits for its next turn; what was wrong may not run on until then.
      if (!headline.correction) return;
      this.cover(item);
      this.queue = [headline.id, ...this.queue.filter((id) => id !== headline.id)];
      return;
    }
    item.element.replaceWith(element);
    Object.assign(item, { headline, element, width: Math.min(Math.max(width, item.width), room) });
    setPlace(element, item.at);
  }

  /** Gone at once, in its place: closing the gap would be a jump. */
  cover(item) {
    item.element.style.inlineSize = `${item.width}px`;
    item.element.className = "gone";
    item.element.replaceChildren();
    item.id = null;
  }

  fill() {
    if (!this.animation) return;
    if (this.travelled() > REBASE_PX) this.rebase();
    const gone = this.travelled();
    while (this.items.length && this.items[0].at + this.items[0].width < gone) this.items.shift().element.remove();
    const opening = !this.opened; // only the first headlines may appear inside the window
    while (this.headlines.size > 0) {
      if (this.queue.length === 0) this.queue = Array.from(this.headlines.keys());
      const at = this.placeFor(this.queue[0], gone + (opening ? 0 : this.width) + EDGE_PX);
      if (at > gone + this.width + AHEAD_PX) break;
      this.put(this.queue.shift(), at);
      this.opened = true;
    }
  }

  /** Behind the last one, not before `earliest`, and one headline not twice within a window's width. */
  placeFor(id, earliest) {
    const last = this.items[this.items.length - 1];
    const twin = this.items.filter((item) => item.id === id).pop();
    return Math.max(earliest, last ? last.at + last.width : 0, twin ? twin.at + Math.max(this.width, twin.width) : 0);
  }

  put(id, at) {
    const headline = this.headlines.get(id);
    const element = this.build(headline);
    setPlace(element, at);
    this.track.append(element);
    this.items.push({ id, headline, element, at, width: widthOf(element) });
  }

  rebase() {
    const gone = this.travelled();
    this.animation.currentTime = 0;
    for (const item of this.items) setPlace(item.element, (item.at -= gone));
  }

  resize() {
    this.width = this.pane.clientWidth;
    const { fontSize } = getComputedStyle(this.track);
    if (fontSize !== this.fontSize) this.remeasure();
    this.fontSize = fontSize;
    this.fill();
  }

  remeasure() {
    let end = this.items.length ? this.items[0].at : 0;
    for (const item of this.items) {
      item.width = widthOf(item.element);
      setPlace(item.element, (item.at = end));
      end += item.width;
    }
  }
}

function widthOf(element) {
  return element.getBoundingClientRect().width;
}

function setPlace(element, px) {
  element.style.insetInlineStart = `${px}px`;
}
