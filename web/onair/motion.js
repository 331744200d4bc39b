// What stands where at which frame: pure, for crawl and flip alike. Main and backup compute it, each for itself.
//
//   ruler = {room, gap, widthOf(item), strap: {roomOf(item), widthOf(item)}}   whole px; the same for all pages of an output
//   motion = begin(playlist, ruler)              a page that starts: from `playlist.anchor`, else from an empty screen
//   next = change(motion, playlist, ruler)       a page that goes on: what is on screen at `playlist.frame` stays
//   motion = rejoin(shown, next, frame)          `next` from now on, and yet nothing that is on screen jumps
//   cover(motion, playlist)                      the same, without what `playlist` no longer has, until its frame comes
//   at(motion, frame) → picture                  what is on screen and what stands ready for it
//   anchorOf(motion, frame) → anchor             from which `begin` on another page makes the same pictures

import { carried, emptyScreen, entryOf, isKnown, isSame, keyOf, knownOf, placedOf, wordsOf } from "./carry.js";
import { frameFrom } from "./frames.js";
import { isLine, Track } from "./track.js";

const RISE = 12; // frames in which the bar, or the strap of a take-over, comes and goes
const ROLL = 10; // frames in which one headline makes way for the next when they flip
const MOST_COVERS = 64; // of newer playlists: what the oldest of them took off, those after it have taken off as well
const MOST_TRIES = 4; // of the places at which a page that was late may be where the others are
const READY = 64; // frames before it can be seen that an item stands ready

/** @param {any} playlist @param {any} ruler @param {any} [anchor] @param {number} [origin] */
export function begin(playlist, ruler, anchor = playlist.anchor, origin = 0) {
  const { frame, since, run, queue = [], next } = anchor || emptyScreen(playlist);
  const flips = playlist.mode === "flip";
  const words = wordsOf(playlist);
  const known = knownOf(playlist);
  const motion = {
    playlist,
    ruler,
    frame,
    since: typeof since === "number" ? since : -Infinity, // the frame from which the bar stands, or was told to go
    origin, // where the page's own track was at that frame: what stays on screen stays where it is on the page
    flips,
    ...(flips ? { room: 1, step: 1, gap: 0 } : { room: ruler.room, step: playlist.speed, gap: ruler.gap }),
    covers: [], // newer playlists, whose frame is still to come
    kept: [], // what runs out before what follows from the playlist
    edge: -Infinity, // and where that begins
    track: null,
  };
  motion.track = new Track({
    ...motion,
    run: run.map((placed) => entryOf(placed, known, words)).filter(Boolean),
    queue: queue.filter((id) => words.has(id)),
    next,
    order: playlist.order,
    fallback: playlist.fallback.map((_, i) => `fallback:${i}`),
    loops: playlist.on,
    item: (id) => words.get(id),
    length: (item) => (flips ? standing(motion, item) : ruler.widthOf(item) + ruler.gap),
    closes: closing(motion, words),
  });
  return motion;
}

/** @param {any} motion @param {any} playlist @param {any} ruler */
export function change(motion, playlist, ruler) {
  return goOn(asOthers(motion), playlist, ruler);
}

function goOn(motion, playlist, ruler) {
  const frame = Math.max(playlist.frame, motion.frame);
  const gone = distance(motion, frame);
  const { playlist: was, since } = motion;
  const fits = was.mode === playlist.mode && was.dir === playlist.dir && motion.ruler.room === ruler.room;
  const shown = fits ? entriesOn(motion, gone).map((entry) => paced(motion, entry)) : [];
  const isOver = !was.on && left(motion, frame) >= 0;
  const pending = motion.track.pending(gone + motion.room);
  const before = { playlist: was, since, frame, shown, gone, isOver, ...pending };
  return begin(playlist, ruler, carried(playlist, before), motion.origin + gone);
}

/**
 * For a page that has missed something, or heard of it late: what it has on screen runs out, and behind that stands
 * what all other pages have there. Until that comes the page goes on by itself, rather than that it is empty.
 */
