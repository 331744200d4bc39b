/**
 * What the page tells the service: that it lives, what is on its screen, and what has run there, from which frame to
 * which. What has run waits while no service answers; a report that arrives twice counts once, by its number.
 */

const EVERY_MS = 1000;
const ANSWER_MS = 4000;
const MOST_WAITING = 5000; // runs, of some hours; then the oldest are lost
const MOST_KEPT = 500; // of these over a reload
const MOST_SENT = 100; // runs in one report, and
const MOST_CHARACTERS = 12000; // about, of their texts: a body has its limit
const MOST_CHANGES = 100; // of whether anybody sees the page
const KEEP_MS = 5000;

export class Report {
  /**
   * @param {{addresses: string[], key: string, page: string, boot: string, kept: any}} options
   *        kept: holds over a reload what has not been sent
   * @param {() => any} told what is known now: {playlist, frame, fps, dropped, state, on_screen, anchor?}
   */
  constructor({ addresses, key, page, boot, kept }, told) {
    this._addresses = addresses;
    this._place = 0;
    this._about = { key, page, boot };
    this._told = told;
    this._kept = kept;
    this._keptAt = 0;
    this._seq = 0;
    this._sending = false;
    this._again = false;
    this._batch = null; // {boot, seq, ran, covered}, which is sent until it was taken
    this._waiting = { ran: [], covered: [] };
    this._seen = [{ from: 0, is: true }];
    this._earlier(kept.get());
  }

  start() {
    setInterval(() => this.send(), EVERY_MS);
  }

  /** From this frame on somebody sees the page, or nobody does: a browser source may be hidden. */
  seen(frame, is) {
    const before = this._seen.filter(({ from }) => from < frame); // what is to come was told by a clock that was ahead
    const [last] = before.slice(-1);
    this._seen = last && last.is === is ? before : before.concat({ from: frame, is }).slice(-MOST_CHANGES);
  }

  /** What a frame brought to its end: headlines whose way is over, and those that were covered. `at`: service's time. */
  add({ ran, covered }, at) {
    for (const run of ran) this._waiting.ran.push(...this._visible(run));
    this._waiting.ran.splice(0, this._waiting.ran.length - MOST_WAITING);
    if (!covered.length) return;
    for (const { id } of covered) this._waiting.covered.push({ id, at: Math.round(at) });
    this.send();
  }

  /** That of a run which somebody could see. */
  _visible(run) {
    const ends = this._seen.slice(1).map(({ from }) => from - 1).concat(Infinity);
    return this._seen
      .map(({ from }, at) => ({ ...run, first: Math.max(run.first, from), last: Math.min(run.last, ends[at]) }))
      .filter(({ first, last }, at) => this._seen[at].is && first <= last);
  }

  // -- the way to the service

  /** Now; while a report is under way, after it. */
  send() {
    if (!this._addresses.length) return;
    if (this._sending) {
      this._again = true;
      return;
    }
    this._sending = true;
    this._again = false;
    this._post()
      .then((answer) => this._answered(answer))
      .catch(() => this._answered("silence"));
  }

  /** What is not taken yet goes again as it is, so that it can be told from what is new. */
  _next() {
    if (!this._batch) {
      const { ran, covered } = this._waiting;
      let many = 0;
      let characters = 0;
      while (many < Math.min(ran.length, MOST_SENT) && characters < MOST_CHARACTERS) characters += ran[many++].text.length;
      this._seq += 1;
      this._batch = { boot: this._about.boot, seq: this._seq, ran: ran.splice(0, many), covered: covered.splice(0, 100) };
    }
    return { ...this._about, ...this._told(), ...this._batch };
  }

  async _post() {
    const body = JSON.stringify(this._next()); // in here, where a fault of ours ends as a failed post does
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), ANSWER_MS);
    try {
      const answer = await fetch(this._addresses[this._place] + "/report", {
        method: "POST",
        headers: { "content-type": "text/plain" }, // no question beforehand, wherever the page comes from
        body,
        credentials: "omit",
        signal: abort.signal,
      });
      if (answer.ok) return "taken";
      const isRefused = [400, 413, 422].indexOf(answer.status) >= 0;
      return isRefused && (await isOfBatch(answer)) ? "refused" : "fault";
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {string} answer "taken", "refused": the batch would be for ever, or why it must be said again */
  _answered(answer) {
    this._sending = false;
    if (answer === "taken" || answer === "refused") {
      this._batch = null;
      if (this._keptAt) this._keep(null);
      if (this._again || this._waiting.ran.length || this._waiting.covered.length) this.send();
      return;
    }
    this._place = (this._place + 1) % this._addresses.length;
    const { ran, covered } = this._batch || this._waiting; // none was made where that failed
    if (!ran.length && !covered.length) this._batch = null; // nothing would be lost, and what comes need not wait for it
    if (performance.now() - this._keptAt > KEEP_MS) this._keep(this._unsent());
  }

  // -- over a reload

  /** The page may end now. */
  keep() {
    this._keep(this._unsent());
  }

  _unsent() {
    const { ran, covered } = this._waiting;
    return { batch: this._batch, ran: ran.slice(-MOST_KEPT), covered: covered.slice(-MOST_KEPT) };
  }

  _keep(value) {
    this._kept.set(value);
    this._keptAt = value ? performance.now() : 0;
  }

  /** What an earlier life of this page could not say: its report goes first, under its own number. */
  _earlier(kept) {
    if (!kept || !Array.isArray(kept.ran) || !Array.isArray(kept.covered)) return;
    this._keptAt = 1;
    this._batch = kept.batch;
    this._waiting = { ran: kept.ran, covered: kept.covered };
  }
}

/** Whether what is wrong lies in what has run or was covered. A service names each fault, unless it cannot read at all. */
async function isOfBatch(answer) {
  const problem = await answer.json().catch(() => null);
  const faults = problem && Array.isArray(problem.errors) ? problem.errors : [];
  return !faults.length || faults.some(({ pointer }) => /^\/(ran|covered)(\/|$)/.test(pointer));
}
