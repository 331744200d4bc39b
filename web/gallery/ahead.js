import { Bar } from "../onair/bar.js";
import { at, begin } from "../onair/motion.js";

const ROOMS = 1 << 14; // of screen to look ahead at most: when they flip one is a frame wide

/** A bar that can be asked what comes. */
export class Ahead extends Bar {
  /** The id of what enters next, behind all that has entered; null when nothing does, or nothing is known yet. */
  next(frame) {
    const { playlist } = this;
    if (!playlist) return null;
    if (this._of !== playlist) this._motion = begin(playlist, this._face.ruler, this.anchor());
    this._of = playlist;
    const { track, room } = this._motion;
    const gone = at(this._motion, Math.max(frame, playlist.frame)).shift; // a motion begins at 0
    for (let rooms = 2; rooms <= ROOMS; rooms *= 2) {
      const entry = track.between(gone, gone + rooms * room).find(({ x }) => x >= gone + room);
      if (entry) return entry.id;
    }
    return null;
  }
}
