// Frames, counted from 1970 at an output's exact rate. `fps` is a fraction, [60000, 1001]; moments are ms.

const AHEAD_S = 3; // a playlist holds some tenths of a second after it was made

/** The number of the frame that is on screen at a moment. In two parts: one product is more than a double holds. */
export function frameAt(ms, [num, den]) {
  const span = 1000 * den; // ms that hold `num` frames exactly
  const spans = Math.floor(ms / span);
  return spans * num + Math.floor(((ms - spans * span) * num) / span);
}

/** The first frame that begins at or after a moment. */
export function frameFrom(ms, fps) {
  return -frameAt(-ms, fps) || 0;
}

/** The moment at which a frame begins; not a whole number. */
export function momentOf(frame, [num, den]) {
  const spans = Math.floor(frame / num);
  return spans * 1000 * den + ((frame - spans * num) * 1000 * den) / num;
}

/** The first frame of a frame's second, the same for pages that ask a moment apart. */
export function secondOf(frame, fps) {
  return frameFrom(Math.floor(momentOf(frame, fps) / 1000) * 1000, fps);
}

/** Whether a frame is so far to come that no playlist would name it: the clock by which it did was another. */
export function isAhead(of, frame, [num, den]) {
  return (of - frame) * den > AHEAD_S * num;
}
