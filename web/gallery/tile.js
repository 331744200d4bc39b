import { frameAt } from "../onair/frames.js";
import { make } from "../wording.js";
import { filled, words } from "../desk/words.js";
import { Ahead } from "./ahead.js";
import { called, sentence } from "./alarm.js";
import { write } from "./write.js";

const said = words.gallery;
const LATE_MS = 5000; // since a page last reported, or anything was told
const FONT = '"On Air"'; // what bar.css calls an output's font

/** One output at a glance: what it is, its bar as its pages draw it, and whether they say that it is on screen. */
export class Tile {
  /** @param {any} output @param {() => void} choose */
  constructor(output, choose) {
    this.output = output;
    this.stage = make("div", "stage");
    this.frame = make("div", "frame");
    this.stage.append(this.frame);
    this.stage.inert = true;
    this.light = make("p", "confirmed");
    this.button = make("button", "name", make("b", `type ${output.type}`, said.types[output.type]), make("bdi", "", output.title));
    this.button.type = "button";
    this.button.addEventListener("click", choose);
    this.element = make("li", "tile", this.button, this.stage, this.light);
    this.element.dataset.type = output.type;
    this.bar = new Ahead(this.frame, { logo: output.logo || "", guides: output.type === "preview" });
    new ResizeObserver(() => this.scale()).observe(this.stage);
  }

  choose(isChosen) {
    if (isChosen) this.button.setAttribute("aria-current", "true");
    else this.button.removeAttribute("aria-current");
  }

  show(state) {
    const { playlist } = state;
    this.state = state;
    this.toldAt = state.now;
    this.tick(state.now);
    if (!this.look) this.wear();
    this.look = playlist.look;
    this.fps = playlist.fps;
    this.bar.show(playlist);
    this.scale();
  }

  /** @param {number} now the service's clock, ms */
  tick(now) {
    if (!this.state) return;
    const [light, told] = lightOf(this.state, now, now - this.toldAt >= LATE_MS);
    this.element.dataset.state = light;
    write(this.light, told);
  }

  /** The output's own font, before anything is measured: in another one every width differs from what its pages show. */
  wear() {
    if (!this.output.family) return;
    const root = /** @type {HTMLElement} */ (this.frame.firstElementChild);
    root.style.fontFamily = getComputedStyle(root).fontFamily.replace(FONT, `"${this.output.family}"`);
  }

  /** Only the bar, and what is below it: the rest of the picture is not ours. */
  scale() {
    if (!this.look) return;
    const { width, height, bar, bottom } = this.look;
    const scale = this.stage.clientWidth / width;
    const shown = Math.min(height, bar * 2 + bottom);
    this.stage.style.blockSize = `${Math.round(shown * scale)}px`;
    Object.assign(this.frame.style, { width: `${width}px`, height: `${height}px`, transform: `translateY(${(shown - height) * scale}px) scale(${scale})` });
  }

  /** @param {number} now the service's clock, ms */
  draw(now) {
    if (this.fps) this.bar.draw(frameAt(now, this.fps));
  }

  /** The id of what comes onto the screen next, or null. @param {number} now the service's clock, ms */
  next(now) {
    try {
      return this.fps ? this.bar.next(frameAt(now, this.fps)) : null;
    } catch {
      return null; // the lists stand whatever is wrong with the bar
    }
  }
}

/** Pages say what is on screen; of other systems we know that they took it. Green is only what somebody has confirmed. */
function lightOf({ playlist, alarms, pages, targets }, now, isSilent) {
  const [worst] = alarms.filter(({ fault }) => fault);
  if (worst) return [worst.code === "no_page" ? "unused" : "fault", sentence(worst)]; // some outputs are unused: told, and no alarm
  if (isSilent) return ["unknown", said.lost];
  const fresh = pages.filter(({ seen_at: at }) => now - at < LATE_MS);
  const names = fresh.filter(({ state }) => state !== "off").map(({ page }) => page).join(", ");
  const systems = targets.map(({ system }) => called(system)).join(", ");
  const isOff = alarms.some(({ code }) => code === "off") || (playlist.on && fresh.length && !names);
  if (isOff) return ["missing", said.codes.off];
  const told = [names && filled(said.confirmed, { pages: names }), systems && filled(said.pushed_to, { systems })].filter(Boolean).join(" · ");
  if (names || (playlist.on && systems)) return ["on", told];
  return playlist.on ? ["unknown", said.nobody] : ["off", said.off_air];
}
