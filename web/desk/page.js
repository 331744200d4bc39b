/** The desk of one channel: what is written, what waits, what is on the strip, and what takes it off again. */
import { Actions, ACTIONS, label, possible } from "./actions.js";
import { Api } from "./api.js";
import { Ask } from "./ask.js";
import { Composer } from "./composer.js";
import { Conflict } from "./conflict.js";
import { Dock } from "./dock.js";
import { Drafts } from "./drafts.js";
import { Findings } from "./findings.js";
import { DeskTicker } from "./follow.js";
import { Lists } from "./lists.js";
import { Menu } from "./menu.js";
import { Presence } from "./presence.js";
import { Preview } from "./preview.js";
import { Receipts } from "./receipts.js";
import { Shortcuts } from "./shortcuts.js";
import { about, words } from "./words.js";

const ticker = new DeskTicker(about.channel.name);
const now = () => ticker.now();
const api = new Api(about.channel.name);
const dock = new Dock(now, () => api.settled());
const menu = new Menu();
const lists = new Lists({ act: (name, record) => actions.run(name, record), menu: (record, anchor) => openMenu(record, anchor) });
const composer = new Composer({
  api, dock, drafts: new Drafts(about.writer, about.channel.name), conflict: new Conflict(),
  preview: new Preview(document.getElementById("preview")), findings: new Findings(api, (id) => lists.focus(id)),
  actions: () => actions, changed: () => presence.tell(),
});
const actions = new Actions({
  api, dock, ask: new Ask(), now, strip: () => lists.placed.strip, open: (record, how) => composer.open(record, how),
  hand: (id) => lists.hand(id),
  choose: (titles) => menu.choose(words.which_edition, titles.map((title) => ({ label: title }))),
});
const receipts = new Receipts();
const presence = new Presence(api, () => {
  const id = composer.record ? composer.record.id : lists.currentId;
  return { ...(id ? { id } : {}), doing: composer.record || composer.dirty ? "editing" : "looking" };
});

// -- what comes

ticker.addEventListener("change", show);
ticker.addEventListener("state", (/** @type {any} */ { detail }) => {
  const light = document.getElementById("light");
  light.dataset.state = detail.state;
  light.textContent = words[detail.state];
  if (detail.state === "offline") lookWhy();
});

/** A stream cannot say why it ended; an ordinary request can. */
async function lookWhy() {
  const answer = await api.desk("events");
  if (answer.status === 401 || answer.status === 403) dock.failed(answer, words.follow);
}

ticker.addEventListener("received", (/** @type {any} */ { detail }) => {
  for (const message of detail.messages) {
    if (message.type === "presence") {
      presence.show(message.people);
      show();
    }
    if (message.type === "receipt") receipts.show(message);
  }
});
setInterval(() => lists.tick(now()), 1000);

function show() {
  lists.show(ticker.records, (id) => presence.at(id), now());
  if (actions.leaving) actions.arrived(ticker.record(actions.leaving));
  if (ticker.knownAt) composer.meanwhile(composer.record ? ticker.record(composer.record.id) : undefined);
}

async function openMenu(record, anchor) {
  const names = possible(record);
  const offers = names.map((name) => ({ label: label(name, record), key: ACTIONS[name].key, danger: ACTIONS[name].danger }));
  const chosen = await menu.choose(record.text, offers, anchor);
  if (chosen >= 0) actions.run(names[chosen], record);
}

// -- what is pressed

const act = (name) => lists.current && actions.run(name, lists.current);

new Shortcuts({
  create: () => composer.create(),
  flash: () => composer.create("flash"),
  publish: () => composer.send(),
  keep: () => composer.keep(),
  urgent: () => composer.step(-1),
  calm: () => composer.step(1),
  undo: () => dock.takeBack(),
  escape: () => {
    if (dock.counting) dock.stop();
    else if (composer.form.contains(document.activeElement)) lists.focusCurrent();
    else if (composer.record) composer.leave();
  },
  menu: () => lists.current && openMenu(lists.current, lists.elementOf(lists.current.id)),
  next: () => lists.step(1),
  previous: () => lists.step(-1),
  compose: () => composer.focus(),
  queue: () => lists.focusFirst(["waiting", "scheduled", "candidates", "drafts"]),
  strip: () => lists.focusFirst(["strip"]),
  held: () => lists.focusFirst(["held"]),
}, act);

const still = document.getElementById("still");
still.addEventListener("click", () => {
  const seen = /** @type {any} */ (document.querySelector("news-ticker"));
  seen.pause(!seen.paused);
  still.setAttribute("aria-pressed", String(seen.paused));
});

ticker.start();
