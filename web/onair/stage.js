/**
 * The ticker as a graphics host plays it: on and off, with data and take-overs of its own over what the service says.
 * No time and no network: whoever owns it brings the frame with each call.
 */
import { Bar } from "./bar.js";
import { Begun } from "./begun.js";
import { Template, UNFILLED } from "./template.js";

const MODES = ["crawl", "flip"];
const DIRECTIONS = ["ltr", "rtl"];
const SPEEDS = [1, 40]; // px a frame

export class Stage {
  /**
   * @param {any} told playlist: the one that there is before any other; logo
   * @param {HTMLElement} root
   * @param {number[]} fps a fraction; the service's playlists bring their own
   */
  constructor(told, root, fps) {
    this.frame = 0;
    this._logo = told.logo;
    this._root = root;
    this._starter = { ...told.playlist, fps, anchor: null };
    this._followed = null;
    this._fields = {};
    this._last = { id: "", frame: 0 }; // what was put together here, and the frame from which it holds
    this._bar = null;
    this._begun = new Begun();
    this._skips = false;
    this._patience = 0; // the frame until which the service is waited for
    this._template = new Template(this._starter, {
      waits: true,
      kept: { get: () => null, set: () => {} },
      frame: () => this.frame,
      changed: () => this._show(),
      pushed: (playlist) => this.follow(playlist),
    });
  }

  get isOn() {
    return this._template.playing;
  }

  get fps() {
    return this._base().fps;
  }

  // -- what is said; each at the frame it is said at

  /** A playlist of the service. */
  follow(playlist) {
    this._followed = playlist;
    this._show();
  }

  /**
   * Another service, and nothing of the one before stays.
   * @param {number} frame until which what it says is waited for
   */
  expect(frame) {
    this._patience = frame;
    this._close();
    this.follow(null);
  }

  /** @param {any} fields some or all of the data; what cannot be read changes nothing */
  update(fields) {
    for (const name of Object.keys(fields)) {
      if (fields[name] !== undefined) this._fields[name] = fields[name];
    }
    if (fields.headlines !== undefined) this._template.update({ f0: fields.headlines });
    this._show();
  }

  play(skipsAnimation) {
    this._skips = skipsAnimation;
    if (!this.isOn) this._close(); // it begins as a page that comes late, so that it is where others are
    this._template.play();
    this._skips = false;
  }

  stop(skipsAnimation) {
    this._template.stop();
    if (skipsAnimation) this._close();
  }

  breaking(text, seconds) {
    this._template.breaking(text, seconds);
  }

  kill(what) {
    this._template.kill(what);
  }

  clearTakeover() {
    this._template.clearTakeover();
  }

  // -- what is shown

  /** @returns {string} on, off, fallback or blank */
  draw(frame) {
    this.frame = frame;
    if (this.isOn && !this._bar) this._show();
    if (!this._bar || !this._bar.playlist) return "off";
    const { state } = this._bar.draw(frame);
    if (state === "off" && !this.isOn) this._close();
    return state;
  }

  /** Whether a frame may be drawn: the fonts are there. */
  get isReady() {
    return !this._bar || Boolean(this._bar.playlist);
  }

  /** Begun anew: the clock was set back, and what was, has not been yet. */
  mend() {
    if (!this._bar || !this.isOn) return;
    this._begun.note(this._bar);
    this._close();
  }

  remove() {
    this._close();
  }

  _show() {
    const made = this._template.over(this._base());
    const isTheirs = Boolean(this._followed) && made.id === this._followed.id;
    const playlist = isTheirs ? made : { ...made, frame: this._since(made) };
    if (this.isOn) {
      if (this._awaits()) return;
      const given = this._bar ? playlist : this._begun.over(playlist, this.frame);
      if (!this._bar) this._bar = new Bar(this._root, { logo: this._logo });
      this._bar.show(this._skips ? { ...given, anchor: risen(given) } : given);
    } else if (this._bar) this._begun.leave(this._bar, playlist, this.frame);
  }

  _since({ id, frame }) {
    if (id !== this._last.id) this._last = { id, frame: Math.max(frame, this.frame) };
    return this._last.frame;
  }

  /** Nothing stands there yet, and what the service says may come in a moment. */
  _awaits() {
    return !this._bar && !this._followed && !valueOf(this._fields.headlines) && this.frame < this._patience;
  }

  _close() {
    if (this._bar) this._bar.remove();
    this._bar = null;
    this._last = { id: "", frame: 0 };
  }

  /** How it runs is the service's to say while its headlines are shown, and the host's for the host's own. */
  _base() {
    const base = this._followed || this._starter;
    if (!valueOf(this._fields.headlines)) return base;
    const { mode, speed, lang, dir } = this._fields;
    const own = {
      mode: MODES.indexOf(valueOf(mode)) < 0 ? base.mode : valueOf(mode),
      speed: Math.min(Math.max(Math.round(Number(valueOf(speed))) || base.speed, SPEEDS[0]), SPEEDS[1]),
      lang: valueOf(lang) || base.lang,
      dir: DIRECTIONS.indexOf(valueOf(dir)) < 0 ? base.dir : valueOf(dir),
    };
    return { ...base, ...own, id: [base.id, own.mode, own.speed, own.lang, own.dir].join("~") };
  }
}

/** An anchor of a bar that stands already, with nothing on it yet. */
function risen({ anchor, frame }) {
  return { ...(anchor || { frame, run: [], next: 0 }), since: undefined };
}

/** Values come as text, whatever their schema says. */
export function valueOf(value) {
  const text = value === undefined || value === null ? "" : String(value).trim();
  return UNFILLED.indexOf(text) < 0 ? text : "";
}
