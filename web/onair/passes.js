// What was really on screen, for the as-run log: one pass for each time that words could be seen, from when to when.

import { isKnown, knownOf } from "./carry.js";

export class Passes {
  constructor() {
    this._open = new Map(); // key of what is on screen → its pass
  }

  /** To be told of every picture that is drawn → what is on screen, what has left, and what `playlist` took off. */
  note(frame, { items, strap }, playlist) {
    const seen = strap && strap.level >= 1 ? [] : items.filter(({ isSeen }) => isSeen);
    const passes = seen.map(({ key, item }) => [key, item, false]).concat(strap ? [[strap.key, strap.item, true]] : []);
    const kickers = Boolean(playlist && playlist.look.kicker);
    const open = new Map(passes.map(([key, item, takeover]) => [key, this._seen(key, item, frame, takeover, kickers)]));
    const left = Array.from(this._open).filter(([key]) => !open.has(key));
    this._open = open;
    const known = left.length ? knownOf({ ...playlist, items: [...playlist.takeovers, ...playlist.items] }) : new Map();
    const ran = left.map(([, pass]) => ({ ...pass, covered: !isKnown(pass, known) }));
    return {
      onScreen: Array.from(open.values()).map(({ id, version, text, takeover }) => ({ id, version, text, takeover })),
      ran,
      covered: ran.filter((pass) => pass.covered).map(({ id }) => ({ id, frame })),
    };
  }

  _seen(key, { id, version, text, kicker }, frame, takeover, kickers) {
    const { first } = this._open.get(key) || { first: frame };
    return { id, version, text, ...(kickers && kicker && { kicker }), first, last: frame, takeover };
  }
}
