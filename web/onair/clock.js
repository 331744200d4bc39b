/** The service's time, as its messages tell it. Pure: `local` is a clock in ms that nobody sets, `performance.now()`. */

const KEPT_MS = 60000; // two clocks drift apart by some 3 ms in this
const SET_BACK_MS = 1000; // by more than this a message is not late: the service's clock was set back
const SET_BACK_TIMES = 3; // messages in a row that say so; one alone may have been held up
const APART_MS = 1000; // of what a connection that stood still brings at once only one counts

export class Clock {
  /** @param {number} offset ms from the local clock to the time of day, until the service has said its own */
  constructor(offset) {
    this._offset = offset;
    this._heard = [];
    this._behind = 0;
    this._countedAt = -Infinity;
  }

  /** A message of the service left it at `now` and was here at `local`. */
  heard(now, local) {
    const offset = now - local;
    if (this._heard.length && offset < this._offset - SET_BACK_MS) {
      if (local - this._countedAt < APART_MS) return;
      this._countedAt = local;
      this._behind += 1;
      if (this._behind < SET_BACK_TIMES) return;
      this._heard = [];
    }
    this._behind = 0;
    this._heard = this._heard.filter((one) => local - one.local < KEPT_MS);
    this._heard.push({ offset, local });
    // Every message is late by its way here, and by nothing else: what was least late is nearest to the truth.
    this._offset = Math.max(...this._heard.map((one) => one.offset));
  }

  now(local) {
    return local + this._offset;
  }
}
