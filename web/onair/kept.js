/** What outlives a reload: as JSON in the browser's storage, where there is one that may be used. */

export class Kept {
  /** @param {string} name of what is kept */
  constructor(name) {
    this._name = name;
  }

  /** null when there is nothing, or nothing that can be read. */
  get() {
    try {
      return JSON.parse(localStorage.getItem(this._name));
    } catch {
      return null; // some hosts throw at the mere name of the storage, for a page from disk
    }
  }

  set(value) {
    try {
      localStorage.removeItem(this._name); // first: what is older must not be there when this finds no room
      if (value !== null) localStorage.setItem(this._name, JSON.stringify(value));
    } catch {
      // It is full, or not ours to use: the page then only remembers for as long as it lives.
    }
  }
}
