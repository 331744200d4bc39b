/** What the service tells of all outputs; endless in its retries, and honest about how old it is. */
import { Clock } from "../onair/clock.js";

const LOOK_MS = 1000; // between looks at whether it is silent
const SILENT_MS = 4000; // pages report each second, and so something comes each second
const AHEAD_MS = 2000; // that an answer may know more than the process that we listen to

/** @fires state {state: "live" | "stale"} @fires output the whole state of one */
export class Watch extends EventTarget {
  /** @type {Map<string, any>} */
  states = new Map();
  /** @type {Map<string, number>} when an answer last brought a state */
  answeredAt = new Map();
  state = "connecting";
  clock = new Clock(Date.now() - performance.now());

  start() {
    this.heardAt = performance.now(); // ms, of a clock that nobody sets
    this.open();
    setInterval(() => this.check(), LOOK_MS);
  }

  /** The service's clock, ms. */
  now() {
    return this.clock.now(performance.now());
  }

  open() {
    if (this.stream) this.stream.close();
    this.openedAt = performance.now();
    this.stream = new EventSource("/v1/onair/stream");
    this.stream.onmessage = ({ data }) => this.hear(JSON.parse(data));
    this.stream.onerror = () => this.check();
  }

  hear(told) {
    const { name } = told.output;
    const before = this.states.get(name);
    if (!told.playlist && !before) return;
    this.heardAt = performance.now();
    this.clock.heard(told.now, this.heardAt);
    this.enter("live");
    const isBehind = before && told.control && told.control.number < before.control.number;
    if (isBehind && this.heardAt - (this.answeredAt.get(name) || -AHEAD_MS) < AHEAD_MS) return;
    this.become({ ...before, ...told });
  }

  /** The answer to an order: the state that it has made. @param {any} state */
  take(state) {
    const { name } = state.output;
    const before = this.states.get(name);
    if (before && state.control.number < before.control.number) return;
    this.answeredAt.set(name, performance.now());
    this.become(state);
  }

  become(state) {
    this.states.set(state.output.name, state);
    this.dispatchEvent(new CustomEvent("output", { detail: state }));
  }

  check() {
    const now = performance.now();
    if (now - this.heardAt < SILENT_MS) return;
    this.enter("stale");
    if (this.stream.readyState === EventSource.CLOSED) this.ask();
    else if (now - this.openedAt >= SILENT_MS) this.open(); // one that leads nowhere any more counts as open for minutes
  }

  /** Refused: whoever has been signed out is sent to the door, and comes back. */
  ask() {
    fetch("/v1/onair", { signal: AbortSignal.timeout(SILENT_MS) }).then(({ status }) => {
      if (status === 401) location.reload();
      else if (this.stream.readyState === EventSource.CLOSED) this.open();
    }, () => {});
  }

  /** @param {"live" | "stale"} state */
  enter(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state } }));
  }
}
