/** The loop: for each frame of the screen one frame of the bar, from whatever playlist there is, for days. */
import { Bar } from "./bar.js";
import { Begun } from "./begun.js";
import { Clock } from "./clock.js";
import { frameAt, momentOf } from "./frames.js";
import { hashOf } from "./hash.js";
import { Kept } from "./kept.js";
import { Leash } from "./leash.js";
import { Report } from "./report.js";
import { hasWords } from "./sight.js";
import { isPlaylist, Source } from "./source.js";
import { Template } from "./template.js";

const FIRST_MS = 1000; // for which a service may be waited for, rather than fallback lines be seen for a moment
const HEARD_MS = 4000; // or what has been killed meanwhile: a dead address costs 3 s, and the next one a moment
const MEND_MS = 1000; // between two attempts to draw with a new bar, after a fault of ours
const STATS_MS = 1000;
const BLANK_MS = 900; // a kill may leave nothing for a moment
const APART_S = 3; // for which a page that may be apart leaves it to others to say where the track stands

export class Player {
  /**
   * @param {any} told output, addresses, playlist, logo, page, key, preview, waits
   * @param {HTMLElement} root
   */
  constructor(told, root) {
    this._told = told;
    this._root = root;
    const service = hashOf(told.addresses.join(" ")); // pages from disk may share what is kept, and be of two services
    const kept = (what) => new Kept(`ticker ${told.output} ${service} ${what}`);
    this._kept = kept("playlist");
    this._clock = new Clock(Date.now() - performance.now());
    this._leash = new Leash();
    this._source = new Source(told.addresses, {
      playlist: (playlist) => this._take(playlist),
      heard: (now) => this._hear(now),
      unheard: () => this._begin(),
    }, told.key);
    this._template = new Template(told.playlist, {
      waits: told.waits,
      kept: kept(`killed ${told.page}`),
      frame: () => this._now(),
      changed: () => this._show(),
      pushed: (playlist) => this._source.take(playlist, "host"),
    });
    this._report = null;
    if (told.key && !told.preview) {
      const boot = Math.random().toString(36).slice(2, 12);
      const { addresses, key, page } = told;
      this._report = new Report({ addresses, key, page, boot, kept: kept(`report ${page}`) }, () => this._state());
    }
    this._playlist = told.playlist;
    this._bar = null;
    this._begun = new Begun();
    this._ready = false; // there is something to show
    this._on = false; // what the host has asked of the bar
    this._seen = true; // by anybody: a browser source may be hidden
    this._drawn = { state: "off", onScreen: [], ran: [], covered: [] };
    this._mendedAt = -MEND_MS;
    this._failedOf = null; // the playlist at which there was a fault of ours
    this._rememberedOf = null; // whose own anchor is kept
    this._blankSince = Infinity; // ms; each look has found nothing on the screen since then
    this._sampled = null; // what was there in the first frame of a second, by which pages can be compared
    this._stats = { since: performance.now(), drawn: 0, last: 0, fps: 0, dropped: 0 };
  }

  start() {
    this._template.install(window);
    if (!window.requestAnimationFrame) return; // SPX reads the page in a place where nobody sees it
    const kept = this._kept.get();
    const isKept = isPlaylist(kept);
    if (isKept) this._playlist = kept;
    this._source.start(this._playlist);
    this._watchHost();
    if (this._report) this._report.start();
    this._bar = this._newBar();
    this._show();
    setTimeout(() => this._begin(), isKept ? HEARD_MS : FIRST_MS);
    requestAnimationFrame((time) => this._next(time));
  }

  // -- what is shown

  _take(playlist) {
    this._playlist = playlist;
    this._ready = true;
    this._kept.set(playlist);
    this._show();
  }

  /** What the message says comes in the same task: no frame is drawn in between. */
  _hear(now) {
    this._clock.heard(now, performance.now());
    this._tellSeen();
    this._begin();
  }

  /** With what there is, kept or of the document itself: a service has been heard, or none answers. */
  _begin() {
    if (this._ready) return;
    this._ready = true;
    this._show();
  }

  /** What the service says and what the host says, together. */
  _show() {
    if (!this._bar || !(this._ready || this._template.says)) return;
    const was = this._on;
    this._on = this._template.playing;
    try {
      const playlist = this._template.over(this._playlist);
      if (this._on && !was) this._bar = this._newBar(); // as a page that comes late, so that it is where others are
      if (this._on) this._bar.show(was ? playlist : this._begun.over(playlist, this._now()));
      else if (was) this._begun.leave(this._bar, playlist, this._now());
    } catch {
      this._fail();
    }
  }

  _newBar() {
    if (this._bar) this._bar.remove();
    return new Bar(this._root, { logo: this._told.logo, guides: this._told.preview });
  }

  /** No fault of ours stays on screen; one that comes again may lie in where we go on from. */
  _fail() {
    const { id } = this._playlist;
    this._mend(this._failedOf === id);
    this._failedOf = id;
  }

