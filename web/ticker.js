/**
 * Follows one channel and keeps its board true: `new Ticker({ channel: "en" }).start()`.
 * No DOM. Events: "change" {messages}, "state" {state, reason}, "flash" {headline}, "retracted" {id, note, headline},
 * and before these "received" {messages}: all that came, as it came.
 */
import { Board, PUTS, TAKES } from "./board.js";

const LONGEST_BACKOFF_MS = 30000;
const BUSY_STEP = 4; // a full server is not asked again within the first short waits
const RESYNC_MS = 10000;
const UPGRADE_MS = 30000;
const LONGEST_UPGRADE_MS = 600000;
const BEATS_MISSED = 2.5;
const POLL_WAIT_S = 25;
const POLL_PAUSE_MS = 1000; // a cache that answers at once must not be asked in a circle
const LONGEST_ASKED_MS = 300000; // a server may ask us to wait, but not to stay away
const FRESH_MS = 600000; // an older flash is history: listed, not sounded
const LATE_STEP = 2; // after more failures than these the wait is long enough to be cut short on waking

/**
 * Each way to the server has one shape: way({address, hear, over}) -> {close}.
 * `address(path, query)` makes a URL with our position; `hear` takes messages, parsed or not; `over({code, reason,
 * retryMs})` says that this way has ended.
 */
