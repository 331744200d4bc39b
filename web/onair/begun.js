/**
 * Where a page's bar began with its playlist, so that one that is made anew goes on from there and is where other pages
 * are: no service says so of a playlist that came when it was made.
 */
export class Begun {
  constructor() {
    this._id = "";
    this._anchor = null;
    this._rises = false;
  }

  /** Before a bar is taken away. */
  note(bar) {
    const { playlist } = bar;
    if (!playlist || playlist.leaves) return;
    this._id = playlist.id;
    this._anchor = bar.anchor();
  }

  /** The bar goes at once, as its host has said at this frame. */
  leave(bar, playlist, frame) {
    this.note(bar);
    this._rises = true;
    bar.show({ ...playlist, id: `${playlist.id}-`, on: false, stop: "now", frame, takeovers: [], leaves: true });
  }

  /** The playlist for a new bar. One that had left comes again from this frame on, in the midst of what runs. */
  over(playlist, frame) {
    const anchor = playlist.anchor || (playlist.id === this._id ? this._anchor : null);
    const rises = this._rises;
    this._rises = false;
    if (!anchor) return playlist;
    return { ...playlist, anchor: rises ? { ...anchor, since: frame } : anchor };
  }

  /** Nothing that was is trusted any more. */
  forget() {
    this._id = "";
    this._anchor = null;
  }
}
