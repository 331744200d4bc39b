import { Ticker, WAYS } from "../ticker.js";

/** Server-sent events as readers have them, and what only a desk is told. */
Object.assign(WAYS, {
  desk(address, hear, over) {
    const stream = WAYS.sse(address, hear, over);
    for (const type of ["presence", "receipt"]) stream.addEventListener(type, hear);
    return stream;
  },
});

/**
 * The desk is a reader too: of its own stream, in which stands what readers do not see.
 *
 * @typedef {import("./api.js").Record} Record
 */
export class DeskTicker extends Ticker {
  /** @param {string} channel */
  constructor(channel) {
    super({ channel, transports: ["desk"] });
    this._root = new URL(`v1/desk/${encodeURIComponent(channel)}/`, new URL("../../", import.meta.url));
  }

  /** All that is on the desk and on the strip, in order. @returns {Record[]} */
  get records() {
    return /** @type {any} */ (this.headlines);
  }

  /** @param {string} id @returns {Record|undefined} */
  record(id) {
    return /** @type {any} */ (this.board.get(id));
  }
}
