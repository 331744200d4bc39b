import { quoted, titleOf } from "./row.js";
import { seen } from "./places.js";
import { about, lasting, say, words } from "./words.js";

const HOUR_S = 3600;

/**
 * What can be done with a headline: by which key, in which states, with which right, and how it is taken back.
 *
 * @typedef {import("./api.js").Record} Record
 * @typedef {{key: string, may: string, when: (record: Record) => boolean, big?: boolean | ((record: Record) => boolean), danger?: boolean}} Action
 */
const is = (/** @type {string[]} */ ...states) => (/** @type {Record} */ { state }) => states.includes(state);
const live = is("live");

/** @type {{[name: string]: Action}} */
export const ACTIONS = {
  approve: { key: "a", may: "approve", when: is("awaiting_approval"), big: true },
  release: { key: "r", may: "release", when: is("draft", "scheduled", "held"), big: true },
  recall: { key: "b", may: "recall", when: is("scheduled", "awaiting_approval"), big: true },
  correct: { key: "c", may: "correct", when: (record) => seen(record) && is("live", "held")(record), big: true },
  edit: { key: "e", may: "update", when: is("draft", "awaiting_approval", "scheduled", "live", "held"), big: ({ state }) => state !== "live" && state !== "held" },
  hold: { key: "h", may: "hold", when: is("live", "scheduled"), big: live },
  hold_why: { key: "w", may: "hold", when: is("live", "scheduled") },
  kill: { key: "x", may: "retract", when: is("live", "held", "scheduled"), big: is("live", "held"), danger: true },
  spike: { key: "s", may: "spike", when: is("draft", "awaiting_approval"), big: true },
  pin: { key: "p", may: "move", when: live },
  up: { key: "Shift ↑", may: "move", when: live },
  down: { key: "Shift ↓", may: "move", when: live },
  top: { key: "t", may: "move", when: live },
  extend: { key: "+", may: "update", when: live },
  expire: { key: "l", may: "expire", when: live },
  duplicate: { key: "d", may: "join", when: () => about.editions.length > 0 },
  fresh: { key: "v", may: "fresh", when: ({ stale }) => Boolean(stale) },
};

/** Those that this writer may do with it now. @param {Record} record @returns {string[]} */
export function possible(record) {
  return Object.keys(ACTIONS).filter((name) => about.may[ACTIONS[name].may] && ACTIONS[name].when(record));
}

/** Those that have a button of their own. @param {Record} record @returns {string[]} */
export function prominent(record) {
  return possible(record).filter((name) => {
    const { big } = ACTIONS[name];
    return typeof big === "function" ? big(record) : big;
  });
}

/** How an action is called for this headline. @param {string} name @param {Record} record */
export function label(name, { state, pinned, published_at: published }) {
  if (name === "release" && state === "draft" && !about.publishes) return words.for_approval;
  if (name === "release") return words.acts[{ scheduled: "publish_now", held: published ? "release" : "publish" }[state] || "publish"];
  if (name === "pin" && pinned) return words.acts.unpin;
  if (name === "edit" && state === "live") return words.acts.update;
  return words.acts[name];
}

export class Actions {
  /**
   * @param {{api: import("./api.js").Api, ask: import("./ask.js").Ask, dock: import("./dock.js").Dock,
   *   open: (record: Record, how: string) => void, strip: () => Record[], now: () => number,
   *   choose: (titles: string[]) => Promise<number>, hand: (id: string) => void}} page
   */
  constructor(page) {
    this.page = page;
    this.leaving = ""; // the id of what waits for the end of its undo window
  }

  /** @param {string} name @param {Record} record */
  run(name, record) {
    if (!possible(record).includes(name)) return undefined;
    return this[name](record);
  }

  // -- off the screen

  /** No question first: what is wrong must go at once, and can come back. */
  async hold(record, why = {}) {
    if (await this.simply("hold", record, why)) {
      this.done("held_done", record, { undo: () => this.page.api.act(record, "release"), label: words.acts.release });
    }
  }

  async hold_why(record) {
    const answer = await this.page.ask.ask({
      title: words.hold_title, yes: words.hold_now, text: record.text, lang: record.lang, dir: record.dir,
      templates: about.templates.hold, more: words.hold_more,
    });
    if (answer) await this.hold(record, { reason: answer.reason, ...(answer.note ? { note: answer.note } : {}) });
  }

