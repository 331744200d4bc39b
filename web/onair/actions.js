/** What an OGraf renderer may ask of the graphic, carried out on its stage. https://ograf.ebu.io, v1 */
import { valueOf } from "./stage.js";

const STEPS = 1; // on air, or not

/** @param {import("./stage.js").Stage} stage @returns {any} what the specification has as ReturnPayload */
export function carryOut(stage, type, params) {
  const given = params || {};
  if (type === "updateAction") return update(stage, given.data);
  if (type === "playAction") return play(stage, given);
  if (type === "stopAction") return stop(stage, given);
  if (type === "customAction") return custom(stage, valueOf(given.id), objectFrom(given.payload));
  return refused(400, `There is no action ${type}.`);
}

export function done(more) {
  return { statusCode: 200, ...more };
}

export function refused(statusCode, statusMessage) {
  return { statusCode, statusMessage };
}

function update(stage, data) {
  stage.update(objectFrom(data));
  return done();
}

function play(stage, { delta, goto, skipAnimation }) {
  const step = numberOf(goto, (stage.isOn ? 0 : -1) + numberOf(delta, 1));
  if (step < 0 || step >= STEPS) {
    stage.stop(isTrue(skipAnimation));
    return done({ currentStep: undefined });
  }
  if (!stage.isOn) stage.play(isTrue(skipAnimation));
  return done({ currentStep: step });
}

function stop(stage, { skipAnimation }) {
  stage.stop(isTrue(skipAnimation));
  return done();
}

function custom(stage, id, payload) {
  if (id === "breaking") {
    if (!valueOf(payload.text)) return refused(400, "A take-over needs a text.");
    stage.breaking(payload.text, numberOf(payload.seconds, undefined));
  } else if (id === "kill") {
    const what = valueOf(payload.id) || valueOf(payload.text);
    if (!what) return refused(400, "Say which headline is killed: its id or its text.");
    stage.kill(what);
  } else if (id === "clear-takeover") stage.clearTakeover();
  else return refused(404, `There is no action ${id}.`);
  return done();
}

function objectFrom(value) {
  return value && typeof value === "object" ? value : {};
}

/** Numbers may come as text. */
export function numberOf(value, otherwise) {
  const text = valueOf(value);
  return text && Number.isFinite(Number(text)) ? Number(text) : otherwise;
}

function isTrue(value) {
  return value === true || value === "true";
}
