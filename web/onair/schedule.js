/**
 * A stage out of real time: any moment can be asked for, in any order, and is always the same picture. Whatever was said
 * is said again up to that moment, each at its own frame.
 */
import { carryOut, done, numberOf, refused } from "./actions.js";
import { frameAt } from "./frames.js";

const START_MS = 86400000; // of the timeline: midnight, should the bar have a clock
const READY_MS = 2500; // fonts may take this long

export class Schedule {
  /** @param {() => import("./stage.js").Stage} open makes a stage on which nothing has been said yet */
  constructor(open) {
    this._open = open;
    this._stage = open();
    this._calls = []; // said by themselves: they hold from the beginning
    this._schedule = [];
    this._said = 0; // of both, on this stage
    this._at = 0; // ms
    this._turn = Promise.resolve(); // of the last that was asked for
  }

  do(type, params) {
    return this._inTurn(async () => {
      const call = { timestamp: -Infinity, action: { type, params }, answer: done() };
      this._calls.push(call);
      await this._again();
      return call.answer;
    });
  }

  setSchedule(schedule) {
    return this._inTurn(() => this._set(schedule));
  }

  goTo(timestamp) {
    return this._inTurn(() => this._go(timestamp));
  }

  stop() {
    this._stage.remove();
  }

  /** Calls may overlap; each sees what those before it have done. */
  _inTurn(job) {
    const answer = this._turn.then(job);
    this._turn = answer.catch(() => {});
    return answer;
  }

  async _set(schedule) {
    if (!Array.isArray(schedule)) return refused(400, "A schedule is a list.");
    const known = schedule.filter((entry) => entry && entry.action && numberOf(entry.timestamp, null) !== null);
    this._schedule = known.map(({ timestamp, action }) => ({ timestamp: numberOf(timestamp, 0), action }));
    this._schedule.sort((one, other) => one.timestamp - other.timestamp); // stable: of the same moment as they were given
    await this._again();
    return known.length === schedule.length ? done() : refused(400, "Each entry has a timestamp and an action.");
  }

  async _go(timestamp) {
    const moment = numberOf(timestamp, null);
    if (moment === null) return refused(400, "A timestamp is a number of milliseconds.");
    if (moment < this._at) this._rewind();
    this._at = moment;
    await this._play();
    return done();
  }

  async _again() {
    this._rewind();
    await this._play();
  }

  _rewind() {
    this._stage.remove();
    this._stage = this._open();
    this._said = 0;
  }

  /** Everything up to the moment, and then its frame. */
  async _play() {
    const stage = this._stage;
    const entries = [...this._calls, ...this._schedule];
    for (let entry = entries[this._said]; entry && entry.timestamp <= this._at; entry = entries[this._said]) {
      this._said += 1;
      stage.draw(this._frame(Math.max(entry.timestamp, 0)));
      entry.answer = carryOut(stage, entry.action.type, entry.action.params);
      await ready(stage);
    }
    stage.draw(this._frame(this._at));
  }

  _frame(timestamp) {
    return frameAt(START_MS + timestamp, this._stage.fps);
  }
}

/** Of several playlists that come while fonts are loading only the newest would count. */
async function ready(stage) {
  const until = performance.now() + READY_MS;
  while (!stage.isReady && performance.now() < until) await new Promise((go) => setTimeout(go, 0));
}
