/**
 * Follows one channel and keeps its board true: `new Ticker({ channel: "en" }).start()`.
 * No DOM. Events: "change" {messages}, "state" {state, reason}, "flash" {headline}, "retracted" {id, note, headline},
 * and before these "received" {messages}: all that came, as it came.
 */
import { Board } from "./board.js";

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30000;
const BUSY_BACKOFF_STEP = 4; // a full server is not asked again within the first short waits
const RESYNC_MS = 10000;
const LONGEST_RESYNC_MS = 300000;
const UPGRADE_MS = 30000;
const LONGEST_UPGRADE_MS = 600000;
const EVERY_MS = 15000; // until the server says how often its heart beats
const BEATS_MISSED = 2.5;
const POLL_WAIT_S = 25;
const POLL_PAUSE_MS = 1000; // a cache that answers at once must not be asked in a circle
const OWN_RETRY_MS = 30000; // how long an EventSource that was live may mend itself
const FRESH_FLASH_MS = 600000; // an older flash is history: listed, not sounded
const LONGEST_ASKED_MS = 300000; // a server may ask us to wait, but not to stay away
const WAKE_ATTEMPTS = 2; // after more failures than these the wait is long enough to be cut short on waking
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const POLICY = 1008;
const OVERLOAD = 1013;
const EVENTS = [
  "snapshot", "published", "updated", "corrected", "moved", "released",
  "retracted", "held", "expired", "heartbeat", "goodbye", "most_read",
];

/**
 * The ways to the server have one shape: open({address, after, onMessages, onBroken, onClosed}) -> {close, send?}.
 * `address(path, query)` makes a URL; onBroken: cut, but mending itself; onClosed({code, reason, retryMs}): over.
 */
export const TRANSPORTS = {
  ws({ address, after, onMessages, onClosed }) {
    const socket = new WebSocket(address("ws", { after }).replace(/^http/, "ws"));
    socket.onmessage = ({ data }) => onMessages([data]);
    socket.onclose = ({ code, reason }) => onClosed({ code, reason });
    return {
      send: (frame) => socket.send(frame) || true,
      close() {
        socket.onmessage = null;
        socket.onclose = null;
        socket.close();
      },
    };
  },

  sse({ address, after, onMessages, onBroken, onClosed }) {
    const stream = new EventSource(address("stream", { after }));
    let opened = false;
    stream.onopen = () => { opened = true; };
    for (const type of EVENTS) stream.addEventListener(type, ({ data }) => onMessages([data]));
    stream.onerror = () => {
      // Once it has been answered it comes back by itself, at the pace of the server's `retry:`.
      if (opened && stream.readyState === EventSource.CONNECTING) return onBroken();
      stream.close();
      return onClosed({});
    };
    return { close: () => stream.close() };
  },

  poll({ address, after, onMessages, onClosed }) {
    const abort = new AbortController();
    let wait = 0; // the first answer comes at once: it proves the way
    const loop = async () => {
      for (;;) {
        const asked = Date.now();
        const url = address("events", after ? { after, wait } : {});
        const response = await fetch(url, { signal: abort.signal, credentials: "omit" });
        if (!response.ok) return onClosed({ reason: String(response.status), retryMs: retryAfter(response) });
        const { messages } = await response.json();
        if (abort.signal.aborted) return undefined;
        const before = after;
        after = (messages[messages.length - 1] || {}).position || after;
        onMessages(messages);
        if (abort.signal.aborted) return undefined;
        if (wait && after === before && Date.now() - asked < POLL_PAUSE_MS) await pause(POLL_PAUSE_MS);
        wait = POLL_WAIT_S;
      }
    };
    loop().catch((error) => abort.signal.aborted || onClosed({ reason: String(error) }));
    return { close: () => abort.abort() };
  },

  /** Another page of this browser has the connection and passes on what it hears: see share.js. */
  peer({ address, after, onMessages }) {
    const floor = new BroadcastChannel(address("peer"));
    floor.onmessage = ({ data }) => data.messages && onMessages(data.messages);
    floor.postMessage({ after });
    return { close: () => floor.close() };
  },
};

