/**
 * What the page asks of the server: each a request of the public API, made once however often it is sent.
 *
 * @typedef {import("../board.js").Headline & {
 *   state: string, channel: string, author?: string, source?: {name: string, id?: string}, section?: string,
 *   region?: string, tags?: string[], group?: string, image?: string, publish_at?: string, expires_in?: number,
 *   undo?: boolean, handed_in_by?: string, stale?: Stale, unseconded?: boolean, rehearsal?: boolean}} Record
 * @typedef {{action: string, channel: string, by: string, at: string}} Stale what was done to another edition
 * @typedef {{ok: boolean, status: number, body: any, problem: any}} Answer
 */

const TRIES = 3; // the same request with the same key: the server answers it once
const PAUSE_MS = 400;
const PATIENCE_MS = 8000;

export class Api {
  /** @param {string} channel */
  constructor(channel) {
    this.channel = channel;
    /** @type {Set<Promise<any>>} */
    this.changes = new Set(); // that are not answered yet
  }

  /** Until every change is answered, and whoever asked for it has heard. */
  async settled() {
    while (this.changes.size) {
      await Promise.allSettled(this.changes);
      await new Promise((resolve) => { setTimeout(resolve); });
    }
  }

  /** @param {object} draft @param {string} [channel] */
  publish(draft, channel = this.channel) {
    return this._change("POST", `/v1/channels/${channel}/headlines`, draft);
  }

  /** @param {Record} record @param {object} patch @param {number} [version] the one it was made on */
  edit({ id, channel, version: newest }, patch, version = newest) {
    return this._change("PATCH", this._of(channel, id), patch, { "If-Match": `"${version}"` });
  }

  /** @param {Record} record @param {string} action as in the API's addresses @param {object} [body] */
  act({ id, channel, version }, action, body = {}) {
    const read = ["approve", "release"].includes(action) ? { "If-Match": `"${version}"` } : {}; // these words and no others
    return this._change("POST", `${this._of(channel, id)}/${action}`, body, read);
  }

  /** Of one story, together. @param {{[channel: string]: object}} drafts @param {string} [group] that they are of already */
  editions(drafts, group) {
    return this._change("POST", "/v1/editions", { drafts, ...(group ? { group } : {}) });
  }

  /** @param {object} draft @param {boolean} again by itself: it is no sign of life */
  check(draft, again) {
    return this._ask("POST", `/v1/channels/${this.channel}/headlines/check${again ? "?again" : ""}`, draft);
  }

  /** @param {string} id */
  read(id) {
    return this._ask("GET", this._of(this.channel, id));
  }

  /** @param {string} path @param {object} [body] */
  desk(path, body) {
    return this._ask(body ? "PUT" : "GET", `/v1/desk/${this.channel}/${path}`, body);
  }

  _of(channel, id) {
    return `/v1/channels/${channel || this.channel}/headlines/${id}`;
  }

  /** @returns {Promise<Answer>} */
  _change(method, path, body, headers = {}) {
    const change = this._ask(method, path, body, headers);
    this.changes.add(change);
    change.finally(() => this.changes.delete(change));
    return change;
  }

  /** @returns {Promise<Answer>} */
  async _ask(method, path, body, headers = {}) {
    /** @type {RequestInit} */
    const request = { method, headers: { ...headers } };
    if (body) {
      request.body = JSON.stringify(body);
      Object.assign(request.headers, { "Content-Type": "application/json" });
      if (method !== "PUT") Object.assign(request.headers, { "Idempotency-Key": crypto.randomUUID() });
    }
    for (let attempt = 1; ; attempt += 1) {
      const answer = await once(path, request);
      if (answer.status && answer.status < 500) return answer;
      if (attempt === TRIES) return answer;
      await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS * attempt); });
    }
  }
}

/** @returns {Promise<Answer>} status 0 when there was no answer */
async function once(path, request) {
  try {
    const answer = await fetch(path, { ...request, signal: AbortSignal.timeout(PATIENCE_MS) });
    const body = await answer.json().catch(() => null);
    return { ok: answer.ok, status: answer.status, body, problem: answer.ok ? null : body || {} };
  } catch (error) {
    return { ok: false, status: 0, body: null, problem: {} };
  }
}
