import { make } from "../wording.js";
import { lasting, say, words } from "./words.js";

const REPEAT_MS = 250;

/**
 * The foot of the page: what was done last, and how to take it back. It has its place, so nothing moves for it.
 *
 * @typedef {{label: string, key?: string, run: () => any, danger?: boolean}} Offer
 */
export class Dock {
  /** @param {() => number} now ms by the server's clock @param {() => Promise<void>} settled nothing is on its way */
  constructor(now, settled) {
    this.now = now;
    this.settled = settled;
    this.element = document.getElementById("done");
    this.polite = document.getElementById("polite");
    this.assertive = document.getElementById("assertive");
    /** @type {Offer|null} */
    this.undo = null;
    this.until = 0;
  }

  /**
   * @param {string} sentence
   * @param {{text?: string, undo?: Offer, offers?: Offer[], until?: number, after?: () => void}} more
   *        until: ms by the server's clock until which it can be taken back; then comes `after`
   */
  done(sentence, { text = "", undo = null, offers = [], until = 0, after = () => {} } = {}) {
    clearInterval(this.timer);
    Object.assign(this, { undo, until });
    const count = until ? make("b", "countdown", lasting(until - this.now())) : null;
    const buttons = [undo && { ...undo, key: until ? "Esc" : "Z" }, ...offers].filter(Boolean).map(button);
    this.element.className = until ? "done counting" : "done";
    this.element.replaceChildren(...[count, make("p", "", make("span", "", sentence), text && make("bdi", "", text))].filter(Boolean), ...buttons);
    this.polite.textContent = `${sentence} ${text}`;
    if (!until) return;
    const whole = until - this.now();
    this.timer = setInterval(() => {
      const left = this.until - this.now();
      count.textContent = lasting(left);
      this.element.style.setProperty("--left", String(Math.max(0, left / whole)));
      if (left > 0) return;
      clearInterval(this.timer);
      this.until = 0;
      after();
    }, REPEAT_MS);
  }

  /** Whether something counts down that can still be stopped. */
  get counting() {
    return this.until > this.now();
  }

  async takeBack() {
    await this.settled(); // what is on its way is what was done last: it, and not what was before it
    const undo = this.undo;
    if (!undo) return;
    this.undo = null;
    clearInterval(this.timer);
    this.until = 0;
    undo.run();
  }

  /** @param {import("./api.js").Answer} answer @param {string} what was wanted */
  failed({ status, problem }, what) {
    clearInterval(this.timer);
    Object.assign(this, { undo: null, until: 0 });
    const over = status === 401;
    const why = over ? words.session_over : status ? [problem.detail, ...(problem.errors || []).map(({ detail }) => detail)].filter(Boolean).join(" ") : words.no_answer;
    const sentence = say("failed", { what });
    this.element.className = "done failed";
    this.element.replaceChildren(make("p", "", make("b", "", sentence), make("span", "", why)), ...(over ? [signIn()] : []));
    this.assertive.textContent = `${sentence} ${why}`;
  }
}

/** Who comes back finds what was written: it is kept in this browser. */
function signIn() {
  const link = /** @type {HTMLAnchorElement} */ (make("a", "", words.sign_in));
  link.href = "/desk/sign-in";
  return link;
}

/** @param {Offer} offer */
function button({ label, key, run, danger = false }) {
  const made = make("button", danger ? "danger" : "", label, " ", key && make("kbd", "", key));
  made.type = "button";
  made.addEventListener("click", run);
  return made;
}
