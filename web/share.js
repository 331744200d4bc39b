import { Ticker } from "./ticker.js";

const REST_MS = 60000; // a page that nobody looks at for so long needs no stream

/**
 * One connection per browser: the page that holds the lock leads and talks to the server, the others listen to it.
 * The lock passes on by itself when a page goes; where there are no locks each page has its own connection.
 */
export class SharedTicker extends Ticker {
  constructor({ restMs = REST_MS, ...options }) {
    super(options);
    this._ways = this._transports;
    this._restMs = restMs;
    this._joined = null;
    this._floor = null; // where a leader speaks
    this._look = () => this._looked();
    this._leave = () => this._rest();
    this.addEventListener("received", ({ detail }) => this._tell(detail.messages));
    this.addEventListener("state", () => this._stateChanged());
  }

  get leads() {
    return this._floor !== null;
  }

  /** A frame on the open WebSocket. @returns {boolean} whether there was one */
  send(frame) {
    return this.leads && this.transport === "ws" && this._link.live && this._link.send(frame);
  }

  _begin() {
    this._lookout("addEventListener");
    this._looked();
    if (!this._joined) this._join(); // even a page in the background gets its first board
  }

  stop(reason) {
    this._lookout("removeEventListener");
    clearTimeout(this._timers.rest);
    this._part();
    super.stop(reason);
  }

  _lookout(verb) {
    document[verb]("visibilitychange", this._look);
    for (const type of ["pageshow", "resume"]) globalThis[verb](type, this._look);
    for (const type of ["pagehide", "freeze"]) globalThis[verb](type, this._leave);
  }

  _looked() {
    clearTimeout(this._timers.rest);
    if (document.hidden) this._timers.rest = setTimeout(this._leave, this._restMs);
    else if (!this._joined) this._join();
  }

  _join() {
    this._joined = new AbortController();
    if (!navigator.locks) return this._via(this._ways);
    this._via(["peer"]);
    return this._ask({ signal: this._joined.signal });
  }

  async _ask(options) {
    const joined = this._joined;
    try {
      await navigator.locks.request(this._address("peer"), options, () => joined === this._joined && this._lead());
    } catch (error) {
      if (joined !== this._joined) return;
      this._abdicate();
      if (error.name !== "AbortError") return void this._via(this._ways); // a sandbox that shares nothing
      this._via(["peer"]); // another took over: it had heard nothing from us
      this._ask({ signal: joined.signal });
    }
  }

  _lead() {
    if (this._floor) return undefined;
    this._floor = new BroadcastChannel(this._address("peer"));
    this._floor.onmessage = ({ data }) => {
      if (!data.messages) this._tell([...this._whole(), ...this._doubt()]);
    };
    this._via(this._ways);
    return new Promise((resolve) => { this._yield = resolve; });
  }

  /** The board as this page knows it, for one that has just come. */
  _whole() {
    const { about, board, knownAt } = this;
    const now = new Date(this.now()).toISOString();
    const known = { now, position: this._position, known_at: knownAt, hash: board.hash(), headlines: board.ordered() };
    return about ? [{ ...about, ...known }] : [];
  }

  _doubt() {
    return this.state === "live" ? [] : [{ type: "heartbeat", stale: true, known_at: this.knownAt }];
  }

  _tell(messages) {
    const told = messages.filter(({ type }) => type !== "goodbye");
    if (this._floor && told.length) this._floor.postMessage({ messages: told });
  }

  _stateChanged() {
    this._tell(this._doubt());
    // No leader answers, and none has gone: it hangs.
    const mute = this.state === "offline" && this._attempt > 0 && this._transports[0] === "peer";
    if (mute && this._joined) this._ask({ steal: true });
  }

  _abdicate() {
    if (this._floor) this._floor.close();
    this._floor = null;
    if (this._yield) this._yield();
  }

  _part() {
    const joined = this._joined;
    this._joined = null;
    if (joined) joined.abort();
    this._abdicate();
  }

  /** Quiet until somebody looks again; then it goes on from its position. */
  _rest() {
    this._part();
    this._hangUp();
    this._attempt = 0;
    if (this.state !== "stopped") this._enter("connecting");
  }

  _reconnect(delayMs) {
    if (this._joined) super._reconnect(delayMs);
  }
}
