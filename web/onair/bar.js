// The bar: a motion, drawn. No time and no network: whoever owns it says when and what.
//
//   bar = new Bar(root, {logo?: address of a picture, guides?: true shows the safe area})
//   bar.show(playlist)        as soon as it is there; it holds from its own frame, and what it no longer has is covered
//                             at once. Until fonts and logo are there the newest one waits. The same id does nothing, but to
//                             a page that is apart: then its anchor says where others are.
//   bar.draw(frame)           once per frame; reads no layout → {
//       state: "on" | "off" | "fallback" | "blank",   blank: on, and yet nothing can be read: an alarm, or a kill
//       onScreen: [{id, version, text, takeover}],     whose words can be seen in this frame
//       ran: [{id, version, text, first, last, takeover, covered}],   whose way has ended since the last draw
//       covered: [{id, frame}],                        what a kill took off the screen: this is the first frame without
//     }
//     Lines have ids of their own: "fallback:0", "lead-in:0", "lead-out:0".
//   bar.end()                 the last there is of `ran` and `covered`: what is on screen has run until the last frame
//   bar.ready                 a promise: fonts and logo are there
//   bar.playlist              the newest one that has been taken, or null
//   bar.anchor()              for that playlist, as a report carries it, or null
//   bar.isApart               others may have come to that playlist from another one
//   bar.remove()

import { Face } from "./face.js";
import { isAhead, momentOf } from "./frames.js";
import { Passes } from "./passes.js";
import { Timeline } from "./timeline.js";

const FAR = 1 << 16; // px of track on one layer, which then begins anew: beyond some millions a place is no whole pixel

export class Bar {
  constructor(root, { logo = "", guides = false } = {}) {
    this._face = new Face(root, { logo, guides });
    this._timeline = new Timeline();
    this._passes = new Passes();
    this._nodes = new Map(); // key of an item on the track → its element
    this._base = 0; // the place on the track at which the layer begins
    this._strap = "";
    this._frame = -Infinity; // that was drawn last
    this._waiting = null; // for the fonts, or in another look for its frame
    this._isReady = false;
    this.ready = this._face.ready().then(() => {
      this._isReady = true;
      if (this._waiting) this.show(this._waiting);
    });
  }

  get playlist() {
    return this._timeline.playlist;
  }

  anchor() {
    return this._timeline.anchor;
  }

  get isApart() {
    return this._timeline.isApart;
  }

  show(playlist) {
    this._waiting = playlist;
    if (!this._isReady) return;
    if (this._face.isDressed() && !this._face.suits(playlist) && !this._isDue(playlist)) {
      this._timeline.cover(playlist); // what is on screen stays as it looks until then
      return;
    }
    this._waiting = null;
    if (!this._face.suits(playlist)) this._clear(playlist);
    this._face.measure(playlist);
    this._timeline.take(playlist, this._face.ruler);
  }

  draw(frame) {
    this._frame = frame;
    if (this._waiting && this._isDue(this._waiting)) this.show(this._waiting);
    const picture = this._timeline.at(frame);
    const { playlist } = this._timeline;
    if (playlist) {
      this._face.rise(picture.level);
      this._face.tell(momentOf(frame, playlist.fps));
      this._track(picture);
      this._take(picture.strap);
    }
    return { state: picture.state, ...this._passes.note(frame, picture, this._waiting || playlist) };
  }

  end() {
    return this._passes.note(this._frame, { items: [], strap: null }, this._waiting || this.playlist);
  }

  remove() {
    this._face.remove();
  }

  /** Or it is so far ahead that the clock was set back, or that nobody draws: then nothing is waited for. */
  _isDue({ frame, fps }) {
    return frame <= this._frame || isAhead(frame, this._frame, fps);
  }

  _clear(playlist) {
    this._face.dress(playlist);
    this._nodes.clear();
    this._strap = "";
  }

  _track({ items, shift, flips }) {
    const base = Math.floor(shift / FAR) * FAR;
    const isMoved = base !== this._base;
    this._base = base;
    const keys = new Set(items.map(({ key }) => key));
    for (const [key, node] of this._nodes)
      if (!keys.has(key)) {
        node.remove();
        this._nodes.delete(key);
      }
    for (const one of items) {
      const isNew = !this._nodes.has(one.key);
      if (isNew) this._nodes.set(one.key, this._face.put(one.item));
      const node = this._nodes.get(one.key);
      if (flips) this._face.turn(node, one);
      else if (isNew || isMoved) this._face.place(node, one.place - base);
      this._face.mark(node, one);
    }
    this._face.move(flips ? 0 : shift - base);
  }

  _take(strap) {
    const key = strap ? strap.key : "";
    if (key !== this._strap) this._face.take(strap && strap.item);
    this._strap = key;
    if (strap) this._face.lift(strap);
  }
}
