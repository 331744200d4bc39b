import { count } from "./counter.js";
import { NEW } from "./drafts.js";
import { fieldsOf, draftOf, patchOf, sameFields } from "./fields.js";
import { seen } from "./places.js";
import { quoted } from "./row.js";
import { about, clock, say, words } from "./words.js";

const URGENCIES = ["flash", "urgent", "bulletin", "routine"];

/**
 * The form in which every headline is written: a new one, or one that is changed or corrected.
 *
 * @typedef {import("./api.js").Record} Record
 */
export class Composer {
  /**
   * @param {{api: import("./api.js").Api, dock: import("./dock.js").Dock, drafts: import("./drafts.js").Drafts,
   *   conflict: import("./conflict.js").Conflict, preview: import("./preview.js").Preview,
   *   actions: () => import("./actions.js").Actions, changed: () => void, findings: import("./findings.js").Findings}} page
   */
  constructor(page) {
    this.page = page;
    this.form = /** @type {HTMLFormElement} */ (document.getElementById("composer"));
    this.text = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
    /** @type {Record|null} */
    this.record = null;
    this.how = "new";
    this.version = 0;
    /** @type {string|undefined} */
    this.group = undefined; // of what went to other channels already
    this.busy = false;
    this.empty = this.fields;
    this.form.addEventListener("input", () => this.typed());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.text.addEventListener("keydown", (event) => event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.preventDefault());
    document.getElementById("keep").addEventListener("click", () => this.keep());
    document.getElementById("leave").addEventListener("click", () => this.leave());
    this.restore(NEW);
    this.show();
  }

  get fields() {
    return fieldsOf(this.form);
  }

  get id() {
    return this.record ? this.record.id : NEW;
  }

  /** Whether anything has been written that is nowhere else. */
  get dirty() {
    return !sameFields(this.fields, this.before);
  }

  get before() {
    return this.record ? recordFields(this.record) : this.empty;
  }

  // -- what is written

  typed() {
    const { text } = this;
    if (/[\r\n]/.test(text.value)) text.value = text.value.replace(/\s*[\r\n]+\s*/g, " ");
    if (this.dirty) this.page.drafts.keep(this.id, this.fields, this.version);
    else this.page.drafts.forget(this.id);
    this.show();
    this.page.changed();
  }

  show() {
    const { fields, form } = this;
    const width = this.page.preview.show({ text: fields.text, urgency: fields.urgency, kicker: fields.kicker });
    count(fields.text, width);
    form.dataset.urgency = fields.urgency;
    form.dataset.how = this.how;
    document.getElementById("publish-word").textContent = this.mainWord();
    document.getElementById("keep").hidden = Boolean(this.record && this.record.state !== "draft");
    document.getElementById("leave").hidden = !this.record;
    document.getElementById("correction").hidden = this.how !== "correct";
    document.getElementById("compose-title").textContent = words[{ new: "new_headline", edit: "editing", correct: "correcting" }[this.how]];
    document.getElementById("base").textContent = this.record ? quoted(this.record) : "";
    const set = ["section", "region", "tags", "publish_at", "expires_in", "source"].filter((name) => fields[name]);
    const editions = Object.keys(fields).filter((name) => name.startsWith("edition-") && fields[name]);
    document.getElementById("set").textContent = [...set.map((name) => words[name]), editions.length ? words.editions : ""].filter(Boolean).join(", ");
    this.page.findings.check(this);
  }

  /** What will happen, said before it does. */
  mainWord() {
    const { record, how, fields } = this;
    if (how === "correct") return words.acts.correct;
    if (record && record.state === "live") return words.acts.update;
    if (record && record.state !== "draft") return words.save;
    if (!about.publishes || about.approval.includes(fields.urgency)) return words.for_approval;
    if (fields.publish_at) return say("schedule_for", { time: clock(fields.publish_at, true) });
    return about.rehearsal ? words.publish_rehearsal : words.publish;
  }

  // -- which headline

  create(urgency = "") {
    if (this.record) this.leave();
    if (urgency) this.choose(urgency);
    this.focus();
  }

  /** @param {Record} record @param {string} how "edit" or "correct" */
  open(record, how) {
    this.take(record, how);
    this.focus();
  }

  /** Also while somebody works elsewhere on the page. */
  take(record, how) {
    Object.assign(this, { record, how, version: record.version });
    this.fill(recordFields(record));
    this.restore(record.id);
    this.say("");
    this.show();
    this.page.changed();
  }

