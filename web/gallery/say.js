import { filled, words } from "../desk/words.js";

const said = words.gallery;
const TRIES = 3; // of the same: a cue may be said twice, and the desk knows by the key what it has done already
const LATE_MS = 4000; // after which nobody waits for an answer any more, and what was meant then may be wrong now
const SENDING_MS = 300; // after which it is told that none has come yet
const CONFIRMED_MS = 6000; // that pages and readers have to confirm a kill before we stop looking
const LOOK_MS = 300;

const pause = (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** What is asked of the service, as the API has it. What it refuses is told in its own words. */
export class Say {
  /**
   * @param {(sentence: string, isWrong: boolean, output: string) => void} write
   * @param {(state: any) => void} heard gets the state of an output that an answer has brought
   */
  constructor(write, heard) {
    this.write = write;
    this.heard = heard;
    this.sentences = 0;
  }

  /** @param {string} sentence @param {boolean} [isWrong] @param {string} [output] that it is about @returns its number */
  tell(sentence, isWrong = false, output = "") {
    this.write(sentence, isWrong, output);
    this.sentences += 1;
    return this.sentences;
  }

  /** @param {string} output @param {string} cue @param {object} [order] @returns {Promise<any>} the state, or null */
  async cue(output, cue, order = {}) {
    const state = await this.order(output, cue, order);
    if (state) this.tell(said.done[cue], false, output);
    return state;
  }

  /**
   * Each of them, whatever becomes of the others; but where no answer comes, the rest is not tried.
   * @param {string} output @param {any[]} headlines
   */
  async clearAll(output, headlines) {
    const refused = new Map(); // why → which
    let n = 0;
    for (const { id, version, text } of headlines) {
      const answer = await this.ask(`/onair/${output}/clear`, { id, version }, output);
      if (answer && answer.ok) {
        n += 1;
        this.heard(answer.told);
        continue;
      }
      refused.set(why(answer), [...(refused.get(why(answer)) || []), text]);
      if (!answer) break;
    }
    const left = headlines.length - n - [...refused.values()].flat().length;
    const told = [...refused].map(([reason, texts]) => filled(said.not_cleared, { texts: texts.map(isolated).join(" · "), why: isolated(reason) }));
    if (left) told.push(filled(said.not_tried, { n: left }));
    this.tell([filled(said.cleared, { n }), ...told].join(" "), refused.size > 0, output);
  }

  /** A page that was closed, and is not to be missed. @param {string} output @param {string} page */
  forget(output, page) {
    return this.order(output, "forget", { page });
  }

  /** Its receipt stands as long as nothing else has been said. @param {any} output @param {string} id @param {string} reason */
  async kill({ name, channels }, id, reason) {
    if (!(await this.order(name, "kill", { id, reason }))) return;
    let mine = this.tell(said.done.kill, false, name);
    for (const until = performance.now() + CONFIRMED_MS; performance.now() < until; await pause(LOOK_MS)) {
      const receipt = await receiptOf(channels, id);
      if (this.sentences !== mine) return;
      if (!receipt) continue;
      const isOpen = Object.values(receipt.outputs).includes(null);
      mine = this.tell(summary(receipt), isOpen, name);
      if (receipt.waiting === 0 && !isOpen) return;
    }
  }

  /**
   * A flash of new words: published at the desk, cleared here, and on the bar.
   * @param {any} output @param {object} draft @returns {Promise<boolean>} whether the desk has the words
   */
  async flash({ name, channels: [channel] }, draft) {
    const headlines = `/v1/channels/${channel}/headlines`;
    const written = await this.post(headlines, { ...draft, urgency: "flash" }, name);
    if (!written) return false;
    const { id } = written;
    const made = written.state === "scheduled" ? await this.post(`${headlines}/${id}/release`, null, name) : written; // no undo on air
    if (made && made.state !== "live") this.tell(said.waits_for_approval, true, name);
    else if (made && (await this.cue(name, "clear", { id, version: made.version }))) await this.cue(name, "breaking", { id });
    return true;
  }

  /** @returns {Promise<any>} the state, or null after saying why not */
  async order(output, what, order) {
    const state = await this.post(`/onair/${output}/${what}`, order, output);
    if (state) this.heard(state);
    return state;
  }

  /** @returns {Promise<any>} the answer's body, or null after saying why not */
  async post(path, body, output) {
    const answer = await this.ask(path, body, output);
    if (answer && answer.ok) return answer.told;
    this.tell(why(answer), true, output);
    return null;
  }

  /** @returns {Promise<{ok: boolean, told: any} | null>} null when no answer came in time */
  async ask(path, body, output) {
    let waits = -1;
    const sending = setTimeout(() => { waits = this.tell(said.sending, false, output); }, SENDING_MS);
    const answer = await answered(path, body);
    clearTimeout(sending);
    if (this.sentences === waits) this.tell("");
    return answer;
  }
}

/** @returns {Promise<{ok: boolean, told: any} | null>} null when none came in time */
async function answered(path, body) {
  const key = { "idempotency-key": crypto.randomUUID() };
  const request = body ? { body: JSON.stringify(body), headers: { ...key, "content-type": "application/json" } } : { headers: key };
  const signal = AbortSignal.timeout(LATE_MS);
  for (let left = TRIES; left > 0 && !signal.aborted; left -= 1) {
    try {
      const answer = await fetch(path, { method: "POST", ...request, signal });
      return { ok: answer.ok, told: await answer.json() };
    } catch {
      await pause(LOOK_MS);
    }
  }
  return null;
}

/** Why something was not done: what is refused, in the service's own words. @param {{told: any} | null} answer */
function why(answer) {
  return answer ? [answer.told.detail, ...(answer.told.errors || []).map(({ detail }) => detail)].join(" ") : said.not_reached;
}

/** Words within a sentence, whatever the direction of either. @param {string} text */
const isolated = (text) => `\u2068${text}\u2069`;

/** The newest of a killed headline, on whichever channel it was; null until there is one. */
async function receiptOf(channels, id) {
  for (const channel of channels) {
    try {
      const answer = await fetch(`/v1/desk/${channel}/receipts/${id}`, { signal: AbortSignal.timeout(LATE_MS) });
      const [receipt] = (await answer.json()).receipts;
      if (receipt) return receipt;
    } catch {
      return null; // it is asked for again
    }
  }
  return null;
}

/** From how many pages and readers it is gone; a page that has not confirmed is named. */
function summary({ outputs, reached, waiting, slowest_ms: slowest }) {
  const pages = Object.entries(outputs);
  const open = pages.filter(([, ms]) => ms === null).map(([name]) => name);
  const told = { pages: pages.length - open.length, all: pages.length, readers: reached - waiting, reached, ms: Math.max(slowest, ...pages.map(([, ms]) => ms || 0)) };
  return filled(open.length ? said.not_gone : said.gone, { ...told, open: open.join(", ") });
}