  /** Begun anew, with what is known. */
  _mend(forgets = false) {
    if (performance.now() - this._mendedAt < MEND_MS) return;
    this._mendedAt = performance.now();
    if (forgets) this._begun.forget();
    else this._begun.note(this._bar);
    this._on = false;
    this._bar = this._newBar();
    this._show();
  }

  // -- frame by frame

  _next(time) {
    requestAnimationFrame((then) => this._next(then)); // first, so that nothing below can end the loop
    const now = performance.now();
    const local = Math.abs(now - time) < 1000 ? time : now; // one host hands over a time of its own making
    const { fps } = this._playlist;
    const rate = fps[0] / fps[1];
    const ms = this._clock.now(local);
    const frame = frameAt(ms, fps);
    const before = this._leash.frame;
    const next = this._leash.next(frame + ((ms - momentOf(frame, fps)) * rate) / 1000, rate);
    if (next < before) this._mend(); // the service's clock was set back: what was, has not been yet
    this._draw(next);
    this._count(local, rate);
  }

  _draw(frame) {
    if (!this._bar.playlist) return;
    try {
      this._drawn = this._bar.draw(frame);
      this._sample(frame);
      if (this._report) this._report.add(this._drawn, this._clock.now(performance.now()));
    } catch {
      this._fail();
    }
  }

  _sample(frame) {
    const [num, den] = this._playlist.fps;
    const second = Math.floor((frame * den) / num);
    if (this._sampled && this._sampled.second === second) return;
    this._sampled = { second, on_screen: this._drawn.onScreen.map(({ id }) => id) };
  }

  /** Frames a second, and those of the output that the screen never asked for. */
  _count(local, rate) {
    const stats = this._stats;
    if (stats.last && this._seen) stats.dropped += Math.max(0, Math.round(((local - stats.last) * rate) / 1000) - 1);
    stats.last = local;
    stats.drawn += 1;
    if (local - stats.since < STATS_MS) return;
    stats.fps = (stats.drawn * 1000) / (local - stats.since);
    stats.since = local;
    stats.drawn = 0;
    this._remember();
  }

  /** So that after a reload it goes on where it was, though no service answers. */
  _remember() {
    if (this._rememberedOf === this._playlist || this._playlist.anchor || this._bar.isApart) return;
    const made = this._anchor();
    if (!made) return;
    this._rememberedOf = this._playlist;
    this._kept.set({ ...this._playlist, anchor: made });
  }

  /** The frame that is on screen, or would be. */
  _now() {
    return frameAt(this._clock.now(performance.now()), this._playlist.fps);
  }

  // -- what is told

  /** For the report: what is really there. */
  _state() {
    const { id, anchor } = this._playlist;
    const now = performance.now();
    const moving = this._seen && now - this._stats.last < STATS_MS;
    const state = this._seen ? this._drawn.state : "off";
    const isDue = this._on && this._playlist.on;
    const nothing = state === "off" ? isDue : state === "blank" || !hasWords(this._root);
    this._blankSince = moving && nothing ? Math.min(this._blankSince, now) : Infinity;
    const told = {
      playlist: id,
      frame: this._seen ? Math.max(0, this._leash.frame) : this._now(),
      fps: moving ? Math.round(this._stats.fps * 100) / 100 : 0,
      dropped: this._stats.dropped,
      state: now - this._blankSince >= BLANK_MS ? "blank" : state === "blank" ? "on" : state,
      on_screen: this._seen ? this._drawn.onScreen.map((one) => one.id) : [],
      ...(this._seen && this._sampled && { sampled: this._sampled }),
    };
    const made = !anchor && !this._leavesIt() && this._anchor();
    return made ? { ...told, anchor: made } : told;
  }

  _leavesIt() {
    const { frame, fps } = this._playlist;
    return this._bar.isApart && this._now() - frame < (APART_S * fps[0]) / fps[1];
  }

  /** Where the track stood when the playlist began, from which another page can go on; null when it cannot be told. */
  _anchor() {
    const { playlist } = this._bar;
    return playlist && playlist.id === this._playlist.id ? this._bar.anchor() : null;
  }

  /** A hidden source runs on by the clock, and shows nothing to anybody. */
  _watchHost() {
    let active = true;
    const look = () => {
      this._seen = active && !document.hidden;
      this._stats.last = 0; // what nobody sees is not dropped
      this._tellSeen();
    };
    document.addEventListener("visibilitychange", look);
    addEventListener("obsSourceActiveChanged", (event) => {
      ({ active } = /** @type {CustomEvent} */ (event).detail);
      look();
    });
    look();
    addEventListener("pagehide", () => this._leave());
    addEventListener("pageshow", (event) => event.persisted && this._mend());
  }

  _tellSeen() {
    if (this._report) this._report.seen(this._now(), this._seen);
  }

  /** The page ends: what is on screen has run until now. */
  _leave() {
    if (!this._report) return;
    this._report.add(this._bar.end(), this._clock.now(performance.now()));
    this._report.keep();
  }
}
