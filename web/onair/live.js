/** A stage in real time: it goes by the service's clock, and shows what the service says. */
import { carryOut } from "./actions.js";
import { Clock } from "./clock.js";
import { frameAt, momentOf } from "./frames.js";
import { Leash } from "./leash.js";
import { Source } from "./source.js";
import { valueOf } from "./stage.js";

const AWAITED_MS = 1000; // what the graphic has in itself waits so long for what the service says
const LEAVES_MS = 1500; // a bar that is told to go is gone by then

export class Live {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this._stage = stage;
    this._clock = new Clock(Date.now() - performance.now());
    this._leash = new Leash();
    this._source = null;
    this._service = "";
    this._waiting = []; // for the bar to be gone
    this._next = requestAnimationFrame(() => this._draw());
  }

  /** At once; only a bar that leaves is waited for. */
  async do(type, params) {
    const { isOn } = this._stage;
    this._stage.frame = frameAt(this._now(), this._stage.fps);
    const answer = carryOut(this._stage, type, params);
    if (type === "updateAction") this._follow(params && params.data);
    if (isOn && !this._stage.isOn) await this._gone();
    return answer;
  }

  stop() {
    cancelAnimationFrame(this._next);
    if (this._source) this._source.stop();
    this._tell();
  }

  _now() {
    return this._clock.now(performance.now());
  }

  _draw() {
    this._next = requestAnimationFrame(() => this._draw());
    const { fps } = this._stage;
    const rate = fps[0] / fps[1];
    const ms = this._now();
    const frame = frameAt(ms, fps);
    const before = this._leash.frame;
    const next = this._leash.next(frame + ((ms - momentOf(frame, fps)) * rate) / 1000, rate);
    if (next < before) this._stage.mend();
    const state = this._stage.draw(next);
    if (state === "off") this._tell();
  }

  _gone() {
    return new Promise((tell) => {
      this._waiting.push(tell);
      setTimeout(tell, LEAVES_MS); // where nobody sees the graphic no frame is drawn
    });
  }

  _tell() {
    for (const tell of this._waiting.splice(0)) tell();
  }

  _follow(data) {
    if (!data || data.service === undefined || valueOf(data.service) === this._service) return;
    this._service = valueOf(data.service);
    if (this._source) this._source.stop();
    const [frames, per] = this._stage.fps;
    this._stage.expect(this._service ? this._stage.frame + Math.round((AWAITED_MS * frames) / (1000 * per)) : 0);
    this._source = new Source(this._service ? this._service.split(/\s+/) : [], {
      playlist: (playlist) => {
        this._stage.frame = frameAt(this._now(), this._stage.fps); // nobody may be drawing
        this._stage.follow(playlist);
      },
      heard: (now) => this._clock.heard(now, performance.now()),
    });
    this._source.start(null);
  }
}
