/**
 * Follows one channel and keeps its board true: `new Ticker({ channel: "en" }).start()`.
 * No DOM. Events: "change" {messages}, "state" {state, reason}, "flash" {headline, news}, "retracted" {id, note, headline},
 * and before these "received" {messages}: all that came, as it came.
 */
import { Board, PUTS, TAKES } from "./board.js";

const LONGEST_BACKOFF_MS = 30000;
const BUSY_STEP = 4; // a full server is not asked again within the first short waits
const RESYNC_MS = 10000;
const UPGRADE_MS = 120000;
const BEATS_MISSED = 2.5;
const POLL_WAIT_S = 25;
const POLL_PAUSE_MS = 1000; // a cache that answers at once must not be asked in a circle
const LONGEST_ASKED_MS = 300000; // a server may ask us to wait, but not to stay away
const FRESH_MS = 600000; // an older flash is history: listed, not sounded
const LATE_STEP = 2; // after more failures than these the wait is long enough to be cut short on waking

/**
 * Each way to the server has one shape: way(address, hear, over) -> {close}.
 * `address(path, query)` makes a URL with our position; `hear({data})` takes a message as text, or a list of messages;
 * `over({code, reason, retryMs})` says that this way has ended.
 */
export const WAYS = {
  ws(address, hear, over) {
    const socket = new WebSocket(address("ws").replace("http", "ws"));
    socket.onmessage = hear;
    socket.onclose = over;
    return socket;
  },

  sse(address, hear, over) {
    const stream = new EventSource(address("stream"));
    for (const type of [...PUTS, ...TAKES, "snapshot", "heartbeat", "goodbye", "most_read"]) stream.addEventListener(type, hear);
    stream.onerror = over;
    return stream;
  },

  poll(address, hear, over) {
    const abort = new AbortController();
    const ask = async (wait) => {
      const pause = new Promise((done) => { setTimeout(done, POLL_PAUSE_MS); });
      const answer = await fetch(address("events", { wait }), { signal: abort.signal, credentials: "omit" });
      if (!answer.ok) return over({ retryMs: Number(answer.headers.get("retry-after")) * 1000 });
      hear({ data: (await answer.json()).messages });
      await pause;
      return ask(POLL_WAIT_S);
    };
    ask(0).catch(over); // the first answer comes at once: it proves the way
    return { close: () => abort.abort() };
  },

  /** Another page of this browser has the connection and passes on what it hears: see share.js. */
  peer(address, hear) {
    const floor = new BroadcastChannel(address());
    floor.onmessage = hear;
    floor.postMessage(null);
    return floor;
  },
};

export class Ticker extends EventTarget {
  board = new Board();
  state = "stopped";
  reason = "";
  /** Server time (ms) at which the board was last known to be true; 0 before that. */
  knownAt = 0;
  /** The last snapshot: the channel's title, lang and dir. @type {any} */
  about = null;
  /** @type {any[]} What carries the strip, and behind it a better way on trial. */
  _links = [];
  _offset = 0;
  _everyMs = 15000; // until the server says how often its heart beats
  _resyncMs = RESYNC_MS;
  _flashed = new Set();

  /**
   * @param {{base?: string|URL, channel: string, urgency?: string, section?: string,
   *          transports?: string[], random?: () => number, patience?: number}} options
   *        base: where the server lives, by default where this file came from;
   *        patience: ms a way may take for its first message
   */
  constructor({
    base = new URL("../", import.meta.url), channel, urgency, section,
    transports = ["ws", "sse", "poll"], random = Math.random, patience = 5000,
  }) {
    super();
    this._root = new URL(`v1/channels/${encodeURIComponent(channel)}/`, new URL(base, location.href));
    this._filter = { urgency, section };
    this._ways = transports;
    this._random = random;
    this._patience = patience;
  }

  start() {
    if (this.state !== "stopped") return;
    this._enter("connecting");
    this._beat = setInterval(() => this._check(), 1000);
    this._over = new AbortController();
    const on = (type, act) => addEventListener(type, act, { signal: this._over.signal });
    const wake = () => !document.hidden && this._check() && this._attempt > LATE_STEP && this._again(0);
    on("online", () => {
      this._enter("connecting");
      this._again(0);
    });
    on("offline", () => this._enter("offline"));
    on("pageshow", wake);
    on("visibilitychange", wake);
    this._via(this._ways);
  }

  stop(reason = "") {
    this._over?.abort();
    this._hangUp();
    clearInterval(this._beat);
    this._enter("stopped", reason);
  }

  /** Milliseconds since the epoch by the server's clock. */
  now() {
    return Date.now() + this._offset;
  }

  /** What readers are to see now, in order. */
  get headlines() {
    return this.board.onAir(this.now());
  }

  get transport() {
    return this._links[0]?.name || "";
  }

  // -- the way to the server

  /** From now on by these ways, the best first. What stands on the board stays, and so does the position. */
  _via(ways) {
    this._ways = ways;
    this._attempt = this._way = 0;
    this._connect();
  }

  _connect() {
    this._hangUp();
    this._open(this._way);
  }

  _open(way) {
    const name = this._ways[way];
    const link = /** @type {any} */ ({ way, name, heardAt: Date.now() });
    const over = (why) => this._closed(link, why);
    this._links.push(link);
    try {
      link.wire = WAYS[name]((path, query) => this._address(path, query), ({ data }) => this._hear(link, data), over);
    } catch (error) {
      setTimeout(over, 0, error); // some browsers throw at what a page may not open
    }
  }

