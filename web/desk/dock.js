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
    this.undo = null; // of what was done last
    /** @type {{until: number, undo: Offer, nodes: HTMLElement[]}|null} */
    this.window = null; // what still can be stopped, whatever is done meanwhile
  }

  /**
   * @param {string} sentence
   * @param {{text?: string, undo?: Offer, offers?: Offer[], until?: number, after?: () => void}} more
   *        until: ms by the server's clock until which it can be taken back; then comes `after`
   */
  done(sentence, { text = "", undo = null, offers = [], until = 0, after = () => {} } = {}) {
    const words_ = make("p", "", make("span", "", sentence), text && make("bdi", "", text));
    if (until) {
      this.count(words_, { until, undo, after });
      this.show("done", []);
    } else {
      this.undo = undo;
      this.show("done", [words_, ...[undo && { ...undo, key: "Z" }, ...offers].filter(Boolean).map(button)]);
    }
    this.polite.textContent = `${sentence} ${text}`;
  }

  count(sentence, { until, undo, after }) {
    this.end();
    this.undo = null;
    const whole = until - this.now();
    const count = make("b", "countdown", lasting(whole));
    this.window = { until, undo, nodes: [count, sentence, button({ ...undo, key: "Esc", run: () => this.stop() })] };
    this.timer = setInterval(() => {
      const left = until - this.now();
      count.textContent = lasting(left);
      this.element.style.setProperty("--left", String(Math.max(0, left / whole)));
      if (left > 0) return;
      this.end();
      after();
    }, REPEAT_MS);
  }

  /** @param {string} name @param {HTMLElement[]} nodes */
  show(name, nodes) {
    this.element.className = this.window ? `${name} counting` : name;
    this.element.replaceChildren(...(this.window ? this.window.nodes : []), ...nodes);
  }

  /** Nothing counts down any more. */
  end() {
    clearInterval(this.timer);
    if (this.window) for (const node of this.window.nodes) node.remove();
    this.window = null;
    this.element.classList.remove("counting");
  }

  /** Whether something counts down that can still be stopped. */
  get counting() {
    return Boolean(this.window) && this.window.until > this.now();
  }

  /** What counts down does not go: at once, whatever else is on its way. */
  stop() {
    if (!this.window) return;
    const { undo } = this.window;
    this.end();
    undo.run();
  }

  async takeBack() {
    if (this.counting && !this.undo) return this.stop();
    await this.settled(); // what is on its way is what was done last: it, and not what was before it
    if (this.counting && !this.undo) return this.stop();
    const undo = this.undo;
    this.undo = null;
    return undo && undo.run();
  }

  /** @param {import("./api.js").Answer} answer @param {string} what was wanted @param {string} [text] that it was wanted with */
  failed({ status, problem }, what, text = "") {
    this.undo = null;
    const over = status === 401;
    const detail = () => [problem.detail, ...(problem.errors || []).map(({ detail: one }) => one)].filter(Boolean).join(" ");
    const why = over || !status ? make("span", "", over ? words.session_over : words.no_answer) : Object.assign(make("span", "", detail()), { lang: "en", dir: "ltr" });
    const sentence = say("failed", { what });
    this.show("done failed", [make("p", "", make("b", "", sentence), why, text && make("bdi", "", text)), ...(over ? [signIn()] : [])]);
    this.assertive.textContent = `${sentence} ${why.textContent}`;
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
