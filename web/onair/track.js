// The endless track: which item comes next, and at which place. Pure, but for what it has counted already.

/** Whether it is no headline but a line of the output's settings: lead-in, lead-out, fallback. */
export function isLine(id) {
  return id.includes(":");
}

/**
 * Places are whole steps of the track, from what was the screen's far edge when it began: pixels when it crawls, frames
 * when it flips: then the screen is one frame wide, and what stands on it is as long as it stands.
 *
 * An item comes again when its last pixel leaves, and not earlier: until then those behind it go first, and if all of
 * them are on screen the one that leaves first is waited for. So nothing is on screen twice, and nothing is empty.
 * @typedef {Object} Course
 * @property {number} room of the screen
 * @property {number} step of one frame
 * @property {number} gap what is empty at an item's end
 * @property {any[]} run what stands on it to begin with
 * @property {string[]} queue what comes next, before the loop goes on
 * @property {number} next where in `order`
 * @property {string[]} order one loop
 * @property {string[]} fallback what loops when nothing of that can come
 * @property {boolean} loops false: only the queue comes
 * @property {(id: string) => any} item
 * @property {(item: any) => number} length
 * @property {(id: string) => number} closes the place from which on it may not enter any more
 */
export class Track {
  /** @param {Course} course */
  constructor(course) {
    this._course = course;
    this._rewind();
  }

  /** What stands between two places, in order. Quick when asked for ever later places, or for far ones. */
  between(from, to) {
    if (from < this._from) this._rewind();
    this._fill(from, to);
    this._from = from;
    this._entries = this._entries.filter((entry) => entry.x + entry.width > from);
    return this._entries.filter((entry) => entry.x < to);
  }

  /** Where the words of the last one end, when the bar was told to go; null: there are none. */
  end() {
    this._fill(-Infinity, Infinity);
    return this._last;
  }

  /** The first one that stands at or behind a place, however far; null: none comes. */
  behind(place) {
    this.between(place, place);
    const first = () => this._entries.find(({ x }) => x >= place) || null;
    return first() || (this._extend() ? first() : null);
  }

  /** What was still to come before the first one that stands at or behind a place. */
  pending(place) {
    this.between(place, place);
    const ahead = this._entries.find((entry) => entry.x >= place && entry.before);
    return ahead ? ahead.before : this._state();
  }

  _rewind() {
    const { run, queue, next, room, step } = this._course;
    this._from = -Infinity;
    this._entries = run.slice();
    this._queue = queue;
    this._next = next;
    this._tail = room - step;
    this._last = null;
    this._isWhole = true; // a round of the loop has just ended
    this._free = new Map(); // id → the first place at which it may stand again
    for (const entry of run) this._passed(entry);
  }

  _state() {
    return { queue: this._queue, next: this._next };
  }

  _passed({ id, x, width }) {
    const { gap, room, step } = this._course;
    this._tail = Math.max(this._tail, x + width);
    this._last = x + width - gap;
    this._free.set(id, this._last + room - step);
  }

  _fill(from, to) {
    const seen = new Map();
    while (this._tail < to) {
      if (this._tail < from) this._leap(seen, from);
      if (!this._extend()) return;
    }
  }

  /** By one; false: none comes. */
  _extend() {
    const { closes } = this._course;
    if (this._queue.some((id) => closes(id) <= this._tail))
      this._queue = this._queue.filter((id) => closes(id) > this._tail);
    const choice = this._choice();
    if (choice) this._place(choice);
    return Boolean(choice);
  }

  _choice() {
    const { order, fallback, loops } = this._course;
    if (!loops) return this._soonest(this._queued());
    return this._soonest(this._queued(), this._looped(order)) || this._soonest([], this._looped(fallback));
  }

  _place({ id, x, queue, next }) {
    const item = this._course.item(id);
    const entry = { id, item, x, width: this._course.length(item), before: this._state() };
    this._entries.push(entry);
    this._passed(entry);
    this._isWhole = queue === this._queue && next <= this._next;
    this._queue = queue;
    this._next = next;
  }

  /** Of all in question the one that can stand at the end of the track, else the one for which it is shortest. */
  _soonest(...sources) {
    const { closes } = this._course;
    let soonest = null;
    for (const source of sources)
      for (const one of source) {
        const x = Math.max(this._tail, this._free.get(one.id) || 0);
        if (x >= closes(one.id) || (soonest && x >= soonest.x)) continue;
        soonest = Object.assign({ x }, one);
        if (x === this._tail) return soonest;
      }
    return soonest;
  }

  /** A line of the lead-in or lead-out waits until it is its turn. */
  *_queued() {
    const { _queue: queue, _next: next } = this;
    for (let i = 0; i < queue.length; i += 1) {
      if (i && isLine(queue[i])) return;
      yield { id: queue[i], queue: queue.filter((_, at) => at !== i), next };
      if (isLine(queue[i])) return;
    }
  }

  *_looped(ids) {
    const { length } = ids;
    for (let i = 0; i < length; i += 1) {
      const at = (this._next + i) % length;
      yield { id: ids[at], queue: this._queue, next: (at + 1) % length };
    }
  }

  /** Whole rounds at once: where the track has been as it is now, it goes on as it did then, until an item expires. */
  _leap(seen, from) {
    const { loops, order, closes } = this._course;
    if (!loops || this._queue.length || !this._isWhole) return;
    const tail = this._tail;
    const horizon = Math.min(Infinity, ...order.map(closes).filter((place) => place > tail));
    const waits = Array.from(this._free).filter(([, place]) => place > tail);
    const key = JSON.stringify([this._next, horizon, waits.map(([id, place]) => [id, place - tail]).sort()]);
    const before = seen.get(key);
    if (before === undefined) return void seen.set(key, tail);
    const round = tail - before;
    const far = Math.max(0, Math.floor((Math.min(from, horizon) - tail) / round)) * round;
    seen.clear();
    if (!far) return;
    this._tail += far;
    this._entries = [];
    waits.forEach(([id, place]) => this._free.set(id, place + far));
  }
}
