import { make } from "../wording.js";
import { filled, words } from "../desk/words.js";
import { addressesOf } from "./addresses.js";
import { Aim } from "./aim.js";
import { called } from "./alarm.js";
import { arrange } from "./arrange.js";
import { Hand } from "./hand.js";
import { List } from "./list.js";
import { Reporter } from "./reporter.js";
import { ACTS, BUTTONS } from "./row.js";
import { Transport } from "./transport.js";
import { write } from "./write.js";

const said = words.gallery;
const get = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

const LATE_S = 5; // since a page last reported
const SPEEDS = [1, 40]; // px a frame

/** The output at hand: all that can be said to it. */
export class Panel {
  /** @param {import("./say.js").Say} say @param {(output: string) => string | null} next what comes onto its screen */
  constructor(say, next) {
    this.say = say;
    this.next = next;
    this.output = /** @type {any} */ (null);
    this.state = /** @type {any} */ (null);
    this.aim = new Aim(say);
    this.unsent = new Map(); // output → a flash that the desk did not get
    const hand = new Hand(get("lists"));
    const list = (/** @type {"waiting" | "loop"} */ name) => new List(name, hand, (act, row) => this.press(act, row));
    this.transport = new Transport(this);
    this.lists = { waiting: list("waiting"), loop: list("loop") };
    get("clear-all").addEventListener("click", () => this.clearAll());
    get("flash").addEventListener("keydown", written);
    get("loop").addEventListener("dragstart", (event) => {
      if (event.target.draggable) event.dataTransfer.setData("text/plain", event.target.dataset.id); // else words that are marked
    });
    get("loop").addEventListener("dragover", (event) => event.preventDefault());
    get("loop").addEventListener("drop", (event) => {
      event.preventDefault();
      const onto = event.target.closest("li");
      if (onto) this.move(event.dataTransfer.getData("text/plain"), onto.dataset.id);
    });
  }

  /** @param {any} output @param {any} state */
  open(output, state) {
    this.output = output;
    this.state = null;
    get("panel").dataset.type = output.type;
    get("panel-title").replaceChildren(make("b", `type ${output.type}`, said.types[output.type]), make("bdi", "", output.title));
    for (const list of Object.values(this.lists)) list.clear();
    this.transport.clear();
    get("pages").replaceChildren();
    this.reporters = new Map();
    this.addresses();
    if (state) this.show(state);
  }

  show(state) {
    this.state = state;
    this.transport.show(state, this.output.may);
    this.list("waiting", state.waiting);
    this.tick(state.now);
  }

  /** @param {number} now the service's clock, ms */
  tick(now) {
    if (!this.state) return;
    for (const list of Object.values(this.lists)) list.settle();
    this.offerAll();
    this.state.now = now;
    this.list("loop", this.state.playlist.items); // what is on screen is so for as long as pages say it, and not until a state comes
    const { pages, targets } = this.state;
    const reporters = new Map();
    const tell = (name, line, forget) => {
      const reporter = this.reporters.get(name) || new Reporter(name, forget);
      reporter.show(line);
      reporters.set(name, reporter);
    };
    for (const page of pages) tell(page.page, this.ofPage(page, since(page.seen_at, now)), () => this.forget(page.page));
    for (const { system, trouble, at } of targets) {
      tell(called(system), { told: trouble || filled(said.pushed, { seconds: since(at, now) }), isLate: Boolean(trouble) });
    }
    this.reporters = reporters;
    get("nobody").hidden = reporters.size > 0;
    arrange(get("pages"), [...reporters.values()].map(({ element }) => element));
  }

  ofPage({ state, fps, dropped, on_screen: shown }, seconds) {
    const titles = shown.map((id) => this.state.playlist.items.find((item) => item.id === id)).filter(Boolean).map(({ text }) => text);
    const told = filled(said.page, { state: said.states[state], seconds, fps: Math.round(fps * 10) / 10, dropped });
    return { told, titles: titles.join(" · "), isLate: seconds >= LATE_S, mayForget: this.output.may.take };
  }

  forget(page) {
    this.say.forget(this.output.name, page);
  }

  /** @param {"waiting" | "loop"} name @param {any[]} items */
  list(name, items) {
    const places = name === "loop" ? this.places() : new Map();
    this.lists[name].show(items, (item) => ({
      place: places.get(item.id), facts: this.facts(name, item), acts: BUTTONS.filter((act) => this.offers(act, name, item)),
      isDraggable: name === "loop" && this.output.may.order,
    }));
  }

  facts(name, item) {
    if (name === "waiting") return said.why[item.why] || item.why;
    const clearance = this.state.control.cleared[item.id];
    return clearance ? filled(said.cleared_by, { by: clearance.by, version: clearance.version }) : said.cleared_automatically;
  }

  /** Those that stand there: what waits for the hand to rest nobody has read. */
  clearable() {
    return this.state.waiting.filter(({ id, why }) => (why === "not_cleared" || why === "edited") && this.lists.waiting.has(id));
  }

  offerAll() {
    const { length: n } = this.clearable();
    get("clear-all").hidden = n < 2 || !this.output.may.clear;
    write(get("clear-all"), filled(said.clear_all, { n }));
  }

  /** What is on screen, as its pages have confirmed, and what enters next. @returns {Map<string, string>} */
  places() {
    const { pages, now } = this.state;
    const shows = pages.filter((page) => page.state !== "off" && since(page.seen_at, now) < LATE_S);
    const next = shows.length ? this.next(this.output.name) : null;
    const seen = shows.flatMap((page) => page.on_screen);
    return new Map([...(next ? [[next, "next"]] : []), ...seen.map((id) => [id, "on"])]);
  }

