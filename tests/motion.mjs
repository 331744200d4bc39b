// A page without a screen: what tests/motion.py asks of the engine, one question a line. {"name": [arguments]}
import { createInterface } from "node:readline";

import { frameAt, frameFrom, momentOf } from "../web/onair/frames.js";
import { Passes } from "../web/onair/passes.js";
import { Timeline } from "../web/onair/timeline.js";

const ruler = ({ room, gap, letter }) => {
  const widthOf = ({ text }) => text.length * letter;
  const roomOf = ({ kicker }) => room - (kicker || "").length * letter;
  return { room, gap, widthOf, strap: { roomOf, widthOf } };
};

/** What is on screen in these frames, for a page that hears of each playlist when it `arrives`. */
function watch(playlists, measures, frames) {
  const timeline = new Timeline();
  const passes = new Passes();
  const waiting = playlists.slice();
  const pictures = [];
  for (const frame of frames) {
    while (waiting.length && waiting[0].arrives <= frame) timeline.take(waiting.shift(), ruler(measures));
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
