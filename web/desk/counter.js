import { about, say } from "./words.js";

const segmenter = new Intl.Segmenter(about.channel.lang, { granularity: "grapheme" });

/** What a reader would count as characters. @param {string} text */
export function graphemes(text) {
  return [...segmenter.segment(text.trim())].length;
}

/** How long the text is beside the three limits of its channel. @param {string} text @param {string} width in words */
export function count(text, width) {
  const { advice, editorial, hard } = about.limits;
  const length = graphemes(text);
  const level = length > hard ? "stop" : length > editorial ? "warning" : length > advice ? "advice" : "fine";
  const output = document.getElementById("count");
  const meter = /** @type {HTMLMeterElement} */ (document.getElementById("meter"));
  Object.assign(meter, { value: Math.min(length, hard), high: editorial, low: advice, optimum: 0 });
  output.dataset.level = level;
  const limit = length > editorial ? hard : length > advice ? editorial : advice;
  const told = [say("count", { n: length, limit }), level === "fine" ? "" : say(`long_${level}`), width];
  output.textContent = told.filter(Boolean).join(" · ");
  return level;
}
