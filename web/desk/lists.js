import { make } from "../wording.js";
import { ACTIONS, label, possible, prominent } from "./actions.js";
import { PLACES, placed } from "./places.js";
import { Rows } from "./rows.js";
import { build, fill, tick } from "./row.js";
import { about, counted, words } from "./words.js";

const QUEUE = ["waiting", "scheduled", "candidates", "drafts"];
const get = (/** @type {string} */ id) => document.getElementById(id);

/**
 * All headlines of the desk, each in its place, and the one at hand: that which has the focus, or had it last.
 *
 * @typedef {import("./api.js").Record} Record
 */
export class Lists {
  /** @param {{act: (name: string, record: Record) => any, menu: (record: Record, anchor: HTMLElement) => any}} page */
  constructor(page) {
    this.page = page;
    this.placed = placed([]);
    this.currentId = "";
    /** @type {(id: string) => string[]} */
    this.presence = () => [];
    /** @type {Map<string, Rows>} */
    this.rows = new Map(PLACES.map((place) => [place, this.list(place)]));
    document.addEventListener("focusin", ({ target }) => this.focused(/** @type {HTMLElement} */ (target)));
    get("fresh").addEventListener("click", () => this.rows.get("strip").settle());
  }

  list(place) {
    return new Rows(get(place === "strip" ? "live" : place), {
      build, fill: (row, record) => this.fill(row, record), empty: (row) => this.empty(row),
      waiting: place === "strip" ? (count) => this.waiting(count) : undefined,
    });
  }

  /** Where it was it says where it is. */
  empty(row) {
    const place = PLACES.find((one) => this.placed[one].some(({ id }) => id === row.dataset.id));
    const acts = row.querySelector(".acts");
    acts.replaceChildren(make("span", "", place ? words.places[place] : words.gone));
    acts.dataset.shown = "";
  }

  waiting(count) {
    get("fresh").hidden = !count;
    get("fresh").textContent = counted("fresh", count);
  }

  /** @param {Record[]} records @param {(id: string) => string[]} presence @param {number} now */
  show(records, presence, now) {
    this.presence = presence;
    this.placed = placed(records);
    for (const place of PLACES) {
      this.rows.get(place).show(this.placed[place]);
      const section = /** @type {HTMLElement} */ (document.querySelector(`section[data-place=${place}]`));
      if (!section) continue;
      section.hidden = !this.rows.get(place).list.children.length;
      section.querySelector(".count").textContent = number(this.placed[place].length);
    }
    const waits = QUEUE.reduce((sum, place) => sum + this.placed[place].length, 0);
    for (const [name, count] of Object.entries({ queue: waits, strip: this.placed.strip.length })) {
      get(`${name}-count`).textContent = number(count);
      document.querySelector(`[data-count=${name}]`).textContent = number(count);
      get(`${name}-empty`).hidden = count > 0;
    }
    this.tick(now);
  }

  fill(row, record) {
    fill(row, record, { presence: this.presence(record.id) });
    const wanted = [...prominent(record), ...(possible(record).length ? ["more"] : [])];
    const acts = row.querySelector(".acts");
    const key = wanted.map((name) => `${name} ${label(name, record)}`).join();
    if (acts.dataset.shown === key) return;
    acts.dataset.shown = key;
    // A button that stays is the same element, so that it keeps the focus.
    const old = new Map([...acts.children].map((child) => [child.dataset.act, child]));
    acts.replaceChildren(...wanted.map((name) => old.get(name) || this.button(name, record.id)));
    for (const button of acts.children) button.firstChild.textContent = label(button.dataset.act, record);
  }

  button(name, id) {
    const key = name === "more" ? "m" : ACTIONS[name].key;
    const button = make("button", "", make("span", "", ""), make("kbd", "", key));
    Object.assign(button, { type: "button", tabIndex: -1 });
    button.dataset.act = name;
    button.addEventListener("click", () => {
      const record = this.find(id);
      if (!record) return;
      if (name === "more") this.page.menu(record, button);
      else this.page.act(name, record);
    });
    return button;
  }

  tick(now) {
    for (const { rows, records } of this.rows.values()) {
      for (const [id, row] of rows) if (records.has(id)) tick(row, records.get(id), now);
    }
  }

  // -- the one at hand

  focused(target) {
    const row = /** @type {HTMLElement} */ (target.closest(".record"));
    if (row) this.choose(row);
  }

  /** From now on this is the one at hand, also before it has a row. @param {string} id */
  hand(id) {
    const row = this.elementOf(id);
    if (row) this.choose(row);
    this.currentId = id;
  }

  choose(row) {
    const { id } = row.dataset;
    for (const other of document.querySelectorAll(".record.current")) other.classList.remove("current");
    row.classList.add("current");
    this.currentId = id;
    for (const list of this.rows.values()) if (list.get(id) === row) list.reach(row);
  }

  /** @param {string} id @returns {Record|undefined} */
  find(id) {
    for (const { records } of this.rows.values()) if (records.has(id)) return records.get(id);
    return undefined;
  }

  /** The headline at hand, and none when that has gone; before there was one, the newest on the strip. */
  get current() {
    if (this.currentId) return this.find(this.currentId);
    const [first] = [...this.placed.strip].sort((a, b) => Date.parse(b.published_at) - Date.parse(a.published_at));
    return first;
  }

  elementOf(id) {
    for (const list of this.rows.values()) if (list.get(id)) return list.get(id);
    return undefined;
  }

  focus(id) {
    const row = this.elementOf(id);
    if (!row) return;
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  }

  focusCurrent() {
    if (this.current) this.focus(this.current.id);
    else /** @type {HTMLElement} */ (document.activeElement).blur();
  }

  focusFirst(places) {
    const row = places.map((place) => this.rows.get(place).list.querySelector(".record")).find(Boolean);
    if (row) this.focus(row.dataset.id);
  }

  /** @param {number} step down or up, from list to list */
  step(step) {
    const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".record")]).filter((row) => row.offsetParent);
    const at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement.closest(".record")));
    const next = at < 0 ? this.elementOf(this.currentId) || rows[0] : rows[at + step];
    if (next) this.focus(next.dataset.id);
  }
}

function number(count) {
  return count ? count.toLocaleString(about.lang) : "";
}