  async kill(record) {
    const answer = await this.page.ask.ask({
      title: words.kill_title, yes: words.kill_now, text: record.text, lang: record.lang, dir: record.dir, danger: true,
      templates: about.templates.kill, editions: Boolean(record.group), more: words.kill_more,
    });
    if (!answer) return;
    const { reason, note, editions, template } = answer;
    const chosen = about.templates.kill[template];
    const isOurs = chosen && note === chosen.note; // one's own words are in no other language
    const notes = isOurs && record.group && editions ? { notes: notesElsewhere(template) } : {};
    const body = { reason, ...(note ? { note } : {}), ...notes, ...(record.group && !editions ? { editions: false } : {}) };
    if (await this.simply("retract", record, body, "kill")) this.done("killed_done", record);
  }

  async spike(record) {
    const again = drafted(record);
    if (await this.simply("spike", record)) {
      this.done("spiked_done", record, { undo: () => this.page.api.publish(again) });
    }
  }

  async expire(record) {
    if (await this.simply("expire", record)) this.done("expired_done", record);
  }

  // -- on the screen

  async release(record) {
    const wasHeld = record.state === "held";
    const answer = await this.simply("release", record, {}, "release");
    if (answer) this.told(answer.body, wasHeld ? () => this.page.api.act(record, "hold") : null);
  }

  async approve(record) {
    const answer = await this.page.api.act(record, "approve");
    if (answer.ok) return this.told(answer.body);
    if (answer.status !== 403 || !mine(record)) return this.page.dock.failed(answer, words.acts.approve);
    return this.breakGlass(record);
  }

  /** Nobody else is there: one's own, with a reason that the audit shouts. */
  async breakGlass(record) {
    const given = await this.page.ask.ask({
      title: words.glass_title, yes: words.glass_yes, text: record.text, lang: record.lang, dir: record.dir,
      more: words.glass_more, note: false, danger: true,
    });
    if (!given) return;
    const answer = await this.simply("approve", record, { reason: given.reason });
    if (answer) this.told(answer.body);
  }

  async recall(record) {
    if (await this.simply("recall", record)) this.done("recalled_done", record);
  }

  /**
   * What has become of something that was sent on its way.
   *
   * @param {Record} record @param {(() => Promise<any>)|null} undo
   * @param {Record[]} sisters of other channels, which went with it and come back with it
   */
  told(record, undo = null, sisters = []) {
    const { dock, open, api } = this.page;
    const text = quoted(record);
    const takeBack = async () => {
      const [answer, ...others] = await Promise.all([record, ...sisters].map((one) => api.act(one, "recall")));
      const late = others.find(({ ok }) => !ok);
      if (late) dock.failed(late, say("recall_failed", { title: titleOf(sisters[others.indexOf(late)].channel) }));
      if (!answer.ok) return dock.failed(answer, words.acts.recall);
      this.leaving = "";
      if (late) return open(answer.body, "edit");
      dock.done(words.taken_back, { text });
      return open(answer.body, "edit");
    };
    this.page.hand(record.id);
    if (record.state === "scheduled") {
      this.leaving = record.undo ? record.id : "";
      const undo = { label: words.take_back, run: takeBack };
      if (record.undo) dock.done(words.goes_out, { text, until: Date.parse(record.publish_at), undo, after: () => dock.done(words.overdue, { text }) });
      else dock.done(words.scheduled_done, { text, undo: { label: words.take_back, run: takeBack } });
    } else if (record.state === "awaiting_approval") {
      dock.done(words.awaiting_done, { text, undo: { label: words.take_back, run: takeBack } });
    } else if (record.state === "draft") {
      dock.done(words.kept_done, { text });
    } else {
      this.done(undo ? "released_done" : "published_done", record, undo ? { undo } : {}, this.offers(record));
    }
  }

  /** It is published when the desk is told so, and not when our own clock says it should be. @param {Record|undefined} record */
  arrived(record) {
    if (!record || record.state === "scheduled") return;
    this.leaving = "";
    this.page.dock.end();
    if (record.state === "live") this.page.dock.done(words.published_done, { text: quoted(record), offers: this.offers(record) });
    else this.page.dock.done(words.recalled_done, { text: quoted(record) });
  }

  offers(record) {
    const fresh = { ...record, state: "live" };
    return ["correct", "hold", "kill"].filter((name) => about.may[ACTIONS[name].may]).map((name) => ({
      label: words.acts[name], danger: name === "kill",
      run: () => (name === "correct" ? this.correct(fresh) : this[name](fresh)),
    }));
  }

