import { make } from "../wording.js";
import { about, filled, words } from "./words.js";

const EVERY_MS = 10000; // the server forgets who has been silent for 25 s

/**
 * Who else is here, and with what. Nobody is locked out by it.
 *
 * @typedef {{name: string, id: string, doing: string, since: string}} Present
 */
export class Presence {
  /** @param {import("./api.js").Api} api @param {() => {id?: string, doing: string}} here what we are doing ourselves */
  constructor(api, here) {
    this.api = api;
    this.here = here;
    this.told = "";
    this.tab = crypto.randomUUID().slice(0, 8);
    /** @type {Present[]} */
    this.people = [];
    this.timer = setInterval(() => this.tell(true), EVERY_MS);
    this.tell(true);
  }

  /** @param {boolean} [again] also when nothing has changed */
  tell(again = false) {
    const here = this.here();
    const said = JSON.stringify(here);
    if (said === this.told && !again) return;
    this.told = said;
    if (!document.hidden || !again) this.api.desk("presence", { ...here, tab: this.tab });
  }

  /** @param {Present[]} people */
  show(people) {
    this.people = people;
    const names = [...new Set(people.map(({ name }) => plain(name)))];
    const others = names.filter((name) => name !== plain(about.writer));
    const element = document.getElementById("present");
    element.replaceChildren(...others.slice(0, 5).map((name) => make("bdi", "person", name)));
    element.title = filled(words.present, { names: names.join(", ") });
  }

  /** What is said of the others at one headline. @param {string} id @returns {string[]} */
  at(id) {
    return this.people
      .filter(({ id: their, name }) => their === id && name !== about.writer)
      .map(({ name, doing }) => filled(doing === "editing" ? words.edits : words.looks, { who: plain(name) }));
  }
}

/** Without what tells namesakes apart. */
function plain(name) {
  return name.replace(/ \([^)]*\)$/, "");
}
