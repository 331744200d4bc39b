import { make } from "../wording.js";
import { filled, words } from "../desk/words.js";
import { arrange } from "./arrange.js";

const get = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

const AGAIN_MS = 2500;
const TONES = [880, 660]; // Hz, one after the other
const TONE_S = 0.18;
// Those that viewers would see, and that the backup is no backup. Not that nobody shows an output: some are unused.
const HEARD = new Set(["silent", "blank", "frozen", "unreached", "differs"]);

/** What is wrong with any output: seen at once, and heard until somebody has said that they know. */
export class Alarm {
  /** @type {Map<string, {title: string, alarms: any[]}>} */
  wrong = new Map();
  /** @type {AudioContext|null} */
  audio = null;
  known = new Set(); // what somebody has acknowledged, until it is over
  isLost = false;
  /** @type {Map<string, HTMLElement>} */
  lines = new Map();

  constructor() {
    this.button = get("sound");
    this.button.addEventListener("click", () => (this.audio && this.audio.state === "running" ? this.mute() : this.arm()));
    get("known").addEventListener("click", () => this.acknowledge());
    setInterval(() => this.sound(), AGAIN_MS);
  }

  /** A browser lets a page be heard only after a click. */
  arm() {
    if (this.audio) this.audio.close(); // one that has never begun to run, or was stopped
    this.audio = new AudioContext();
    this.audio.onstatechange = () => this.tell();
    this.beep(TONES.slice(0, 1));
    this.tell();
  }

  mute() {
    this.audio.close();
    this.audio = null;
    this.tell();
  }

  /** Whether anybody would hear it: a device may be lost, and a browser may stop what nobody has touched. */
  tell() {
    const isHeard = Boolean(this.audio) && this.audio.state === "running";
    this.button.setAttribute("aria-pressed", String(isHeard));
    this.button.textContent = isHeard ? words.gallery.sound_on : words.gallery.sound_off;
  }

  /** @param {string} name @param {string} title @param {any[]} alarms */
  show(name, title, alarms) {
    const grave = alarms.filter(({ code }) => HEARD.has(code));
    this.wrong.set(name, { title, alarms: grave });
    for (const key of this.known) if (key.startsWith(`${name} `) && !grave.some((one) => keyOf(name, one) === key)) this.known.delete(key);
    this.list();
  }

  /** The service says nothing: then nobody knows. @param {boolean} isLost */
  lose(isLost) {
    this.isLost = isLost;
    this.list();
  }

  acknowledge() {
    for (const [name, { alarms }] of this.wrong) for (const one of alarms) this.known.add(keyOf(name, one));
    if (this.isLost) this.known.add("lost");
    this.list();
  }

  list() {
    if (!this.isLost) this.known.delete("lost");
    const lines = [...this.wrong.entries()].flatMap(([name, { title, alarms }]) =>
      alarms.map((one) => ({ key: keyOf(name, one), title, text: sentence(one) })));
    if (this.isLost) lines.unshift({ key: "lost", title: "", text: words.gallery.lost });
    const shown = JSON.stringify([lines, [...this.known]]);
    if (shown === this.shown) return; // an alert is read out whenever it changes
    this.shown = shown;
    this.loud = lines.filter(({ key }) => !this.known.has(key));
    this.lines = new Map(lines.map(({ key, title, text }) => [key, this.lines.get(key) || make("p", "", title && make("bdi", "", title), title && ": ", text)]));
    for (const [key, line] of this.lines) line.className = this.known.has(key) ? "known" : "loud";
    arrange(get("alarm-lines"), [...this.lines.values()]);
    get("known").hidden = !this.loud.length;
    this.sound();
  }

  sound() {
    if (this.audio && this.loud && this.loud.length) this.beep(TONES);
  }

  beep(tones) {
    tones.forEach((frequency, place) => {
      const tone = new OscillatorNode(this.audio, { frequency });
      const volume = new GainNode(this.audio, { gain: 0.25 });
      tone.connect(volume).connect(this.audio.destination);
      const at = this.audio.currentTime + place * TONE_S;
      tone.start(at);
      tone.stop(at + TONE_S);
    });
  }
}

const SYSTEMS = { casparcg: "CasparCG", vmix: "vMix", singular: "Singular.live", h2r: "H2R Graphics" };

/** As its makers write it. @param {string} system */
export const called = (system) => /** @type {any} */ (SYSTEMS)[system] || system;

const keyOf = (name, { code, page = "", system = "" }) => `${name} ${code} ${page}${system}`;

/** In the reader's language; the service's own sentence for what this page does not know yet. */
export function sentence({ code, page = "", system = "", sentence: told }) {
  return words.gallery.codes[code] ? filled(words.gallery.codes[code], { page, system: called(system) }) : told;
}