export function rejoin(shown, next, frame) {
  const from = Math.max(frame + 1, next.frame); // the first that is drawn of it
  const [gone, had] = [distance(next, from), distance(shown, from)];
  const joined = { ...next, origin: shown.origin + had - gone };
  const isAnother = shown.room !== next.room || shown.playlist.dir !== next.playlist.dir;
  if (isAnother || !next.room || shown.flips || !next.playlist.on || !levelOf(shown, from)) return joined;
  const edge = gone + next.room - next.step;
  const isOn = ({ x, width, item }) => x < edge && x + width - next.gap > gone && !isCovered(next, item);
  const known = knownOf(next.playlist);
  const theirs = entriesOn(next, gone).filter(isOn);
  const kept = entriesOn(shown, had)
    .filter(({ item }) => isKnown(item, known) && !isCovered(shown, item))
    .map((entry) => ({ ...paced(shown, entry), x: entry.x - had + gone }))
    .filter(isOn);
  const isAlike = ({ item, x }, i) => theirs[i] && isSame(item, theirs[i].item) && x === theirs[i].x;
  if (!kept.length || (kept.every(isAlike) && theirs.length === kept.length)) return joined;
  const alone = goOn(shown, { ...next.playlist, frame: from, anchor: null }, next.ruler);
  const own = (end) =>
    alone.track
      .between(0, end - gone)
      .map((entry) => ({ ...entry, x: entry.x + gone }))
      .filter(({ x, item }) => x >= edge && !isCovered(next, item));
  return { ...joined, ...meeting(next, kept, own, edge) };
}

/** At the first of theirs up to which nothing is empty; where there is none, at the first. */
function meeting(motion, kept, own, edge) {
  let first = null;
  let place = Math.max(edge, ...kept.map(endOf));
  for (let i = 0; i < MOST_TRIES; i += 1) {
    const follows = motion.track.behind(place);
    if (!follows) break;
    const bridge = bridged(kept, own(follows.x), follows.x, edge, motion);
    const made = { kept: bridge, edge: follows.x };
    if (follows.x <= emptyFrom(motion, bridge[bridge.length - 1])) return made;
    first = first || made;
    place = follows.x + 1;
  }
  return first || { kept, edge: Infinity };
}

/** So that nothing is empty until `end`: our own, the last of it sooner so that it ends there; else fallback lines. */
function bridged(kept, own, end, edge, motion) {
  const bridge = kept.slice();
  const last = () => bridge[bridge.length - 1];
  const add = (entry, place) => {
    const soonest = Math.max(endOf(last()), edge);
    const x = Math.min(Math.max(place, soonest), end - entry.width);
    if (end > emptyFrom(motion, last()) && x >= soonest) bridge.push({ ...entry, x });
  };
  for (const entry of own) add(entry, entry.x);
  const lines = motion.playlist.fallback.map((_, i) => lineOf(motion, `fallback:${i}`));
  const rounds = Math.ceil((end - edge) / motion.room);
  for (let i = 0; i < rounds; i += 1) for (const line of lines) add(line, emptyFrom(motion, last()));
  return bridge;
}

function endOf({ x, width }) {
  return x + width;
}

/** The last place at which another may stand, so that it comes as this one's words leave. */
function emptyFrom({ room, step, gap }, entry) {
  return endOf(entry) - gap + room - step;
}

function lineOf({ playlist, ruler }, id) {
  const item = wordsOf(playlist).get(id);
  return { id, item, width: ruler.widthOf(item) + ruler.gap };
}

/** Without what only this page shows until it is where the others are: what comes follows from what all have. */
function asOthers(motion) {
  return { ...motion, kept: [], edge: -Infinity };
}

/** @param {any} motion @param {any} playlist */
export function cover(motion, playlist) {
  const { frame, items, takeovers } = playlist;
  const alike = items.filter(({ id }) => takeovers.some((one) => one.id === id)); // where a correction is told
  const covering = { frame, known: knownOf(playlist), takeovers: knownOf({ items: [...takeovers, ...alike] }) };
  return { ...motion, covers: [...motion.covers, covering].slice(-MOST_COVERS) };
}