  // -- its words and its place

  edit(record) {
    this.page.open(record, "edit");
  }

  correct(record) {
    this.page.open(record, "correct");
  }

  async fresh(record) {
    if (await this.simply("fresh", record)) this.done("fresh_done", record);
  }

  async pin(record) {
    const { pinned } = record;
    if (await this.simply("move", record, { pinned: !pinned }, "pin")) {
      this.done(pinned ? "unpinned_done" : "pinned_done", record, { undo: () => this.page.api.act(record, "move", { pinned: Boolean(pinned) }) });
    }
  }

  up(record) {
    return this.toBeside(record, -1);
  }

  down(record) {
    return this.toBeside(record, 1);
  }

  top(record) {
    return this.move(record, { to: "top" });
  }

  toBeside(record, step) {
    const list = this.page.strip().filter(({ pinned }) => Boolean(pinned) === Boolean(record.pinned));
    const other = list[list.findIndex(({ id }) => id === record.id) + step];
    if (other) return this.move(record, step < 0 ? { above: other.id } : { below: other.id });
    return undefined;
  }

  async move(record, place) {
    const list = this.page.strip().filter(({ pinned }) => Boolean(pinned) === Boolean(record.pinned));
    const next = list[list.findIndex(({ id }) => id === record.id) + 1];
    const back = next ? { above: next.id } : { to: "bottom" };
    if (await this.simply("move", record, place)) {
      this.done("moved_done", record, { undo: () => this.page.api.act(record, "move", back) });
    }
  }

  async extend(record) {
    const { api, dock, now } = this.page;
    const left = record.expires_at ? Math.max(0, Date.parse(record.expires_at) - now()) : 0;
    const seconds = Math.round(left / 1000) + HOUR_S;
    let answer = await api.edit(record, { expires_in: seconds });
    const current = answer.status === 412 ? await api.read(record.id) : null; // its words have changed: no matter here
    if (current && current.ok) answer = await api.edit(current.body, { expires_in: seconds });
    if (!answer.ok) return dock.failed(answer, words.acts.extend);
    const undo = () => api.edit(answer.body, { expires_at: record.expires_at });
    return this.done("extended_done", record, { undo }, [], { time: lasting(seconds * 1000) });
  }

  async duplicate(record) {
    const { api, dock, choose } = this.page;
    const index = about.editions.length > 1 ? await choose(about.editions.map(({ title }) => title)) : 0;
    const edition = about.editions[index];
    if (!edition) return;
    const answer = await api.act(record, "duplicate", { channel: edition.name, text: record.text });
    if (answer.ok) dock.done(say("duplicated_done", { title: edition.title }), { text: quoted(record) });
    else dock.failed(answer, words.acts.duplicate);
  }

  // -- how

  async simply(action, record, body = {}, name = action) {
    const answer = await this.page.api.act(record, action, body);
    if (!answer.ok) this.page.dock.failed(answer, words.acts[name] || name);
    return answer.ok ? answer : null;
  }

  /** @param {string} sentence @param {Record} record @param {{undo?: () => Promise<any>, label?: string}} back */
  done(sentence, record, { undo, label: word = words.undo } = {}, offers = [], values = {}) {
    const { dock } = this.page;
    const text = quoted(record);
    const run = async () => {
      const answer = await undo();
      if (answer.ok) dock.done(words.undone, { text });
      else dock.failed(answer, words.undo);
    };
    dock.done(say(sentence, values), { text, undo: undo ? { label: word, run } : undefined, offers });
  }
}

/** What readers of the other editions are told, in their language. @param {number} template */
function notesElsewhere(template) {
  return Object.fromEntries(about.editions.map(({ name, notes }) => [name, notes[template]]));
}

/** @param {Record} record */
function mine({ author, handed_in_by: first }) {
  return author === about.writer || first === about.writer;
}

/** What would have to be handed in to have it again. @param {Record} record */
function drafted({ text, urgency, kicker, link, section, region, tags, image, source, group, undo, publish_at: start, expires_in: seconds, expires_at: end }) {
  const { id: _, ...named } = source || {};
  return {
    text, urgency, kicker, link, section, region, tags, image, group, state: "draft", ...(source ? { source: named } : {}),
    ...(start && !undo ? { publish_at: start } : {}), ...(seconds ? { expires_in: seconds } : end ? { expires_at: end } : {}),
  };
}