export class Ticker extends EventTarget {
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
    this.board = new Board();
    this.channel = channel;
    this.state = "stopped";
    this.reason = "";
    /** Server time (ms) at which the board was last known to be true; 0 before that. */
    this.knownAt = 0;
    /** The last snapshot: the channel's title, lang and dir. */
    this.about = null;
    this._base = new URL(base, globalThis.location && globalThis.location.href);
    this._filter = { urgency, section };
    this._transports = transports;
    this._random = random;
    this._patience = patience;
    this._position = undefined;
    this._clockOffset = 0;
    this._everyMs = EVERY_MS;
    this._attempt = 0;
    this._preferred = 0; // index of the way in use or to be tried next
    this._link = null;
    this._better = null; // a better way on trial while _link still carries the strip
    this._resyncedAt = -Infinity;
    this._resyncMs = RESYNC_MS;
    this._flashed = new Set();
    this._timers = {};
    this._wake = () => {
      if (globalThis.document && document.hidden) return;
      if (this._link) this._check();
      else if (this._attempt > WAKE_ATTEMPTS) this._reconnect(0);
    };
    this._online = () => this._reconnect(0);
    this._offline = () => this._enter("offline");
  }

  start() {
    if (this.state !== "stopped") return;
    this._attempt = 0;
    this._preferred = 0;
    this._enter("connecting");
    this._timers.check = setInterval(() => this._check(), 1000);
    this._listen("addEventListener");
    this._begin();
  }

  _begin() {
    this._connect();
  }

  stop(reason = "") {
    if (this.state === "stopped") return;
    this._listen("removeEventListener");
    this._hangUp();
    clearInterval(this._timers.check);
    clearTimeout(this._timers.expiry);
    this._enter("stopped", reason);
  }

  /** Milliseconds since the epoch by the server's clock. */
  now() {
    return Date.now() + this._clockOffset;
  }

  get transport() {
    return this._link ? this._transports[this._link.index] : "";
  }

  // -- the way to the server

  _connect() {
    this._hangUp();
    this._link = this._open(this._preferred);
  }

  /** From now on by these ways, the best first. What stands on the board stays, and so does the position. */
  _via(transports) {
    this._transports = transports;
    this._attempt = 0;
    this._preferred = 0;
    this._connect();
  }

  _open(index) {
    const link = { index, live: false, since: Date.now(), limit: this._patience };
    const current = (act) => (...args) => {
      if (link === this._link || link === this._better) act(...args);
    };
    return Object.assign(link, TRANSPORTS[this._transports[index]]({
      address: (path, query) => this._address(path, query),
      after: this._position,
      onMessages: current((messages) => this._receive(link, messages)),
      onBroken: current(() => this._broken(link)),
      onClosed: current((why) => this._closed(link, why)),
    }));
  }

  _address(path, query) {
    const url = new URL(`v1/channels/${encodeURIComponent(this.channel)}/${path}`, this._base);
    for (const [name, value] of Object.entries({ ...this._filter, ...query })) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url.href;
  }

  _hangUp() {
    clearTimeout(this._timers.connect);
    clearTimeout(this._timers.upgrade);
    for (const link of [this._link, this._better]) if (link) link.close();
    this._link = null;
    this._better = null;
  }

  _reconnect(delayMs) {
    this._hangUp();
    if (this.state !== "offline") this._enter("connecting");
    this._timers.connect = setTimeout(() => this._connect(), Math.min(delayMs, LONGEST_ASKED_MS));
  }

  _closed(link, { code, reason, retryMs }) {
    link.close();
    if (link === this._better) {
      this._better = null;
      return undefined; // the next trial is already set
    }
    if (code === POLICY) return this.stop(reason || "refused");
    if (!link.live) this._preferred = (link.index + 1) % this._transports.length;
    if (code === OVERLOAD) this._attempt = Math.max(this._attempt, BUSY_BACKOFF_STEP);
    const delayMs = retryMs === undefined ? this._backoff() : retryMs;
    this._attempt += 1;
    this._reconnect(delayMs);
    if (this._attempt > this._transports.length) this._enter("offline");
    return undefined;
  }

  /** Full jitter: a crowd that was cut at one moment does not come back at one moment. */
  _backoff() {
    return this._random() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this._attempt);
  }

  _broken(link) {
    link.since = Date.now();
    link.limit = link.live ? OWN_RETRY_MS : this._patience;
    if (link === this._link) this._enter("connecting");
  }

  /** Runs each second and on waking: a silent connection is a dead one. */
  _check() {
    for (const link of [this._link, this._better]) {
      if (!link) continue;
      const silence = Date.now() - link.since;
      if (silence < 0) link.since = Date.now(); // the clock was set back
      if (silence > link.limit) this._closed(link, { reason: "silent" });
    }
  }

  _listen(verb) {
    if (!globalThis[verb]) return;
    globalThis[verb]("online", this._online);
    globalThis[verb]("offline", this._offline);
    globalThis[verb]("pageshow", this._wake);
    if (globalThis.document) document[verb]("visibilitychange", this._wake);
  }

  _planUpgrade(delayMs) {
    clearTimeout(this._timers.upgrade);
    if (!this._link || this._link.index === 0) return;
    this._timers.upgrade = setTimeout(() => {
      if (!this._better) this._better = this._open(0);
      this._planUpgrade(Math.min(2 * delayMs, LONGEST_UPGRADE_MS));
    }, delayMs * (0.5 + this._random()));
  }

  // -- what it brings

  _receive(link, received) {
    const messages = received.map(parse).filter(Boolean);
    if (messages.length === 0) return;
    const goodbye = messages.find(({ type }) => type === "goodbye");
    if (goodbye && link === this._better) return void this._closed(link, {});
    this._heard(link);
    this._emit("received", { messages });
    const applied = messages.filter((message) => this._apply(message));
    if (applied.length > 0) this._changed(applied);
    if (this.state === "stopped") return; // a listener may have stopped us
    if (goodbye) this._reconnect(Math.max(0, Number(goodbye.retry_ms) || 0));
    else this._verify(messages[messages.length - 1]);
  }

  _heard(link) {
    if (link === this._better) {
      this._link.close();
      this._link = link;
      this._better = null;
    }
    const first = !link.live;
    link.live = true;
    link.since = Date.now();
    this._attempt = 0;
    this._preferred = link.index;
    if (first) this._planUpgrade(UPGRADE_MS);
  }

  _apply(message) {
    if (message.now) this._clockOffset = Date.parse(message.now) - Date.now();
    if (message.every_ms) this._everyMs = message.every_ms;
    if (message.position) this._position = message.position;
    if (message.known_at) this.knownAt = message.known_at;
    if (message.type === "snapshot") this.about = message;
    const old = message.id && this.board.get(message.id);
    const changed = this.board.apply(message);
    if (message.type === "snapshot") this._sound(message.headlines || [], this.knownAt > 0);
    if (message.headline && changed) this._sound([message.headline], true);
    if (message.type === "retracted" && old) {
      this._emit("retracted", { id: message.id, note: message.note, headline: old });
    }
    return changed;
  }

  _sound(headlines, aloud) {
    for (const headline of headlines) {
      if (headline.urgency !== "flash" || this._flashed.has(headline.id)) continue;
      this._flashed.add(headline.id);
      const age = this.now() - Date.parse(headline.updated_at || headline.published_at || "");
      if (aloud && this.board.get(headline.id) && !(age > FRESH_FLASH_MS)) this._emit("flash", { headline });
    }
  }

  _verify(message) {
    const link = this._link;
    const polls = this._transports[link.index] === "poll" ? POLL_WAIT_S * 1000 : 0;
    link.limit = BEATS_MISSED * this._everyMs + polls;
    if (message.type === "heartbeat" && message.stale) return this._enter("stale");
    if (message.type === "heartbeat" && message.hash && message.hash !== this.board.hash()) return this._resync();
    if (message.type === "heartbeat") this._resyncMs = RESYNC_MS;
    this.knownAt = this.now();
    return this._enter("live");
  }

  /** The board is not the server's: ask for a snapshot, but never in a tight circle. */
  _resync() {
    if (Date.now() - this._resyncedAt < this._resyncMs) return this._enter("stale");
    if (this._resyncedAt > 0) this._resyncMs = Math.min(2 * this._resyncMs, LONGEST_RESYNC_MS);
    this._resyncedAt = Date.now();
    this._position = undefined;
    return this._reconnect(0);
  }

  _changed(messages) {
    this._planExpiry();
    this._emit("change", { messages });
  }

  /** A headline whose time is over leaves by our own clock, also when the server is out of reach. */
  _planExpiry() {
    clearTimeout(this._timers.expiry);
    const now = this.now();
    const ends = this.board.onAir(now).map(({ expires_at: end }) => (end ? Date.parse(end) : Infinity));
    const next = Math.min(...ends) - now;
    if (next < LONGEST_TIMER_MS) this._timers.expiry = setTimeout(() => this._changed([]), next + 1);
  }

  _enter(state, reason = "") {
    if (state === this.state && reason === this.reason) return;
    this.state = state;
    this.reason = reason;
    this._emit("state", { state, reason });
  }

  _emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function parse(received) {
  if (typeof received !== "string") return received;
  try {
    return JSON.parse(received);
  } catch (error) {
    return null; // half a message says nothing; the next hash will tell
  }
}

function retryAfter(response) {
  const seconds = Number(response.headers.get("retry-after") || NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

function pause(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
