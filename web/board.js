/**
 * What is on one strip now: the fold of its channel's messages. No DOM, no clock, no network.
 * The server keeps the same board in Python; tests/vectors/board.json drives both.
 *
 * @typedef {object} Headline
 * @property {string} id
 * @property {number} version
 * @property {string} order  a larger string stands earlier
 * @property {string} text
 * @property {string} [urgency]  flash, urgent, bulletin or routine
 * @property {string} [kicker]
 * @property {string} [link]
 * @property {string} [lang]
 * @property {string} [dir]
 * @property {boolean} [pinned]
 * @property {string} [correction]
 * @property {string} [published_at]  RFC 3339, as all times
 * @property {string} [updated_at]
 * @property {string} [raised_at]
 * @property {string} [expires_at]
 *
 * @typedef {object} Message
 * @property {string} type
 * @property {Headline} [headline]
 * @property {Headline[]} [headlines]
 * @property {string} [id]
 */

export const PUTS = ["published", "updated", "corrected", "moved", "released"];
export const TAKES = ["retracted", "held", "expired"];

export class Board {
  /** @type {Map<string, Headline>} */
  _headlines = new Map();
  /** @type {Set<string>} Ids that may never come back, whatever arrives later. */
  _killed = new Set();

  /**
   * @param {Message} message
   * @returns {boolean} whether a reader may see a change
   */
  apply({ type, id, headline, headlines = [headline] }) {
    if (type === "retracted") this._killed.add(id);
    if (TAKES.includes(type)) return this._headlines.delete(id);
    const old = this._headlines;
    let changed = type === "snapshot";
    if (changed) this._headlines = new Map();
    else if (!PUTS.includes(type)) return false;
    for (const one of headlines) if (!this._killed.has(one.id)) {
      const had = old.get(one.id);
      const news = JSON.stringify(one) !== JSON.stringify(had);
      this._headlines.set(one.id, news ? one : had); // who drew it need not draw it again
      changed ||= news;
    }
    return changed;
  }

  /** @param {string} id @returns {Headline|undefined} */
  get(id) {
    return this._headlines.get(id);
  }

  /** @returns {Headline[]} in the order of the strip */
  ordered() {
    return [...this._headlines.values()].sort((a, b) => compare(rank(b), rank(a)) || compare(a.id, b.id));
  }

  /** @param {number} nowMs @returns {Headline[]} without those whose time has passed */
  onAir(nowMs) {
    return this.ordered().filter(({ expires_at: end }) => !end || Date.parse(end) > nowMs);
  }

  /** @returns {string} equal to the server's when both show the same strip: CRC-32 as in zlib */
  hash() {
    let sum = -1;
    for (const byte of new TextEncoder().encode(this.ordered().map(({ id, version }) => `${id}:${version}`).join("\n"))) {
      sum ^= byte;
      for (let bit = 8; bit; bit -= 1) sum = (sum >>> 1) ^ (sum & 1 && 0xedb88320);
    }
    return (~sum >>> 0).toString(16).padStart(8, "0");
  }
}

/** What is pinned stands before all that is not. @param {Headline} headline */
function rank({ pinned, order }) {
  return (pinned ? 1 : 0) + order;
}

function compare(a, b) {
  return (a > b ? 1 : 0) - (a < b ? 1 : 0);
}
