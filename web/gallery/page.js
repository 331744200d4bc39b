/** The gallery: every output at a glance, one of them at hand; what is said to it, and what is wrong with any. */
import { Alarm } from "./alarm.js";
import { Keys } from "./keys.js";
import { Panel } from "./panel.js";
import { Say } from "./say.js";
import { Tile } from "./tile.js";
import { Watch } from "./watch.js";
import { about, words } from "../desk/words.js";

const TICK_MS = 250;
const get = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

/** @type {any[]} */
const outputs = /** @type {any} */ (about).outputs;
// Each bar loads what is there before it measures.
for (const [family, font] of Object.entries(/** @type {any} */ (about).fonts)) document.fonts.add(new FontFace(family, `url(${font})`));
const said = get("said");
const watch = new Watch();
const say = new Say((sentence, isWrong, name) => {
  const other = name && name !== panel.output.name && outputs.find((output) => output.name === name);
  said.textContent = other ? `${other.title}: ${sentence}` : sentence;
  said.classList.toggle("wrong", isWrong);
}, (state) => watch.take(state));
const panel = new Panel(say, (name) => tiles.get(name).next(watch.now()));
const alarm = new Alarm();
const tiles = new Map(outputs.map((output) => [output.name, new Tile(output, () => choose(output.name))]));
get("tiles").append(...[...tiles.values()].map((tile) => tile.element));

/** @param {string} name */
function choose(name) {
  for (const [one, tile] of tiles) tile.choose(one === name);
  panel.open(outputs.find((output) => output.name === name), watch.states.get(name));
  history.replaceState(null, "", `#${name}`);
}

watch.addEventListener("state", (/** @type {any} */ { detail }) => {
  const light = get("light");
  light.dataset.state = detail.state;
  light.textContent = words[detail.state];
  alarm.lose(detail.state !== "live");
});
// Each by itself, the gravest first: a fault in drawing silences no alarm.
const hear = (/** @type {(state: any) => void} */ show) => watch.addEventListener("output", (/** @type {any} */ { detail }) => show(detail));
hear(({ output, alarms }) => alarm.show(output.name, output.title, alarms));
hear((state) => tiles.get(state.output.name).show(state));
hear((state) => panel.output.name === state.output.name && panel.show(state));

choose(outputs.some(({ name }) => name === location.hash.slice(1)) ? location.hash.slice(1) : outputs[0].name);
new Keys({
  panel, acknowledge: () => alarm.acknowledge(),
  choose: (/** @type {number} */ place) => outputs[place] && choose(outputs[place].name),
});
watch.start();

/** Asked for anew before it draws: what fails once is tried again, and fails alone. @param {Tile} tile */
const draw = (tile) => {
  requestAnimationFrame(() => draw(tile));
  tile.draw(watch.now());
};
for (const tile of tiles.values()) requestAnimationFrame(() => draw(tile));
setInterval(() => panel.tick(watch.now()), TICK_MS);
for (const tile of tiles.values()) setInterval(() => tile.tick(watch.now()), TICK_MS);
