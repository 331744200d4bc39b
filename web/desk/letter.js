const LATIN = /^[\x20-\x7e\p{Script=Latin}]+$/u; // names of keys, too; and ü is itself, though it stands where [ does elsewhere
const PLACES = { BracketLeft: "[", BracketRight: "]" };

/** The key's letter; on a keyboard without Latin letters what stands in its place on one that has them. */
export function letterOf({ key, code, shiftKey }) {
  if (LATIN.test(key)) return key.toLowerCase();
  if (code === "Slash" && shiftKey) return "?";
  return PLACES[code] || code.replace(/^(Key|Digit|Numpad)/, "").toLowerCase();
}
