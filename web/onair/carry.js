// What is handed on from one playlist to the next, as an anchor: nothing else that has been bears on what comes. Pure.

import { isLine } from "./track.js";

const KINDS = [["lead_in", "lead-in:"], ["lead_out", "lead-out:"], ["fallback", "fallback:"]];
const [[, LEAD_IN], [, LEAD_OUT]] = KINDS;

/** An empty screen, from the playlist's frame on. */
export function emptyScreen(playlist) {
  const { frame, on, first } = playlist;
  if (!on) return { frame, run: [], next: 0 };
  return { frame, since: frame, run: [], next: 0, queue: [...linesOf(playlist, LEAD_IN), ...(first ? [first] : [])] };
}

/**
 * @param {any} playlist the new one
 * @param {any} before the playlist that was, `frame` and `since`; `shown` and `gone`, what is on screen and how far it
 *   has gone; `queue` and `next`, what was to come; `isOver`, when the bar had gone
 */
export function carried(playlist, before) {
  const { playlist: was, frame, isOver, gone } = before;
  if (isOver && playlist.on) return emptyScreen({ ...playlist, frame });
  const words = wordsOf(playlist);
  const known = knownOf(playlist);
  const run = before.shown.filter(({ item }) => isKnown(item, known)).map((entry) => placedOf(entry, gone, words));
  const next = following(was.order, before.next, playlist.order);
  const { queue } = before;
  const since = was.on ? before.since : -Infinity;
  if (playlist.on) return { frame, since, run, ...coming(was, queue, playlist, next) };
  const turns = was.on || (was.stop !== playlist.stop && !isOver);
  if (!turns) return { frame, since: before.since, run: isOver ? [] : run, next: 0, queue };
  return { frame, since: frame, run, next: 0, queue: going(playlist, queue, next) };
}

/** News comes next, and before it what was asked for; then the loop goes on where it was. */
function coming(was, queue, playlist, next) {
  const had = idsOf(was);
  const has = idsOf(playlist);
  const lines = queue.filter((id) => id.startsWith(LEAD_IN));
  const first = isAskedFor(playlist, was) && has.has(playlist.first) ? [playlist.first] : [];
  if (!was.items.some(({ id }) => has.has(id))) return { next: 0, queue: [...lines, ...first] }; // all of it is news
  const waits = new Set([...queue, ...playlist.order.filter((id) => !had.has(id))]);
  const news = playlist.order.filter((id) => waits.has(id) && !first.includes(id));
  return { next, queue: [...lines, ...first, ...new Set(news)] };
}

/** Whether somebody has said since that this comes next. An older service does not tell when that was. */
function isAskedFor({ first, first_at: at }, was) {
  return first !== was.first || (was.first_at !== undefined && at > was.first_at);
}

/** What still comes when the bar was told to go. */
function going(playlist, queue, next) {
  if (playlist.stop === "now") return [];
  const rest = playlist.stop === "loop" ? [...queue, ...(next ? playlist.order.slice(next) : [])] : [];
  return [...rest.filter((id) => !id.startsWith(LEAD_OUT)), ...linesOf(playlist, LEAD_OUT)];
}

/** Where the new loop goes on: at the first that was to come and is still there; one that comes often, in its turn. */
function following(old, next, order) {
  const turn = (at) => old.slice(0, at).filter((id) => id === old[at]).length;
  for (let i = 0; i < old.length; i += 1) {
    const at = (next + i) % old.length;
    const places = order.map((id, place) => (id === old[at] ? place : -1)).filter((place) => place >= 0);
    if (places.length) return places[Math.min(turn(at), places.length - 1)];
  }
  return 0;
}

function linesOf(playlist, prefix) {
  const [kind] = KINDS.find(([, one]) => one === prefix);
  return (playlist[kind] || []).map((_, i) => prefix + i);
}

/** All that may come, by id: headlines and lines. */
export function wordsOf(playlist) {
  const { items, lang, dir } = playlist;
  const words = new Map(items.map((item) => [item.id, item]));
  for (const [kind, prefix] of KINDS)
    linesOf(playlist, prefix).forEach((id, i) => words.set(id, { id, version: 0, text: playlist[kind][i], lang, dir }));
  return words;
}

function idsOf({ items }) {
  return new Set(items.map(({ id }) => id));
}

/** What may stay on screen: id → the version in which alone it may, where its words were wrong before; else null. */
export function knownOf({ items, leaving = [] }) {
  const known = new Map(leaving.map((id) => [id, null]));
  for (const { id, version, corrected } of items) known.set(id, corrected ? version : null);
  return known;
}

export function isKnown({ id, version }, known) {
  return isLine(id) || (known.has(id) && (known.get(id) === null || known.get(id) === version));
}

export function isSame(one, other) {
  return one.id === other.id && one.version === other.version && one.text === other.text;
}

/** Of these very words at a place: other words of the same headline are another thing there. */
export function keyOf({ id, version, text }, place) {
  return `${id}@${place} ${version} ${text}`;
}

/** An entry as an anchor has it; with its words only when the playlist does not have them. */
export function placedOf({ id, item, x, width, speed }, gone, words) {
  const { version, text, kicker, lang, dir, urgency } = item;
  const placed = { id, version, x: x - gone, width, ...(speed && { speed }) };
  const known = words.get(id);
  if (known && isSame(known, item)) return placed;
  return { ...placed, text, ...(kicker && { kicker }), lang, dir, ...(urgency && { urgency }) };
}

/** And back; null when it may not be shown any more, or nobody knows its words. */
export function entryOf(placed, known, words) {
  const { x, width, speed, ...told } = placed;
  const now = words.get(placed.id);
  const item = typeof placed.text === "string" ? told : now && now.version === placed.version && now;
  return item && isKnown(placed, known) ? { id: placed.id, item, x, width, ...(speed && { speed }) } : null;
}
