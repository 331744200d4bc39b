import { make } from "../wording.js";
import { difference } from "./difference.js";
import { say } from "./words.js";

/** Two have changed one headline: both texts, what differs, and a choice that loses neither. */
export class Conflict {
  constructor() {
    this.dialog = /** @type {HTMLDialogElement} */ (document.getElementById("conflict"));
  }

  /**
   * @param {string} mine @param {import("./api.js").Record} theirs
   * @returns {Promise<string>} "mine", "theirs", or "go-on", also for Escape
   */
  ask(mine, theirs) {
    document.getElementById("conflict-who").textContent = say("conflict_who", {
      who: theirs.author || "?", version: theirs.version,
    });
    document.getElementById("theirs").replaceChildren(...marked(mine, theirs.text, "new"));
    document.getElementById("mine").replaceChildren(...marked(theirs.text, mine, "new"));
    this.dialog.returnValue = "";
    this.dialog.showModal();
    return new Promise((resolve) => {
      this.dialog.addEventListener("close", () => resolve(this.dialog.returnValue || "go-on"), { once: true });
    });
  }
}

/** The second text, with what the first has not marked. */
function marked(before, after, kind) {
  return difference(before, after)
    .filter(([part]) => part === "same" || part === kind)
    .map(([part, text]) => make(part === "same" ? "span" : "mark", "", text));
}
