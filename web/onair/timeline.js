// The playlists of a page, one after the other: each holds from its own frame. No clock: frames come as arguments.

import { isAhead, secondOf } from "./frames.js";
import { anchorOf, at, begin, change, cover, rejoin } from "./motion.js";

const NOTHING = { state: "off", level: 0, flips: false, shift: 0, items: [], strap: null };
const PAST_S = 2; // when another has held for so long, nothing is shown of the one before, whether anybody draws or not
const MOST_MOTIONS = 64;

export class Timeline {
  constructor() {
    this.playlist = null; // the newest
    this.anchor = null; // of the newest, at its own frame
    this.isApart = false; // it follows from something that others may not have had
    this._ruler = null;
    this._motions = [];
    this._frame = -Infinity;
  }

  /**
   * At once when it is late; what it no longer has is covered at once in any case. The same id again does nothing,
   * unless it says at last where others are, and we are apart.
   */
  take(playlist, ruler) {
    const { playlist: was } = this;
    const again = Boolean(was) && was.id === playlist.id;
    if (again && !(this.isApart && playlist.anchor)) return;
    const last = this._motions[this._motions.length - 1];
    const next = last && !playlist.anchor ? change(last, playlist, ruler) : begin(playlist, ruler);
    if (again && last.frame > this._frame) this._motions.pop(); // nobody has seen anything of it
    this.cover(playlist);
    this._motions.push(next);
    this.isApart = !playlist.anchor && (this.isApart || misses(playlist, was));
    this.playlist = playlist;
    this._ruler = ruler;
    this.anchor = anchorOf(next, next.frame);
    this._prune(next);
  }

  /** Takes off the screen what a playlist no longer has, before it holds. */
  cover(playlist) {
    this._motions = this._motions.map((motion) => cover(motion, playlist));
  }

  at(frame) {
    this._pull(frame);
    while (this._motions.length > 1 && this._motions[1].frame <= frame) this._join();
    this._frame = frame;
    const [motion] = this._motions;
    return motion && motion.frame <= frame ? at(motion, frame) : NOTHING;
  }

  _join() {
    const [shown, next] = this._motions.splice(0, 2);
    this._motions.unshift(rejoin(shown, next, this._frame));
  }

  /** While nobody draws, as in a hidden source, playlists come all the same. */
  _prune({ frame, playlist: { fps: [num, den] } }) {
    const past = frame - (PAST_S * num) / den;
    while (this._motions.length > 2 && (this._motions[1].frame < past || this._motions.length > MOST_MOTIONS)) this._join();
  }

  /** What would hold in an hour, since the service's clock was set back, holds from now. */
  _pull(frame) {
    const last = this._motions[this._motions.length - 1];
    if (!last || !isAhead(last.frame, frame, last.playlist.fps)) return;
    const playlist = { ...last.playlist, frame: secondOf(frame, last.playlist.fps), anchor: null };
    const shown = this._motions.filter((one) => one.frame <= frame).pop();
    const next = shown ? change(shown, playlist, this._ruler) : begin(playlist, this._ruler);
    this._motions = shown ? [shown, next] : [next];
    this.anchor = anchorOf(next, next.frame);
  }
}

/** Others, who had the one before, come from there. */
function misses({ before }, was) {
  return before !== undefined && before !== (was ? was.id : "");
}
