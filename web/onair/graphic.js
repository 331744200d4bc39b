/**
 * The ticker as an OGraf graphic, v1 of the EBU's specification: a custom element that a renderer loads and plays.
 * In real time it goes by the clock and follows the service; else by the timestamps it is asked for, and by its data
 * alone.
 */
import { done, refused } from "./actions.js";
import { Live } from "./live.js";
import { Schedule } from "./schedule.js";
import { Stage } from "./stage.js";

const BROADCAST = [[24000, 1001], [30000, 1001], [60000, 1001]];

/**
 * @param {any} told playlist, css, family, font, logo: what the package has of its output
 * @returns the class of its element
 */
export function graphicOf(told) {
  let font = null; // the document's, once for however many elements, and however often they are loaded
  return class extends HTMLElement {
    constructor() {
      super();
      this.attachShadow({ mode: "open" }); // the renderer's page, and other graphics on it, have styles of their own
      this._loads = 0;
      this._early = []; // what was asked for before it was loaded
      this._root = null;
      this._player = null;
    }

    async load(params) {
      const { data, renderType, renderCharacteristics } = params || {};
      const early = this._early;
      this._clear();
      const load = this._loads;
      this._root = rootIn(this.shadowRoot, told);
      font = font || loadFont(told);
      await font;
      if (load !== this._loads) return done(); // disposed of meanwhile, or loaded again
      const fps = rateOf(renderCharacteristics) || told.playlist.fps;
      const open = () => new Stage(told, this._root, fps);
      this._player = renderType === "non-realtime" ? new Schedule(open) : new Live(open());
      const said = [["updateAction", { data }], ...early, ...this._early.splice(0)];
      await Promise.all(said.map(([type, given]) => this._player.do(type, given)));
      return done();
    }

    async dispose() {
      this._clear();
      return done();
    }

    playAction(params) {
      return this._do("playAction", params);
    }

    stopAction(params) {
      return this._do("stopAction", params);
    }

    updateAction(params) {
      return this._do("updateAction", params);
    }

    customAction(params) {
      return this._do("customAction", params);
    }

    async goToTime(params) {
      return this._player instanceof Schedule ? this._player.goTo((params || {}).timestamp) : notNow();
    }

    async setActionsSchedule(params) {
      return this._player instanceof Schedule ? this._player.setSchedule((params || {}).schedule) : notNow();
    }

    async _do(type, params) {
      if (this._player) return this._player.do(type, params);
      this._early.push([type, params]);
      return done(type === "playAction" ? { currentStep: 0 } : {});
    }

    _clear() {
      this._loads += 1;
      if (this._player) this._player.stop();
      if (this._root) this._root.remove();
      this._root = this._player = null;
      this._early = [];
    }
  };
}

function notNow() {
  return refused(409, "It is in real time, or not loaded.");
}

/** Where the bar is drawn: a frame of the output's size in the renderer's corner. */
function rootIn(shadow, { css, playlist }) {
  const root = document.createElement("div");
  const { width, height } = playlist.look;
  Object.assign(root.style, { position: "absolute", top: 0, left: 0, width: `${width}px`, height: `${height}px` });
  const style = document.createElement("style");
  style.textContent = css;
  root.append(style);
  shadow.append(root);
  return root;
}

/** A fraction; null when the renderer has not said its rate. 59.94 and its kin are meant exactly. */
function rateOf(characteristics) {
  const rate = Number(characteristics && characteristics.frameRate);
  if (!(rate > 0)) return null;
  const exact = BROADCAST.find(([num, den]) => Math.abs(num / den - rate) < 0.01);
  return exact || (Number.isInteger(rate) ? [rate, 1] : [Math.round(rate * 1000), 1000]);
}

async function loadFont({ font, family }) {
  if (!font) return;
  try {
    document.fonts.add(await new FontFace(family, `url(${font})`).load());
  } catch {
    // On air a plain look is better than none.
  }
}
