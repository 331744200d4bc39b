/**
 * What a graphics host may call: `play stop next update` as CasparCG, SPX and their kin know them, and beyond these
 * `kill`, `breaking` and `clearTakeover`. What the host says comes on top of the service's playlist, in this page only.
 */
import { hashOf } from "./hash.js";
import { isPlaylist } from "./source.js";

export const UNFILLED = ["", "undefined", "null"]; // hosts write these for a field that nobody has filled in
const MOST_LINES = 500;
const MOST_KILLED = 1000;
const MOST_SAID = 2000; // headlines whose words are remembered, and of each
const MOST_WORDS = 5;
const LONGEST_LINE = 3000; // characters
const BREAKING_S = 12;

export class Template {
  /**
   * @param {any} starter the playlist of a page that has nothing else: the fallback lines, and how everything looks
   * @param {{waits: boolean, kept: any, frame: () => number, changed: () => void, pushed: (playlist: any) => void}} options
   *        waits: off until `play()`; kept: holds what was killed over a reload; frame: the one that is on screen;
   *        changed: the playlist must be put together anew; pushed: gets a playlist that came by `update()`
   */
  constructor(starter, { waits, kept, frame, changed, pushed }) {
    this.playing = !waits;
    this._base = starter;
    this._kept = kept;
    this._frame = frame;
    this._changed = changed;
    this._pushed = pushed;
    this._killed = textsOf(kept.get()); // ids, and words
    this._said = new Map(); // id → the words that it has had, the newest last
    this._ended = []; // take-overs that the host has ended, each by its turn
    this._fields = {}; // f0, f1, … as the host said them last
    this._lines = null; // the host's own headlines: items; null when it has none
    this._had = []; // ids of the host's own, that may finish their run; the newest first
    this._breaking = null;
    this._changes = this._killed.length;
    this._changedOf = ""; // the id of the playlist that was there at the last of them
  }

  /** Puts the functions where hosts look for them; `remove` is the host's own. */
  install(target) {
    for (const name of ["play", "stop", "next", "update", "kill", "breaking", "clearTakeover"]) {
      target[name] = (...given) => this[name](...given);
    }
  }

  /** Whether the host has brought headlines of its own. */
  get says() {
    return Boolean(this._lines || this._breaking);
  }

  /** The playlist as this page shows it; by its own id where everything stands as on any other page. */
  over(playlist) {
    this._base = playlist;
    this._note(playlist);
    if (!this._changes) return playlist;
    const isNew = playlist.id !== this._changedOf;
    if (isNew && this._breaking && this._isOver(this._breaking)) this._breaking = null;
    const gone = (what) => this._killed.indexOf(what) >= 0;
    const wrong = ({ id, text }) => gone(id) || gone(text);
    const had = (id) => (this._said.get(id) || []).some(gone);
    const own = this._lines;
    const items = (own || playlist.items).filter((one) => !wrong(one));
    const ids = items.map((one) => one.id);
    const leaving = playlist.leaving.concat(this._had, own ? playlist.items.map((one) => one.id) : []);
    const takeovers = this._takeovers().filter((one) => !wrong(one) && this._ended.indexOf(turnOf(one)) < 0);
    const shown = {
      ...playlist,
      items: items.map((one) => (had(one.id) ? { ...one, corrected: true } : one)), // its killed words may still run
      leaving: leaving.filter((id) => !gone(id) && !had(id) && ids.indexOf(id) < 0),
      takeovers,
    };
    const run = playlist.anchor ? playlist.anchor.run : []; // has the words only where they are others by now
    const isWhole =
      items.length === playlist.items.length &&
      takeovers.length === playlist.takeovers.length &&
      !run.some((one) => wrong(one) || (one.text !== undefined && had(one.id)));
    if (isNew && isWhole && !own && !this._breaking) return shown;
    return {
      ...shown,
      id: `${playlist.id}+${this._changes}`,
      frame: Math.max(playlist.frame, this._frame()),
      anchor: null,
      order: own ? ids : playlist.order.filter((id) => ids.indexOf(id) >= 0),
      first: ids.indexOf(playlist.first) < 0 ? null : playlist.first,
    };
  }

  /** Of what runs out only the id is told, and the host may know it by its words. */
  _note({ items, takeovers }) {
    for (const { id, text } of items.concat(this._lines || [], takeovers)) {
      const said = (this._said.get(id) || []).filter((one) => one !== text);
      this._said.delete(id);
      this._said.set(id, said.concat(text).slice(-MOST_WORDS));
    }
    for (const id of this._said.keys()) {
      if (this._said.size <= MOST_SAID) break;
      this._said.delete(id);
    }
  }

  _takeovers() {
    const { takeovers } = this._base;
    return this._breaking ? takeovers.concat(this._breaking) : takeovers;
  }

  // -- as the hosts have it

  play() {
    this.playing = true;
    this._changed();
  }

  stop() {
    this.playing = false;
    this._changed();
  }