  /** Nothing is lost: what was written stays in this browser, and comes back with the headline. */
  leave() {
    Object.assign(this, { record: null, how: "new", version: 0, group: undefined });
    this.fill(this.empty);
    this.restore(NEW);
    this.say("");
    this.show();
    this.page.changed();
  }

  restore(id) {
    const kept = this.page.drafts.find(id);
    if (!kept) return;
    this.fill({ ...this.before, ...kept.fields });
    if (kept.version) this.version = kept.version;
    this.say(say("restored", { time: clock(kept.at) }));
  }

  fill(fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = /** @type {any} */ (this.form.elements.namedItem(name));
      if (field) field.value = value;
    }
  }

  focus() {
    this.text.focus();
    this.text.setSelectionRange(this.text.value.length, this.text.value.length);
  }

  choose(urgency) {
    /** @type {any} */ (this.form.elements.namedItem("urgency")).value = urgency;
    this.typed();
  }

  /** One step up or down the ladder. @param {number} step */
  step(step) {
    const next = URGENCIES[URGENCIES.indexOf(this.fields.urgency) + step];
    if (next) this.choose(next);
  }

  /** Readers are told what was wrong: without it, it would be an update. @returns {HTMLInputElement} */
  note() {
    this.say(words.note_needed);
    return /** @type {HTMLInputElement} */ (this.form.elements.namedItem("correction"));
  }

  say(sentence) {
    document.getElementById("said").textContent = sentence;
  }

  // -- handing it in

  /** To the readers, as far as it may go. */
  async send() {
    await this.once(() => (this.record ? this.save(this.record.state === "draft") : this.publish()));
  }

  /** Kept as a draft, where everybody on the desk sees it. */
  async keep() {
    if (this.record && this.record.state !== "draft") return;
    await this.once(() => (this.record ? this.save(false) : this.publish({ state: "draft" })));
  }

  async once(work) {
    if (this.busy || !this.fields.text.trim()) return this.focus();
    if (this.how === "correct" && !this.fields.correction.trim()) return this.note().focus();
    this.busy = true;
    this.form.setAttribute("aria-busy", "true");
    try {
      return await work();
    } finally {
      this.busy = false;
      this.form.removeAttribute("aria-busy");
    }
  }

  async publish(more = {}) {
    const { api, drafts } = this.page;
    const { fields } = this;
    const editions = about.editions.filter(({ name }) => fields[`edition-${name}`].trim());
    const draft = { ...draftOf(fields), ...(this.group ? { group: this.group } : {}), ...more };
    const answer = editions.length ? await this.together(draft, editions) : await api.publish(draft);
    const { refused = [], sisters = [], group } = /** @type {any} */ (answer);
    if (!answer.ok) {
      this.group = group; // those that were taken are of one story with what is sent next, and are not sent again
      for (const { channel } of sisters) this.fill({ [`edition-${channel}`]: "" });
      return this.refused(answer, words.publish);
    }
    this.sent(null, fields);
    this.page.actions().told(answer.body, null, sisters);
    for (const { title, problem, text } of refused) {
      this.page.dock.failed({ ok: false, status: problem.status, body: null, problem }, say("edition_failed", { title }), text);
    }
    return this.record ? undefined : this.focus();
  }

  /** What was sent leaves the form; what was begun there meanwhile stays. @param {Record|null} record @param {object} fields */
  sent(record, fields) {
    const isStill = this.id === (record ? record.id : NEW) && sameFields(this.fields, fields);
    if (isStill || this.id !== (record ? record.id : NEW)) this.page.drafts.forget(record ? record.id : NEW);
    if (isStill) this.leave();
  }

  /** One that is refused does not stop the others, and waits on the desk of its own channel, unless something is begun there. */
  async together(draft, editions) {
    const { kicker: _, ...common } = draft;
    const { fields } = this;
    const others = editions.map(({ name }) => [name, { ...common, text: fields[`edition-${name}`].trim() }]);
    const answer = await this.page.api.editions({ [about.channel.name]: draft, ...Object.fromEntries(others) }, this.group);
    if (!answer.ok) return answer;
    const outcomes = new Map(answer.body.editions.map((one) => [one.channel, one]));
    const here = outcomes.get(about.channel.name);
    const all = editions.map(({ name, title }) => ({ name, title, ...outcomes.get(name), text: fields[`edition-${name}`].trim() }));
    const refused = all.filter(({ problem }) => problem);
    for (const { name, text } of refused) {
      const there = this.page.drafts.of(name);
      if (!here.problem && !there.find(NEW)) there.keep(NEW, { ...this.empty, text, urgency: draft.urgency });
    }
    const sisters = all.flatMap(({ headline }) => headline || []);
    return { ok: !here.problem, status: here.status, body: here.headline, problem: here.problem, refused, sisters, group: answer.body.group };
  }

  async save(release) {
    const { api, actions } = this.page;
    const { record, fields } = this;
    const patch = patchOf(record, recordFields(record), fields, this.how);
    let answer = { ok: true, body: record, status: 200, problem: null };
    if (Object.keys(patch).length) answer = await api.edit(record, patch, this.version);
    if (answer.status === 412) return this.stale(answer);
    if (!answer.ok) return this.refused(answer, this.mainWord());
    this.sent(record, fields);
    if (release) return actions().release(answer.body);
    return this.saved(record, answer.body, patch);
  }

  saved(before, record, patch) {
    const { api, dock } = this.page;
    const names = Object.keys(patch).map((name) => (name === "expires_in" && before.expires_at ? "expires_at" : name));
    const back = Object.fromEntries(names.map((name) => [name, before[name] === undefined ? null : before[name]]));
    const undoable = !patch.correction && Object.keys(patch).length;
    const run = async () => {
      const answer = await api.edit(record, back);
      if (answer.ok) dock.done(words.undone, { text: quoted(answer.body) });
      else dock.failed(answer, words.undo);
    };
    const sentence = patch.correction ? words.corrected_done : seen(record) ? words.updated_done : words.saved_done;
    dock.done(sentence, { text: quoted(record), undo: undoable ? { label: words.undo, run } : undefined });
  }

  /** Somebody was quicker: nobody's words are lost. */
  async stale(answer) {
    const { api, dock, conflict, drafts } = this.page;
    const found = answer.problem.current ? { ok: true, body: answer.problem.current } : await api.read(this.record.id);
    if (!found.ok) return this.refused(answer, this.mainWord());
    const theirs = found.body;
    const mine = this.fields;
    const choice = await conflict.ask(mine.text, theirs);
    if (choice === "theirs") {
      const kept = await api.publish({ ...draftOf(mine), state: "draft" });
      if (!kept.ok) return this.refused(kept, words.keep);
      drafts.forget(theirs.id);
      this.leave();
      return dock.done(words.mine_is_draft, { text: quoted(kept.body) });
    }
    const changed = Object.fromEntries(Object.keys(mine).filter((name) => mine[name] !== this.before[name]).map((name) => [name, mine[name]]));
    Object.assign(this, { record: theirs, version: theirs.version });
    this.fill({ ...recordFields(theirs), ...changed });
    drafts.keep(theirs.id, this.fields, theirs.version);
    this.show();
    this.focus();
    return choice === "mine" ? this.save(false) : undefined;
  }

  /** @param {import("./api.js").Answer} answer @param {string} what */
  refused(answer, what) {
    this.page.dock.failed(answer, what);
    const [fault] = (answer.problem && answer.problem.errors) || [];
    const field = fault && /** @type {any} */ (this.form.elements.namedItem(fault.pointer.split("/")[1]));
    const more = field && field.closest && field.closest("details");
    if (more) more.open = true;
    if (field && field.focus) field.focus();
  }

  /** The headline that is being edited has changed or gone meanwhile. @param {Record|undefined} now */
  meanwhile(now) {
    if (!this.record) return;
    if (!now) this.say(words.gone_meanwhile);
    else if (now.version > this.version && !this.busy) {
      if (this.dirty) this.say(words.changed_meanwhile);
      else this.take(now, this.how);
    } else if (now.state !== this.record.state) {
      this.record = { ...this.record, state: now.state };
      this.show();
    }
  }
}

/** @param {Record} record @returns {{[name: string]: string}} */
function recordFields(record) {
  return {
    text: record.text, urgency: record.urgency, kicker: record.kicker || "", link: record.link || "",
    section: record.section || "", region: record.region || "", tags: (record.tags || []).join(", "),
    source: record.source ? record.source.name : "", publish_at: record.undo ? "" : local(record.publish_at), expires_in: "", correction: "",
    ...Object.fromEntries(about.editions.map(({ name }) => [`edition-${name}`, ""])),
  };
}

/** As an input of kind datetime-local has it: our own clock's, without a zone. */
function local(instant) {
  if (!instant) return "";
  const at = new Date(instant);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}