/** @param {any} motion @param {number} frame */
export function at(motion, frame) {
  const level = levelOf(motion, frame);
  const gone = distance(motion, frame);
  const ready = level ? entries(motion, gone - lingering(motion), gone + motion.room + READY * motion.step) : [];
  const items = ready.map((entry, i) => placedAt(motion, entry, ready[i - 1], ready[i + 1], gone));
  const strap = level ? strapAt(motion, frame) : null;
  const seen = items.filter((one) => one.isSeen);
  let state = strap || seen.some(({ id }) => !id.startsWith("fallback:")) ? "on" : "fallback";
  if (!strap && !seen.length) state = motion.playlist.on ? "blank" : "off";
  return { state, level, flips: motion.flips, shift: motion.origin + gone, items, strap };
}

/** @param {any} motion @param {number} frame */
export function anchorOf(motion, frame) {
  const gone = distance(motion, frame);
  const words = wordsOf(motion.playlist);
  const shown = entriesOn(asOthers(motion), gone).filter(({ item }) => !isCovered(motion, item));
  const run = shown.map((entry) => placedOf(paced(motion, entry), gone, words));
  const anchor = { frame, run, ...motion.track.pending(gone + motion.room) };
  return motion.since === -Infinity ? anchor : { ...anchor, since: motion.since };
}

// --- how far it has gone ---------------------------------------------------------------------------------------------

/** Steps of the track since the motion's frame: under a take-over it stands still. */
function distance({ frame: start, step, playlist }, frame) {
  let [still, seen] = [0, start + 1];
  for (const { from, until } of playlist.takeovers) {
    const begins = Math.max(from, seen);
    const ends = Math.min(until === null ? Infinity : until, frame + 1);
    if (ends <= begins) continue;
    still += ends - begins;
    seen = ends;
  }
  return (frame - start - still) * step;
}

/** The place from which on an item is too late: what can be seen first in the frame of its end is not seen at all. */
function closing(motion, words) {
  const places = new Map();
  for (const [id, { expires_at: end }] of words) {
    const last = end ? frameFrom(end, motion.playlist.fps) - 1 : Infinity;
    if (end) places.set(id, last < motion.frame ? -Infinity : distance(motion, last) + motion.room);
    else places.set(id, Infinity);
  }
  return (id) => (places.has(id) ? places.get(id) : -Infinity);
}

// --- what is on screen -----------------------------------------------------------------------------------------------

function lingering({ flips }) {
  return flips ? ROLL : 0;
}

function entries({ kept, track, edge }, from, to) {
  const own = track.between(from, to);
  if (!kept.length) return own;
  return [...kept.filter(({ x, width }) => x < to && x + width > from), ...own.filter(({ x }) => x >= edge)];
}

function entriesOn(motion, gone) {
  return entries(motion, gone - lingering(motion), gone + motion.room);
}

function isCovered({ covers }, item) {
  return covers.some(({ known }) => !isKnown(item, known));
}

/** A headline that is read while it stands goes on at the speed with which it began. */
function paced({ flips, playlist }, entry) {
  return flips ? { speed: playlist.speed, ...entry } : entry;
}

function placedAt(motion, entry, previous, following, gone) {
  const { id, item, x, width } = entry;
  const joined = Boolean(previous) && previous.x + previous.width === x && !isCovered(motion, previous.item);
  const words = x + width - motion.gap + lingering(motion);
  const placed = {
    key: keyOf(item, motion.origin + x),
    id,
    item,
    place: motion.origin + x,
    joined, // to the one before it: a separator stands between them
    isSeen: x < gone + motion.room && words > gone && !isCovered(motion, item),
    isCovered: isCovered(motion, item),
    turn: 0, // 1 is below the bar, -1 above it
    inside: 0, // px that the words have moved within the bar
  };
  if (!motion.flips) return placed;
  const again = following && isSame(following.item, item) && gone >= following.x;
  const goes = Math.max(0, gone - (x + width) + 1) / ROLL;
  const comes = previous && !isSame(previous.item, item) ? Math.max(0, 1 - (gone - x + 1) / ROLL) : 0;
  const excess = excessOf(motion.ruler, item);
  const read = reading(restOf(motion.playlist), gone - x, excess, entry.speed || motion.playlist.speed);
  const inside = fromStart(motion.playlist, item, excess, read);
  return { ...placed, isSeen: placed.isSeen && !again && goes < 1, turn: comes - goes, inside };
}

