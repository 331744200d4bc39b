/**
 * What is on one strip now: the fold of its channel's messages. No DOM, no clock, no network.
 * The server keeps the same board in Python; tests/vectors/board.json drives both.
 *
 * @typedef {object} Headline
 * @property {string} id
 * @property {number} version
 * @property {string} order  a larger string stands earlier
 * @property {string} text
 * @property {boolean} [pinned]
 * @property {string} [expires_at]  RFC 3339
 *
 * @typedef {object} Message
 * @property {string} type
 * @property {Headline} [headline]
 * @property {Headline[]} [headlines]
 * @property {string} [id]
 */

export class Board {
  constructor() {
    /** @type {Map<string, Headline>} */
    this._headlines = new Map();
    /** @type {Set<string>} Ids that may never come back, whatever arrives later. */
    this._killed = new Set();
  }

  /**
   * @param {Message} message
   * @returns {boolean} whether anything a reader sees has changed
   */
  apply(message) {
    switch (message.type) {
      case "snapshot":
        return this._replace(message.headlines || []);
      case "published":
      case "updated":
      case "corrected":
      case "moved":
      case "released":
        return this._put(message.headline);
      case "retracted":
        this._killed.add(message.id);
        return this._headlines.delete(message.id);
      case "held":
      case "expired":
        return this._headlines.delete(message.id);
      default:
        return false;
    }
  }

  /** @param {string} id @returns {Headline|undefined} */
  get(id) {
    return this._headlines.get(id);
  }

  /** @returns {Headline[]} in the order of the strip */
  ordered() {
    return Array.from(this._headlines.values()).sort(before);
  }

  /** @param {number} nowMs @returns {Headline[]} without those whose time has passed */
  onAir(nowMs) {
    return this.ordered().filter(({ expires_at: end }) => !end || Date.parse(end) > nowMs);
  }

  /** @returns {string} equal to the server's when both show the same strip */
  hash() {
    return crc32(this.ordered().map(({ id, version }) => `${id}:${version}`).join("\n"));
  }

  _replace(headlines) {
    const old = this._headlines;
    this._headlines = new Map();
    for (const headline of headlines) {
      if (!this._killed.has(headline.id)) this._headlines.set(headline.id, headline);
    }
    return (
      old.size !== this._headlines.size ||
      Array.from(this._headlines.values()).some((headline) => !same(old.get(headline.id), headline))
    );
  }

  _put(headline) {
    if (this._killed.has(headline.id) || same(this._headlines.get(headline.id), headline)) return false;
    this._headlines.set(headline.id, headline);
    return true;
  }
}

function before(a, b) {
  return (
    Number(Boolean(b.pinned)) - Number(Boolean(a.pinned)) ||
    compare(b.order, a.order) ||
    compare(a.id, b.id)
  );
}

function compare(a, b) {
  return a < b ? -1 : Number(a > b);
}

function same(a, b) {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** CRC-32 (IEEE, as in zlib) of the text's UTF-8, as 8 lower-case hex digits. */
function crc32(text) {
  let sum = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) sum = CRC_TABLE[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return ((sum ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0");
}
