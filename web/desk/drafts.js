/**
 * What is being written, kept in this browser from the first letter on: a crashed tab loses nothing.
 *
 * @typedef {{fields: {[name: string]: string}, version?: number, at: number}} Kept
 */
export const NEW = "new";

export class Drafts {
  /** @param {string} writer @param {string} channel */
  constructor(writer, channel) {
    this.writer = writer;
    this.prefix = `desk:${writer}:${channel}:`;
  }

  /** Those of the same writer for another channel. @param {string} channel */
  of(channel) {
    return new Drafts(this.writer, channel);
  }

  /** @param {string} id of a headline, or NEW @param {Kept["fields"]} fields @param {number} [version] they were made on */
  keep(id, fields, version) {
    try {
      localStorage.setItem(this.prefix + id, JSON.stringify({ fields, version, at: Date.now() }));
    } catch (error) {
      // a full or forbidden storage is no reason to stop a writer
    }
  }

  /** @param {string} id @returns {Kept|null} */
  find(id) {
    try {
      return JSON.parse(localStorage.getItem(this.prefix + id));
    } catch (error) {
      return null;
    }
  }

  /** @param {string} id */
  forget(id) {
    try {
      localStorage.removeItem(this.prefix + id);
    } catch (error) {
      // was never kept
    }
  }
}
