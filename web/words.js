// What is said in words. English is here; every other language is data beside it: words/<language>.json.

export const ENGLISH = {
  flash: "Flash", urgent: "Urgent", bulletin: "Bulletin",
  pause: "Pause", hide: "Hide", fresh: "# new", arrived: "# new headlines", quiet: "No headlines right now",
  correction: "Correction", withdrawn: "Withdrawn", gone: "A headline was withdrawn",
  live: "Live", connecting: "Connecting", stale: "Delayed", offline: "Offline", stopped: "Stopped", since: "last update",
};

/** @param {string} lang BCP 47 @returns {Promise<typeof ENGLISH & {lang: string}>} */
export async function wordsFor(lang) {
  const language = lang.split("-")[0];
  if (!["ar", "es"].includes(language)) return { ...ENGLISH, lang };
  const answer = fetch(new URL(`words/${language}.json`, import.meta.url), { credentials: "omit" });
  return { ...(await answer.then((found) => found.json()).catch(() => ENGLISH)), lang }; // better in English than not at all
}

/** The word with its number, in the digits of the language. */
export function counted(word, number, lang) {
  return word.replace("#", number.toLocaleString(lang));
}
