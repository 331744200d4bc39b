/**
 * Which frame is drawn next. Frames are counted, so many for each time the screen asks as the output has in that time,
 * so that the picture moves as evenly as the screen does; the clock is the leash. Pure.
 */

const LEASH = 1.5; // frames that counting may be away from the clock: behind by more it goes one more, ahead no farther
const BEHIND = 2.5; // farther behind than this it goes there at once
const LOST_S = 1; // farther ahead than this the clock was set, and nothing is waited for
const FEW = 4; // draws: of fewer nobody can tell how fast a wavering screen is
const MANY = 25;

export class Leash {
  constructor() {
    this.frame = -1; // that was drawn last
    this._asked = []; // the frames by the clock at which the screen asked, of late
  }

  /**
   * @param {number} exact the frame by the clock, with its fraction
   * @param {number} rate frames a second
   * @returns {number} the frame to draw: never one before the last, unless the clock was set back
   */
  next(exact, rate) {
    if (Math.abs(exact - this._asked[this._asked.length - 1]) > LOST_S * rate) this._asked = [];
    this._asked.push(exact);
    if (this._asked.length > MANY) this._asked.shift();
    const many = this._asked.length - 1;
    const step = many < FEW ? 1 : Math.max(1, Math.round((exact - this._asked[0]) / many));
    const away = this.frame + step + 0.5 - exact; // from the middle of a frame, so that a wavering clock moves nothing
    if (this.frame < 0 || away < -BEHIND || away > LOST_S * rate) this.frame = Math.floor(exact);
    else if (away > LEASH) this.frame = Math.max(this.frame, Math.floor(exact + LEASH - 0.5));
    else this.frame += away < -LEASH ? step + 1 : step;
    return this.frame;
  }
}
