import { frameAt } from "../onair/frames.js";
import { make } from "../wording.js";
import { filled, lasting, words } from "../desk/words.js";
import { arrange } from "./arrange.js";
import { write } from "./write.js";

const said = words.gallery;
const get = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

/** The bar of the output at hand: how it runs, and what can be said to it. All its buttons are always in their places. */
export class Transport {
  /** @param {import("./panel.js").Panel} panel */
  constructor(panel) {
    this.panel = panel;
    this.element = get("transport");
    this.clear();
  }

  clear() {
    this.parts = new Map(); // made once for an output: a press on one is not lost, whatever changes around it
    this.element.replaceChildren();
  }

  /** @param {any} state @param {any} may */
  show({ control, playlist, now, loop_seconds: loop }, may) {
    const { panel } = this;
    const isTaken = isTakenOver(playlist, now);
    const pxs = Math.round((playlist.speed * playlist.fps[0]) / playlist.fps[1]);
    const on = this.part("on", () => make("p", ""));
    on.className = `bar-state ${control.on ? "on" : "off"}`;
    write(on, isTaken ? said.taken_over : control.on ? said.on_air : said.off_air);
    const speed = this.part("output", () => make("output", ""));
    write(speed, filled(said.speed, { px: playlist.speed, pxs, loop: lasting(loop * 1000) }));
    const button = (name, key, act, mayPress) => {
      const made = this.part(name, () => {
        const pressed = make("button", name === "flash" ? "danger" : "", said[name], " ", key && make("kbd", "", key));
        return Object.assign(pressed, { type: "button", onclick: () => pressed.ariaDisabled || act() });
      });
      made.ariaDisabled = mayPress ? null : "true"; // and not disabled, which drops the focus of whoever has just pressed it
      return made;
    };
    const stop = (when, key) => button(`stop_${when}`, key, () => panel.stop(when), may.stop && control.on);
    const slower = button("slower", "[", () => panel.faster(-1), may.speed);
    const faster = button("faster", "]", () => panel.faster(1), may.speed);
    const parts = [
      on,
      button("take", "T", () => panel.take(), may.take && !control.on),
      stop("now", "S"), stop("item", ""), stop("loop", ""),
      may.publish && button("flash", "F", () => panel.flash(), may.breaking),
      button("clear_takeover", "E", () => panel.clearTakeover(), may["clear-takeover"] && isTaken),
      this.part("speed", () => make("span", "speed", slower, speed, faster)),
    ];
    arrange(this.element, parts.filter(Boolean));
  }

  part(name, made) {
    if (!this.parts.has(name)) this.parts.set(name, made());
    return this.parts.get(name);
  }
}

function isTakenOver({ takeovers, fps }, now) {
  const frame = frameAt(now, fps);
  return takeovers.some(({ from, until }) => from <= frame && (until === null || frame < until));
}
