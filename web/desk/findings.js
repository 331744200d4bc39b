import { make } from "../wording.js";
import { draftOf } from "./fields.js";
import { clock, filled, words } from "./words.js";

const PAUSE_MS = 350; // of the hand, before the server is asked
const AGAIN_MS = 1500; // while it still looks at the link
const MOST_TIMES = 10; // that a link is asked for of which nothing is known yet

/**
 * What an editor should know before a headline leaves, as the server finds it, all at once.
 *
 * @typedef {{code: string, level: string, field: string, sentence: string, id?: string, text?: string, state?: string, at?: number}} Finding
 */
export class Findings {
  /** @param {import("./api.js").Api} api @param {(id: string) => void} show another headline that a finding is about */
  constructor(api, show) {
    this.api = api;
    this.show = show;
    this.asked = "";
    this.timer = 0;
    this.list = document.getElementById("findings");
    /** @type {Finding[]} */
    this.found = [];
  }

  /** @param {{fields: import("./fields.js").Fields, record: import("./api.js").Record|null}} composer */
  check({ fields, record }) {
    clearTimeout(this.timer);
    const draft = { ...draftOf(fields), ...(record ? { id: record.id } : {}) };
    const asked = JSON.stringify(draft);
    if (asked === this.asked) return;
    if (!draft.text) {
      this.asked = "";
      this.tell([]);
      return;
    }
    this.timer = setTimeout(() => this.ask(draft, asked), PAUSE_MS);
  }

  async ask(draft, asked, times = 1) {
    this.asked = asked;
    const answer = await this.api.check(draft, times > 1);
    if (this.asked !== asked) return; // it is written on already
    if (!answer.ok) {
      this.asked = ""; // the publish itself will say why not
      this.tell([]);
      return;
    }
    this.tell(answer.body.findings);
    if (answer.body.waiting && times < MOST_TIMES) this.timer = setTimeout(() => this.ask(draft, asked, times + 1), AGAIN_MS);
  }

  /** @param {Finding[]} found */
  tell(found) {
    this.found = found;
    this.list.replaceChildren(...found.map((finding) => this.row(finding)));
  }

  /** @param {Finding} finding */
  row(finding) {
    const { code, level, sentence, id, text, state, at } = finding;
    const known = (words.findings || {})[code];
    const told = make("span", "", known ? filled(known, finding) : sentence);
    const row = make("li", "", make("b", "level", words.levels[level]), told);
    row.dataset.level = level;
    if (text) {
      const other = make("button", "other", make("bdi", "", text), " ", make("small", "", `${words.states[state] || state} · ${clock(at)}`));
      other.type = "button";
      other.addEventListener("click", () => this.show(id));
      row.append(other);
    }
    return row;
  }
}
