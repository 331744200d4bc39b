import { make } from "../wording.js";

const get = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

/**
 * Before a kill, a hold or a break of the glass: the exact text, why, and what readers are told. Enter is yes.
 *
 * @typedef {{title: string, yes: string, text: string, more?: string, urgency?: string, lang: string, dir: string,
 *   templates?: import("./words.js").Template[], reason?: boolean, note?: boolean, editions?: boolean,
 *   danger?: boolean}} Question
 */
export class Ask {
  constructor() {
    this.dialog = get("ask");
    get("ask-reasons").addEventListener("change", (/** @type {any} */ { target }) => this.choose(Number(target.value)));
  }

  /** @param {Question} question @returns {Promise<{reason: string, note: string, editions: boolean, template: number}|null>} */
  ask({ title, yes, text, more = "", lang, dir, templates = [], reason = true, note = true, editions = false, danger = false }) {
    if (this.dialog.open) return Promise.resolve(null); // one answer is for one question
    this.templates = templates;
    get("ask-title").textContent = title;
    get("ask-yes").textContent = yes;
    get("ask-more").textContent = more;
    Object.assign(get("ask-text"), { textContent: text, lang, dir });
    get("ask-reasons").replaceChildren(get("ask-reasons").firstElementChild, ...templates.map(radio));
    get("ask-reasons").hidden = !templates.length;
    get("ask-reason-field").hidden = !reason;
    get("ask-reason").required = reason;
    get("ask-note-field").hidden = !note;
    get("ask-editions-field").hidden = !editions;
    get("ask-editions").checked = true;
    this.dialog.classList.toggle("danger", danger);
    this.choose(0);
    this.dialog.returnValue = "";
    this.dialog.showModal();
    const first = templates.length ? this.dialog.querySelector("input[type=radio]") : get("ask-reason");
    (reason ? first : get("ask-yes")).focus();
    return new Promise((resolve) => {
      this.dialog.addEventListener("close", () => resolve(this.answer()), { once: true });
    });
  }

  choose(index) {
    this.template = index;
    const { reason = "", note = "" } = this.templates[index] || {};
    get("ask-reason").value = reason;
    get("ask-note").value = note;
  }

  answer() {
    if (this.dialog.returnValue !== "yes") return null;
    return {
      reason: get("ask-reason").value.trim(), note: get("ask-note").value.trim(), editions: get("ask-editions").checked,
      template: this.template,
    };
  }
}

function radio({ reason }, index) {
  const input = Object.assign(document.createElement("input"), {
    type: "radio", name: "why", value: String(index), checked: index === 0,
  });
  return make("label", "check", input, make("span", "", reason));
}