  _address(path = "", query = {}) {
    const url = new URL(path, this._root);
    const after = path ? this._position : undefined;
    for (const [name, value] of Object.entries({ ...this._filter, after, ...query })) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url.href;
  }

  _hangUp(but) {
    clearTimeout(this._next);
    for (const { wire } of this._links.filter((link) => link !== but)) wire?.close();
    this._links = this._links.filter((link) => link === but);
  }

  _again(delayMs) {
    this._hangUp();
    if (this.state !== "offline") this._enter("connecting");
    this._next = setTimeout(() => this._connect(), Math.min(delayMs, LONGEST_ASKED_MS));
  }

  /** @param {any} link @param {{code?: number, reason?: string, retryMs?: number}} why */
  _closed(link, { code, reason, retryMs }) {
    const place = this._links.indexOf(link);
    if (place < 0) return; // we hung up ourselves
    this._links.splice(place, 1);
    link.wire?.close();
    if (place > 0) return this._upgrade();
    if (code === 1008) return this.stop(reason);
    if (!link.live) this._way = (link.way + 1) % this._ways.length;
    if (code === 1013) this._attempt = Math.max(this._attempt, BUSY_STEP);
    // Full jitter: a crowd that was cut at one moment does not come back at one moment.
    this._again(retryMs || this._random() * Math.min(LONGEST_BACKOFF_MS, 500 * 2 ** this._attempt));
    this._attempt += 1;
    if (this._attempt > this._ways.length) this._enter("offline");
  }

  /** Runs each second and on waking: a silent connection is a dead one. @returns {boolean} whether there is none */
  _check() {
    for (const link of [...this._links]) {
      const wait = BEATS_MISSED * this._everyMs + (link.name === "poll" ? POLL_WAIT_S * 1000 : 0);
      // Also a clock that was set back.
      if (Math.abs(Date.now() - link.heardAt) > (link.live ? wait : this._patience)) this._closed(link, {});
    }
    // A headline whose time is over leaves by our own clock, also when the server is out of reach.
    if (this.headlines.length < this._onAir) this._changed([]);
    return !this._links.length;
  }

  /** From a lower way now and then a trial of the best, without letting go of what works. */
  _upgrade() {
    this._next = setTimeout(() => this._open(0), UPGRADE_MS * (0.5 + this._random()));
  }

  // -- what it brings

  _hear(link, data) {
    const messages = typeof data === "string" ? [JSON.parse(data)] : data || [];
    const last = messages.at(-1);
    if (!last || !this._links.includes(link)) return;
    if (last.type === "goodbye") return this._closed(link, { retryMs: last.retry_ms });
    if (!link.live) {
      this._hangUp(link); // of a way and a better one the first to speak remains: that on trial
      if (link.way) this._upgrade();
    }
    Object.assign(link, { live: true, heardAt: Date.now() });
    this._attempt = 0;
    this._way = link.way;
    this._emit("received", { messages });
    const applied = messages.filter((message) => this._apply(message));
    if (applied.length) this._changed(applied);
    for (const { confirm } of messages) if (confirm) link.wire.send?.(`{"type":"done","position":"${confirm}"}`);
    if (this._links.includes(link)) this._verify(last); // a listener may have stopped us
  }

  _apply(message) {
    const { type, id, now, headline, headlines = [headline], note } = message;
    const old = this.board.get(id);
    const news = type !== "snapshot" || this.knownAt > 0;
    if (now) this._offset = Date.parse(now) - Date.now();
    this._everyMs = message.every_ms || this._everyMs;
    this.knownAt = message.known_at || this.knownAt;
    this._position = message.position || this._position;
    if (type === "snapshot") this.about = message;
    const changed = this.board.apply(message);
    if (changed && !id) for (const one of headlines) this._sound(one, news);
    if (type === "retracted" && old) this._emit("retracted", { id, note, headline: old });
    return changed;
  }

  _sound(headline, news) {
    const { id, urgency, updated_at: updated, published_at: published } = headline;
    if (urgency !== "flash" || this._flashed.has(id) || !this.board.get(id)) return;
    this._flashed.add(id);
    if (!(this.now() - Date.parse(updated || published) > FRESH_MS)) this._emit("flash", { headline, news });
  }

  _verify({ type, stale, hash }) {
    if (stale) return this._enter("stale");
    if (type === "heartbeat") {
      if (hash && hash !== this.board.hash()) return this._resync();
      this._resyncMs = RESYNC_MS;
    }
    this.knownAt = this.now();
    return this._enter("live");
  }

  /** The board is not the server's: ask for a snapshot, but never in a tight circle. */
  _resync() {
    if (Date.now() < this._resyncAt) return this._enter("stale");
    this._resyncAt = Date.now() + this._resyncMs;
    this._resyncMs *= 2;
    this._position = undefined;
    this._again(0);
  }

  _changed(messages) {
    this._onAir = this.headlines.length;
    this._emit("change", { messages });
  }

  _enter(state, reason = "") {
    if (state === this.state) return;
    Object.assign(this, { state, reason });
    this._emit("state", { state, reason });
  }

  _emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