export const WAYS = {
  ws({ address, hear, over }) {
    const socket = new WebSocket(address("ws").replace("http", "ws"));
    socket.onmessage = ({ data }) => hear([data]);
    socket.onclose = over;
    return socket;
  },

  sse({ address, hear, over }) {
    const stream = new EventSource(address("stream"));
    for (const type of [...PUTS, ...TAKES, "snapshot", "heartbeat", "goodbye", "most_read"]) {
      stream.addEventListener(type, ({ data }) => hear([data]));
    }
    stream.onerror = () => over({});
    return stream;
  },

  poll({ address, hear, over }) {
    const abort = new AbortController();
    const ask = async (wait) => {
      const asked = Date.now();
      const answer = await fetch(address("events", { wait }), { signal: abort.signal, credentials: "omit" });
      if (!answer.ok) return over({ retryMs: Number(answer.headers.get("retry-after")) * 1000 });
      hear((await answer.json()).messages);
      return setTimeout(() => ask(POLL_WAIT_S).catch(over), asked + POLL_PAUSE_MS - Date.now());
    };
    ask(0).catch(over); // the first answer comes at once: it proves the way
    return { close: () => abort.abort() };
  },

  /** Another page of this browser has the connection and passes on what it hears: see share.js. */
  peer({ address, hear }) {
    const floor = new BroadcastChannel(address());
    floor.onmessage = ({ data }) => data && hear(data);
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
  _offset = 0;
  _everyMs = 15000; // until the server says how often its heart beats
  _resyncedAt = 0;
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
    on("online", () => this._again(0));
    on("offline", () => this._enter("offline"));
    on("pageshow", wake);
    on("visibilitychange", wake);
    this._via(this._ways);
  }

  stop(reason = "") {
    if (this._over) this._over.abort();
    this._hangUp();
    clearInterval(this._beat);
    this._enter("stopped", reason);
  }

  /** Milliseconds since the epoch by the server's clock. */
  now() {
    return Date.now() + this._offset;
  }

  get transport() {
    return this._link ? this._link.name : "";
  }

  // -- the way to the server

  /** From now on by these ways, the best first. What stands on the board stays, and so does the position. */
  _via(ways) {
    this._ways = ways;
    this._attempt = 0;
    this._way = 0;
    this._connect();
  }

  _connect() {
    this._hangUp();
    this._link = this._open(this._way);
  }

  _open(way) {
    const name = this._ways[way];
    const link = { way, name, _live: false, _since: Date.now(), _limit: this._patience, _wire: { close() {} } };
    const over = (why) => this._closed(link, why);
    try {
      const hear = (messages) => this._hear(link, messages);
      link._wire = WAYS[name]({ address: (path, query) => this._address(path, query), hear, over });
    } catch (error) {
      setTimeout(over, 0, error); // some browsers throw at what a page may not open
    }
    return link;
  }

  _address(path = "", query = {}) {
    const url = new URL(path, this._root);
    const after = path ? this._position : undefined;
    for (const [name, value] of Object.entries({ ...this._filter, after, ...query })) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url.href;
  }

  _hangUp() {
    clearTimeout(this._retry);
    clearTimeout(this._upgrade);
    for (const link of [this._link, this._trial]) if (link) link._wire.close();
    this._link = null;
    this._trial = null; // a better way on trial while _link still carries the strip
  }

  _again(delayMs) {
    this._hangUp();
    if (this.state !== "offline") this._enter("connecting");
    this._retry = setTimeout(() => this._connect(), Math.min(delayMs, LONGEST_ASKED_MS));
  }

  /** @param {any} link @param {{code?: number, reason?: string, retryMs?: number}} why */
  _closed(link, { code, reason, retryMs }) {
    link._wire.close();
    if (link === this._trial) this._trial = null;
    if (link !== this._link) return;
    if (code === 1008) return void this.stop(reason);
    if (!link._live) this._way = (link.way + 1) % this._ways.length;
    if (code === 1013) this._attempt = Math.max(this._attempt, BUSY_STEP);
    // Full jitter: a crowd that was cut at one moment does not come back at one moment.
    this._again(retryMs || this._random() * Math.min(LONGEST_BACKOFF_MS, 500 * 2 ** this._attempt));
    this._attempt += 1;
    if (this._attempt > this._ways.length) this._enter("offline");
  }

  /** Runs each second and on waking: a silent connection is a dead one. @returns {boolean} whether there is none */
  _check() {
    for (const link of [this._link, this._trial]) {
      if (link && Date.now() < link._since) link._since = Date.now(); // the clock was set back
      if (link && Date.now() - link._since > link._limit) this._closed(link, {});
    }
    // A headline whose time is over leaves by our own clock, also when the server is out of reach.
    if (this.board.onAir(this.now()).length < this._onAir) this._changed([]);
    return !this._link;
  }

  _planUpgrade(delayMs) {
    this._upgrade = setTimeout(() => {
      this._trial = this._trial || this._open(0);
      this._planUpgrade(Math.min(2 * delayMs, LONGEST_UPGRADE_MS));
    }, delayMs * (0.5 + this._random()));
  }

  // -- what it brings

  _hear(link, received) {
    const messages = received.map(parsed).filter(Boolean);
    const goodbye = messages.find(({ type }) => type === "goodbye");
    if (link === this._trial && !goodbye) {
      this._link._wire.close();
      this._link = link;
      this._trial = null;
      clearTimeout(this._upgrade);
    }
    if (link !== this._link || !messages.length) return;
    if (!link._live && link.way) this._planUpgrade(UPGRADE_MS);
    link._live = true;
    link._since = Date.now();
    this._attempt = 0;
    this._way = link.way;
    this._emit("received", { messages });
    const applied = messages.filter((message) => this._apply(message) || message.type === "snapshot");
    if (applied.length) this._changed(applied);
    for (const { confirm } of messages) if (confirm) link._wire.send?.(`{"type":"done","position":"${confirm}"}`);
    if (goodbye) this._again(goodbye.retry_ms);
    else if (link === this._link) this._verify(link, messages[messages.length - 1]); // a listener may have stopped us
  }

  _apply(message) {
    const { type, id, headline, headlines = [headline] } = message;
    const news = type !== "snapshot" || this.knownAt;
    if (message.now) this._offset = Date.parse(message.now) - Date.now();
    this._everyMs = message.every_ms || this._everyMs;
    this._position = message.position || this._position;
    this.knownAt = message.known_at || this.knownAt;
    if (type === "snapshot") this.about = message;
    const old = this.board.get(id);
    const changed = this.board.apply(message);
    if (changed) headlines.forEach((one) => one && this._sound(one, news));
    if (type === "retracted" && old) this._emit("retracted", { id, note: message.note, headline: old });
    return changed;
  }

  _sound(headline, aloud) {
    if (headline.urgency !== "flash" || this._flashed.has(headline.id)) return;
    this._flashed.add(headline.id);
    const old = this.now() - Date.parse(headline.updated_at || headline.published_at) > FRESH_MS;
    if (aloud && !old && this.board.get(headline.id)) this._emit("flash", { headline });
  }

  _verify(link, { type, stale, hash }) {
    link._limit = BEATS_MISSED * this._everyMs + (link.name === "poll" ? POLL_WAIT_S * 1000 : 0);
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
    if (Date.now() - this._resyncedAt < this._resyncMs) return this._enter("stale");
    if (this._resyncedAt) this._resyncMs *= 2;
    this._resyncedAt = Date.now();
    this._position = undefined;
    return this._again(0);
  }

  _changed(messages) {
    this._onAir = this.board.onAir(this.now()).length;
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

function parsed(received) {
  try {
    return typeof received === "string" ? JSON.parse(received) : received;
  } catch (error) {
    return null; // half a message says nothing; the next hash will tell
  }
}