  offers(act, name, item) {
    const { right, where } = ACTS[act];
    const fits = where === "both" || where === name;
    const isCleared = name === "loop" || this.output.may.clear;
    if (act === "hold" && item.why === "held") return false;
    return this.output.may[right] && fits && (act !== "breaking" || isCleared);
  }

  /** The headline at hand: where the focus is. */
  get current() {
    const element = /** @type {any} */ (document.activeElement && document.activeElement.closest("li.record:not(.gone)"));
    if (!element) return null;
    const list = this.lists[element.parentElement.id];
    return { list, row: list.rows.get(element.dataset.id) };
  }

  /** @param {string} act */
  run(act) {
    const { current } = this;
    if (!current) return;
    const { list, row } = current;
    if (list.isNew(row)) this.say.tell(said.look_first);
    else if (act === "up" || act === "down") this.step(row.item.id, act === "up" ? -1 : 1);
    else if (this.offers(act, list.name, row.item)) this.press(act, row);
  }

  /** @param {string} act @param {import("./row.js").Row} row */
  press(act, row) {
    if (row.isUnread(act)) this.say.tell(said.look_first);
    else this.act(act, row.item);
  }

  async act(act, item) {
    const { name } = this.output;
    if (act === "kill") return this.kill(item);
    if (act === "next") return this.say.cue(name, "take", { id: item.id });
    if (act === "clear") return this.say.cue(name, "clear", { id: item.id, version: item.version });
    const isWaiting = this.state.waiting.some(({ id }) => id === item.id);
    if (act === "breaking" && isWaiting && !(await this.say.cue(name, "clear", { id: item.id, version: item.version }))) return null;
    return this.say.cue(name, act, { id: item.id });
  }

  /** All that stood there at the click, and there: meanwhile somebody may look at another output. */
  clearAll() {
    this.say.clearAll(this.output.name, this.clearable());
  }

  /** Exact words, why, and where it stands: two actions, as at the desk. */
  async kill(item) {
    const { output } = this;
    Object.assign(get("kill-text"), { textContent: item.text, lang: item.lang, dir: item.dir });
    get("kill-where").textContent = said.kill_where;
    get("kill-reason").value = "";
    if (await chosen(get("kill"))) await this.say.kill(output, item.id, get("kill-reason").value.trim());
  }

  async flash() {
    const { output } = this;
    if (!output.may.publish || !output.may.clear || !output.may.breaking) return;
    const { text, kicker } = this.unsent.get(output.name) || { text: "", kicker: "" };
    this.unsent.delete(output.name);
    Object.assign(get("flash-text"), { value: text, lang: output.lang, dir: output.dir });
    Object.assign(get("flash-kicker"), { value: kicker, lang: output.lang, dir: output.dir });
    const sends = chosen(get("flash"));
    get("flash-text").select(); // what is written now is written anew
    if (!(await sends)) return;
    const flash = { text: get("flash-text").value.trim(), kicker: get("flash-kicker").value.trim() };
    if (!(await this.say.flash(output, flash))) this.unsent.set(output.name, flash);
  }

  take() {
    if (this.output.may.take) this.say.cue(this.output.name, "take");
  }

  /** @param {string} [when] */
  stop(when = "now") {
    if (this.output.may.stop) this.say.cue(this.output.name, "stop", { stop: when });
  }

  clearTakeover() {
    if (this.output.may["clear-takeover"]) this.say.cue(this.output.name, "clear-takeover");
  }

  /** @param {number} step px a frame */
  faster(step) {
    if (!this.output.may.speed || !this.state) return;
    const { speed } = this.aim.at(this.output.name, "speed") || this.state.playlist;
    this.aim.send(this.output.name, "speed", { speed: Math.min(SPEEDS[1], Math.max(SPEEDS[0], speed + step)) });
  }

  /** One loop, as it will stand. */
  get ids() {
    return [...(this.aim.at(this.output.name, "order") || { ids: this.state.playlist.items.map(({ id }) => id) }).ids];
  }

  step(id, by) {
    const { ids } = this;
    const onto = ids[ids.indexOf(id) + by];
    if (onto) this.move(id, onto);
  }

  move(id, onto) {
    const { ids } = this;
    if (!this.output.may.order || id === onto || !ids.includes(id) || !ids.includes(onto)) return;
    const place = ids.indexOf(onto);
    ids.splice(ids.indexOf(id), 1);
    ids.splice(place, 0, id);
    this.aim.send(this.output.name, "order", { ids });
  }

  /** @param {number} by */
  go(by) {
    const rows = /** @type {any[]} */ ([...document.querySelectorAll("#waiting > li, #loop > li")]);
    const at = rows.indexOf(document.activeElement && document.activeElement.closest("li.record"));
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) next.focus();
  }

  addresses() {
    get("address").hidden = !this.output.key;
    get("address").open = false;
    if (this.output.key) get("addresses").replaceChildren(...addressesOf(this.output, () => this.say.tell(said.copied)));
  }
}

/** Whole seconds. @param {number} at @param {number} now ms */
function since(at, now) {
  return Math.max(0, Math.floor((now - at) / 1000));
}

/** As at the desk: a headline has one line, and Ctrl or Cmd with Enter sends it. @param {KeyboardEvent} event */
function written(event) {
  const isSent = event.ctrlKey || event.metaKey;
  if (event.key !== "Enter" || event.isComposing || !(isSent || event.target === get("flash-text"))) return;
  event.preventDefault();
  if (isSent && !event.repeat) get("flash").querySelector(".main").click();
}

/** @param {any} dialog @returns {Promise<boolean>} */
function chosen(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