// --- words that are longer than the bar, and stand -------------------------------------------------------------------

function restOf({ fps: [num, den] }) {
  return Math.round(num / den);
}

function excessOf(ruler, item) {
  return Math.max(0, ruler.widthOf(item) - ruler.room);
}

/** Frames that a headline stands: it rests, goes on to its end, and rests. */
function standing({ playlist, ruler }, item) {
  const excess = excessOf(ruler, item);
  return Math.max(playlist.flip, excess && 2 * restOf(playlist) + Math.ceil(excess / playlist.speed));
}

function reading(rest, age, excess, speed) {
  return Math.max(0, Math.min(excess, (age - rest) * speed));
}

/** Words that run against the bar stand in it with their end, and begin on its far side. */
function fromStart(playlist, { dir }, excess, read) {
  return dir && dir !== playlist.dir ? excess - read : read;
}

/** As often as it can to its end, where it stays; what does not stand long enough for once rests less and goes faster. */
function readingAgain(playlist, { from, until }, age, excess) {
  if (!excess) return 0;
  const stands = until === null ? Infinity : Math.max(1, until - from - RISE);
  const rest = Math.min(restOf(playlist), Math.floor(stands / 4));
  const speed = Math.max(playlist.speed, Math.ceil(excess / (stands - 2 * rest)));
  const once = 2 * rest + Math.ceil(excess / speed);
  const times = Math.max(1, Math.floor(stands / once));
  return reading(rest, age - once * Math.min(Math.floor(age / once), times - 1), excess, speed);
}

// --- the bar and the strap -------------------------------------------------------------------------------------------

/** Frames since nothing is left that was still to come; below 0: something is. */
function left(motion, frame) {
  const end = motion.playlist.stop === "now" ? null : motion.track.end();
  if (end === null) return frame - motion.since;
  const early = motion.flips ? RISE : 0; // the last one still stands while the bar goes
  return (distance(motion, frame) - end) / motion.step + early;
}

/** 0: the bar has gone; 1: it stands. */
function levelOf(motion, frame) {
  if (!motion.playlist.on) return 1 - Math.max(0, Math.min(1, left(motion, frame) / RISE));
  return Math.max(0, Math.min(1, (frame - motion.since + 1) / RISE));
}

/** The take-over that stands, the latest of several; from one to the next there is nothing to be seen between them. */
function strapAt({ playlist, ruler, covers }, frame) {
  const { takeovers } = playlist;
  const last = ({ until }) => (until === null ? Infinity : until);
  const isGone = (one) =>
    covers.some((newer) => !isKnown(one, newer.takeovers) && (newer.takeovers.has(one.id) || last(one) > newer.frame));
  const now = takeovers.filter((one) => one.from <= frame && frame < last(one) && !isGone(one));
  if (!now.length) return null;
  const item = now[now.length - 1];
  const comes = takeovers.some((one) => one !== item && one.from < item.from && last(one) >= item.from);
  const goes = takeovers.some((one) => one !== item && one.from > item.from && one.from <= last(item));
  const level = Math.min(1, comes ? 1 : (frame - item.from + 1) / RISE, goes ? 1 : (last(item) - frame) / RISE);
  const { roomOf, widthOf } = ruler.strap;
  const excess = Math.max(0, widthOf(item) - roomOf(item));
  const inside = fromStart(playlist, item, excess, readingAgain(playlist, item, frame - item.from, excess));
  return { key: keyOf(item, item.from), item, level, inside };
}
