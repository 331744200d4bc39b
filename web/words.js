// What is said in words. English is here; every other language is data beside it: words/<language>.json.

export const ENGLISH = {
  flash: "Flash", urgent: "Urgent", bulletin: "Bulletin",
  pause: "Pause", hide: "Hide", fresh: "# new", all: "Show all #", fewer: "Show fewer",
  quiet: "No headlines right now", many: "# headlines", arrived: "# new headlines",
  updated: "Updated", correction: "Correction", withdrawn: "Withdrawn", gone: "A headline was withdrawn",
  live: "Live", connecting: "Connecting", stale: "Delayed", offline: "Offline", stopped: "Stopped",
  since: "last update #",
};

const OTHERS = ["ar", "es"];

/** @param {string} lang BCP 47 @returns {Promise<typeof ENGLISH>} */
export async function wordsFor(lang) {
  const language = lang.split("-")[0];
  try {
    if (OTHERS.includes(language)) {
      const answer = await fetch(new URL(`words/${language}.json`, import.meta.url), { credentials: "omit" });
      return { ...ENGLISH, ...(await answer.json()) };
    }
  } catch (error) {
    // better in English than not at all
  }
  return ENGLISH;
}

/** The word with its number, in the digits of the language. */
export function counted(word, number, lang) {
  return word.replace("#", new Intl.NumberFormat(lang).format(number));
}
