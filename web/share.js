import { Ticker } from "./ticker.js";

const REST_MS = 60000; // a page that nobody looks at for so long needs no stream

/**
 * One connection per browser: the page that holds the lock leads and talks to the server, the others listen to it.
 * The lock passes on by itself when a page goes; where there are no locks each page has its own connection.
 */
export class SharedTicker extends Ticker {
  /** @type {AbortController|null} */
  _joined = null;
  /** @type {BroadcastChannel|null} where a leader speaks */
  _floor = null;

  /** @param {any} options those of Ticker, and restMs */
  constructor({ restMs = REST_MS, ...options }) {
    super(options);
    this._server = this._ways;
    this._restMs = restMs;
  }

  start() {
    super.start();
    addEventListener("visibilitychange", () => this._look(), { signal: this._over.signal });
    this._look();
  }

  stop(reason) {
    clearTimeout(this._rest);
    this._leave();
    super.stop(reason);
  }

  /** A frame on the WebSocket, where this page has it open. @param {string} frame @returns {boolean} whether it has */
  send(frame) {
    const open = this.transport === "ws" && this.state === "live";
    if (open) this._links[0].wire.send(frame);
    return open;
  }

  _look() {
    clearTimeout(this._rest);
    if (document.hidden) this._rest = setTimeout(() => this._leave(), this._restMs);
    else if (!this._joined && !this._links.length) this._via(this._ways);
    // A page that went to the background may lead and sleep, as on a phone: ask, and do not wait for its silence.
    else if (this.transport === "peer") this._connect();
  }

  _emit(type, detail) {
    if (type === "received") this._tell(detail.messages);
    if (type === "state") this._tell(this._doubt());
    // No leader answers, and none has gone: it hangs.
    if (detail.state === "offline" && this._attempt && this._ways !== this._server) this._ask({ steal: true });
    super._emit(type, detail);
  }

  _via(ways) {
    if (this._joined || !navigator.locks) return super._via(ways);
    this._joined = new AbortController();
    super._via(["peer"]);
    return this._ask({ signal: this._joined.signal });
  }

  async _ask(options) {
    const joined = this._joined;
    try {
      await navigator.locks.request(this._address(), options, () => joined === this._joined && this._lead());
    } catch (error) {
      if (joined !== this._joined) return;
      this._yield();
      const stolen = error.name === "AbortError"; // another had heard nothing from us
      super._via(stolen ? ["peer"] : this._server); // else a sandbox, that shares nothing
      if (stolen) this._ask({ signal: joined.signal });
    }
  }

  _lead() {
    this._floor = new BroadcastChannel(this._address());
    this._floor.onmessage = ({ data }) => data || this._tell([...this._whole(), ...this._doubt()]);
    super._via(this._server);
    return new Promise((/** @type {any} */ resolve) => { this._resolve = resolve; });
  }

  /** The board as this page knows it, for one that has just come. */
  _whole() {
    const { about } = this;
    const now = new Date(this.now()).toISOString();
    return about ? [{ ...about, now, position: this._position, known_at: this.knownAt, headlines: this.board.ordered() }] : [];
  }

  _doubt() {
    return this.state === "live" ? [] : [{ type: "heartbeat", stale: true, known_at: this.knownAt }];
  }

  _tell(messages) {
    this._floor?.postMessage(messages);
  }

  _yield() {
    this._floor?.close();
    this._floor = null;
    this._resolve?.();
  }

  /** Quiet until somebody looks again; then it goes on from its position. */
  _leave() {
    this._joined?.abort();
    this._joined = null;
    this._yield();
    this._hangUp();
    this._attempt = 0;
    if (this.state !== "stopped") this._enter("connecting");
  }

  _again(delayMs) {
    if (this._joined || !navigator.locks) super._again(delayMs);
  }
}