  /** There is one step only: back from a take-over to the crawl. */
  next() {
    this.clearTakeover();
  }

  /** Template data as XML or JSON. What cannot be read leaves on air what is there. */
  update(data) {
    const fields = fieldsOf(data);
    if (!fields) return;
    const playlist = playlistOf(fields.playlist);
    const names = Object.keys(fields).filter((name) => /^f\d+$/.test(name));
    if (playlist) this._pushed(playlist); // who pushes one may say the same in lines, for other templates
    else if (names.length) {
      for (const name of names) this._fields[name] = fields[name];
      this._show(headlinesOf(this._fields));
    }
  }

  /** Covers a headline at once, by its id or its words, and for good. */
  kill(what) {
    const said = [asText(what), plain(what)].filter((one, at, both) => one && both.indexOf(one) === at);
    this._killed = this._killed.concat(said).slice(-MOST_KILLED);
    this._kept.set(this._killed);
    this._change();
  }

  /** A take-over with these words, for so many seconds; 0: until `clearTakeover()`. */
  breaking(text, seconds = BREAKING_S) {
    const line = plain(text);
    if (!line) return;
    const from = this._frame() + 1;
    const [frames, per] = this._base.fps;
    const until = Number(seconds) > 0 ? from + Math.ceil((Number(seconds) * frames) / per) : null;
    const id = `breaking-${hashOf(line)}-${this._changes}`;
    this._breaking = { ...item(line, this._base.lang), id, urgency: "flash", from, until };
    this._change();
  }

  /** Whatever stands over the crawl leaves, be it ours or the service's. */
  clearTakeover() {
    const standing = this._takeovers().filter((one) => one.from <= this._frame() + 1);
    this._ended = standing.map(turnOf);
    this._breaking = null;
    if (standing.length) this._change();
  }

  _show(lines) {
    const had = (this._lines || []).map((one) => one.id).concat(this._had);
    this._had = Array.from(new Set(had)).slice(0, MOST_SAID);
    this._lines = lines.length ? lines.map((line) => item(line, this._base.lang)) : null;
    this._change();
  }

  _isOver({ until }) {
    return until !== null && until <= this._frame();
  }

  _change() {
    this._changes += 1;
    this._changedOf = this._base.id;
    this._changed();
  }
}

// -- what a host hands over

/** Name → text, of XML as in `<templateData>` or of a JSON object; null when it is neither. */
export function fieldsOf(data) {
  try {
    if (typeof data === "string") return data.trim()[0] === "<" ? ofXml(data) : objectOf(JSON.parse(data));
    return objectOf(data);
  } catch {
    return null;
  }
}

function ofXml(text) {
  const root = new DOMParser().parseFromString(text.trim(), "text/xml").documentElement;
  if (root.nodeName !== "templateData") return null; // a fault is told by an element of another name
  const fields = {};
  for (const component of root.getElementsByTagName("componentData")) {
    for (const data of component.getElementsByTagName("data")) {
      fields[component.getAttribute("id")] = data.getAttribute("value");
    }
  }
  return fields;
}

function objectOf(value) {
  return value && typeof value === "object" && !Array.isArray(value) ? value : null;
}

function playlistOf(field) {
  try {
    const playlist = typeof field === "string" ? JSON.parse(field) : field;
    return isPlaylist(playlist) ? playlist : null;
  } catch {
    return null;
  }
}

/** The headlines of f0 (one a line), f1, f2, … */
function headlinesOf(fields) {
  const names = Object.keys(fields).sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  const lines = [].concat(...names.map((name) => asText(fields[name]).split(/\r?\n/))).map(plain).filter(Boolean);
  return lines.filter((line, at) => lines.indexOf(line) === at).slice(0, MOST_LINES);
}

/** SPX nests a value as {"text": …} in some versions. */
function asText(value) {
  if (objectOf(value)) return asText(value.text);
  return value === undefined || value === null ? "" : String(value);
}

/** One line, without what could turn the text around it or act on a screen. */
function plain(value) {
  const line = asText(value).replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, " ").trim();
  return UNFILLED.indexOf(line) < 0 ? Array.from(line).slice(0, LONGEST_LINE).join("") : "";
}

/** An unchanged line has the same id, and goes on as it runs. */
function item(text, lang) {
  return { id: `line-${hashOf(text)}`, version: 1, text, lang, dir: directionOf(text), urgency: "routine" };
}

/** One headline may take the bar over more than once. */
function turnOf({ id, from }) {
  return `${id}@${from}`;
}

/** By the first letter that has a direction: Hebrew to Thaana and their presentation forms run from the right. */
function directionOf(text) {
  const letter = /[A-Za-z\u00c0-\u058f\u0590-\u08ff\u0900-\ud7ff\ufb1d-\ufdff\ufe70-\ufeff]/.exec(text);
  return letter && /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/.test(letter[0]) ? "rtl" : "ltr";
}

function textsOf(value) {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
