// A page without a screen: what tests/motion.py asks of the engine, one question a line. {"name": [arguments]}
import { createInterface } from "node:readline";

import { frameAt, frameFrom, momentOf } from "../web/onair/frames.js";
import { Passes } from "../web/onair/passes.js";
import { Template } from "../web/onair/template.js";
import { Timeline } from "../web/onair/timeline.js";

const ruler = ({ room, gap, letter }) => {
  const widthOf = ({ text }) => text.length * letter;
  const roomOf = ({ kicker }) => room - (kicker || "").length * letter;
  return { room, gap, widthOf, strap: { roomOf, widthOf } };
};

/**
 * What is on screen in these frames, for a page that hears of each playlist when it `arrives`; its host has `killed`
 * something in an earlier life of it, and says these, each `at` its frame: {at, name, given}.
 */
function watch(playlists, measures, frames, { killed = [], says = [] } = {}) {
  const timeline = new Timeline();
  const passes = new Passes();
  const [waiting, unsaid] = [playlists.slice(), says.slice()];
  const pictures = [];
  let [now, newest] = [0, null];
  const show = () => timeline.take(template.over(newest), ruler(measures));
  const kept = { get: () => killed, set() {} };
  const template = new Template(playlists[0], { waits: false, kept, frame: () => now, changed: show, pushed() {} });
  for (const frame of frames) {
    for (; waiting.length && waiting[0].arrives <= frame; show()) newest = waiting.shift();
    for (; unsaid.length && unsaid[0].at <= frame; unsaid.shift()) template[unsaid[0].name](...unsaid[0].given);
    now = frame;
    const { state, level, shift, items, strap } = timeline.at(frame);
    const told = passes.note(frame, { items, strap }, timeline.playlist);
    const shown = items.map(({ place, item, ...one }) => ({ ...one, x: place - shift, version: item.version, text: item.text }));
    pictures.push({ frame, state, level, strap, items: shown, anchor: timeline.anchor, ...told });
  }
  return pictures;
}

/** What a page keeps that nobody draws, and what it shows when somebody does. */
function unseen(playlists, measures, frames) {
  const timeline = new Timeline();
  for (const one of playlists) timeline.take(one, ruler(measures));
  const { _motions: motions } = /** @type {any} */ (timeline);
  const kept = [motions.length, Math.max(...motions.map(({ covers }) => covers.length))];
  const states = frames.map((frame) => timeline.at(frame).state);
  return { kept, states, anchor: timeline.anchor };
}

const answers = { frameAt, frameFrom, momentOf, watch, unseen };
for await (const line of createInterface({ input: process.stdin })) {
  const [[name, given]] = Object.entries(JSON.parse(line));
  process.stdout.write(`${JSON.stringify(answers[name](...given))}\n`);
}
