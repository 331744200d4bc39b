/** The first of these that is a language, also one written with "_", as servers do. @returns {string} BCP 47 */
export function languageOf(...given) {
  for (const lang of given) {
    try {
      return String(new Intl.Locale(lang.replace(/_/g, "-")));
    } catch (error) {
      // none, or nothing that this browser takes
    }
  }
  return "en";
}
