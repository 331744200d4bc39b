/**
 * Where playlists come from: the service's addresses in turn, as a stream of server-sent events, else by asking again
 * and again. There is no giving up, and no error that anybody would see.
 */

import { frameAt, isAhead } from "./frames.js";

const PATIENCE_MS = 3000; // a way may take this long for its first message
const SILENT_MS = 5000; // the service's heart beats every two seconds
const ASK_MS = 1000; // between two questions, where no stream comes through
const BETTER_MS = 10000; // so often a stream is tried again while we ask
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 2000; // a gallery wants it back in seconds
const WAKING = ["online", "pageshow", "focus"];

/** Each way has one shape: way(address, key, hear, over) -> close(). `hear(message)`; `over(retryMs)`: it has ended. */
const WAYS = {
  stream(address, key, hear, over) {
    // Whoever has the key gets in also where a crowd follows without one.
    const stream = new EventSource(address + "/stream" + (key ? "?key=" + encodeURIComponent(key) : ""));
    const take = (event) => {
      const message = read(event.data);
      if (message) hear(message);
      else over();
    };
    for (const type of ["playlist", "heartbeat", "goodbye"]) stream.addEventListener(type, take);
    stream.onerror = () => over();
    return () => stream.close();
  },

  ask(address, key, hear, over) {
    const abort = new AbortController();
    const ask = async () => {
      const answer = await fetch(address + "/playlist.json", { cache: "no-store", credentials: "omit", signal: abort.signal });
      const message = answer.ok && read(await answer.text());
      if (!message) return over();
      hear(message);
      return setTimeout(() => abort.signal.aborted || ask().catch(() => over()), ASK_MS);
    };
    ask().catch(() => over());
    return () => abort.abort();
  },
};

/** What a service says; null for what none of ours would say, such as the page of a proxy. */
function read(text) {
  try {
    const message = JSON.parse(text);
    const known = message.type === "playlist" ? isPlaylist(message) : ["heartbeat", "goodbye"].indexOf(message.type) >= 0;
    return known ? message : null;
  } catch {
    return null;
  }
}

/** Whether it has what the bar goes by. */
export function isPlaylist(it) {
  const lists = ["items", "order", "leaving", "takeovers", "fallback", "fps"];
  if (!it || typeof it.id !== "string" || !Number.isFinite(it.frame) || !lists.every((name) => Array.isArray(it[name]))) return false;
  return it.items.concat(it.takeovers).every((one) => Boolean(one) && typeof one.text === "string");
}

/** Another service that lags behind must not bring back what was killed meanwhile; one of another time may. */
function lags({ frame, now, fps }, shown) {
  return frame < shown.frame && !(Number.isFinite(now) && isAhead(shown.frame, frameAt(now, fps), fps));
}

export class Source {
  /**
   * @param {string[]} addresses of the output at each service, the main one first: https://…/onair/program
   * @param {{playlist: (playlist: any) => void, heard: (now: number) => void, unheard?: () => void}} to
   *        `heard` gets the service's time (ms) of each message, before what is in it; `unheard`: every address has failed
   * @param {string} [key] of the output's pages
   * @param {() => number} random from 0 to 1
   */
  constructor(addresses, to, key = "", random = Math.random) {
    this._ways = [];
    for (const way of ["stream", "ask"]) for (const address of addresses) this._ways.push({ way, address });
    this._to = { unheard: () => {}, ...to };
    this._key = key;
    this._random = random;
    this._place = 0; // in the ways: what is tried, or carries us
    this._failed = 0; // since something was heard
    this._links = []; // what carries us, and behind it a better way on trial
    this._newest = null;
    this._tried = -1; // the stream that was last on trial
    this._wake = () => this._hurry();
  }

  /** @param {any} newest the playlist that is shown until there is one */
  start(newest) {
    this._newest = newest;
    if (!this._ways.length) return; // a page that nobody has told of a service; its host brings the data
    this._looks = setInterval(() => this._check(), 500);
    for (const type of WAKING) addEventListener(type, this._wake);
    this._open(this._place);
  }

  /** For good. */
  stop() {
    clearInterval(this._looks);
    clearTimeout(this._timer);
    for (const type of WAKING) removeEventListener(type, this._wake);
    this._close(() => true);
  }

  /** A playlist from wherever, as from a host's `update`. The same again is news when it has its anchor. @returns {boolean} whether it was */
  take(message, address) {
    const shown = this._newest;
    if (shown && message.id === shown.id && (shown.anchor || !message.anchor)) return false;
    if (shown && address !== shown.address && lags(message, shown)) return false;
    this._newest = { id: message.id, frame: message.frame, anchor: message.anchor, address };
    this._to.playlist(message);
    return true;
  }

  // -- the way to the service

  _open(place) {
    clearTimeout(this._timer);
    const { way, address } = this._ways[place];
    const link = { place, live: false, heardAt: performance.now(), close: () => {} };
    this._links.push(link);
    try {
      const hear = (message) => this._hear(link, message);
      const over = (retryMs) => setTimeout(() => this._over(link, retryMs), 0); // some call before they have returned
      link.close = WAYS[way](address, this._key, hear, over);
    } catch {
      setTimeout(() => this._over(link), 0);
    }
  }

  _hear(link, message) {
    if (this._links.indexOf(link) < 0) return;
    if (message.type === "goodbye") {
      this._over(link, message.retry_ms);
      return;
    }
    link.heardAt = performance.now();
    if (!link.live) this._trust(link);
    this._to.heard(message.now);
    if (message.type === "playlist") this.take(message, this._ways[link.place].address);
  }

  _trust(link) {
    link.live = true;
    this._place = link.place;
    this._failed = 0;
    this._close((one) => one !== link);
    if (this._ways[link.place].way === "ask") this._seekBetter();
  }

  _seekBetter() {
    this._timer = setTimeout(() => {
      this._tried = (this._tried + 1) % (this._ways.length / 2);
      this._open(this._tried);
    }, BETTER_MS * (0.5 + this._random()));
  }

  _over(link, retryMs) {
    const at = this._links.indexOf(link);
    if (at < 0) return; // we have closed it ourselves
    this._close((one) => one === link);
    if (this._links.length) {
      this._seekBetter(); // a trial that has failed
      return;
    }
    // One that said when it is back is asked again; after any other end the next way has its turn.
    const back = retryMs !== undefined;
    this._place = back ? link.place : (link.place + 1) % this._ways.length;
    if (!back && this._place === this._ways.length / 2) this._to.unheard();
    // Full jitter, so that many pages do not come back at one moment.
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.floor(this._failed / this._ways.length));
    this._failed += 1;
    clearTimeout(this._timer);
    const wait = back ? Math.min(retryMs, LONGEST_WAIT_MS) : this._random() * most;
    this._timer = setTimeout(() => this._open(this._place), wait);
  }

  _close(which) {
    const closed = this._links.filter(which);
    this._links = this._links.filter((one) => closed.indexOf(one) < 0);
    for (const link of closed) link.close();
  }

  /** A silent connection is a dead one. */
  _check() {
    for (const link of this._links.slice()) {
      const quiet = performance.now() - link.heardAt;
      if (quiet > (link.live ? SILENT_MS : PATIENCE_MS)) this._over(link);
    }
  }

  /** The machine woke up, or has its network back: no sense in waiting on. */
  _hurry() {
    if (!this._links.length) this._open(this._place);
  }
}
