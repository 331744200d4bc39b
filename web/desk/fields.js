// The composer's fields, and what the API makes of them. Pure, but for reading a form.

/** @typedef {{[name: string]: string}} Fields */

/** @param {HTMLFormElement} form @returns {Fields} */
export function fieldsOf(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}

/** @param {Fields} a @param {Fields} b */
export function sameFields(a, b) {
  return Object.keys({ ...a, ...b }).every((name) => (a[name] || "") === (b[name] || ""));
}

const TEXTS = ["kicker", "link", "section", "region"];

/** What is handed in. @param {Fields} fields */
export function draftOf(fields) {
  const given = TEXTS.filter((name) => fields[name].trim()).map((name) => [name, fields[name].trim()]);
  return {
    text: fields.text.trim(), urgency: fields.urgency, ...Object.fromEntries(given),
    ...(fields.tags.trim() ? { tags: tagsOf(fields.tags) } : {}),
    ...(fields.source.trim() ? { source: { name: fields.source.trim() } } : {}),
    ...(fields.publish_at ? { publish_at: new Date(fields.publish_at).toISOString() } : {}),
    ...(fields.expires_in ? { expires_in: Number(fields.expires_in) } : {}),
  };
}

/**
 * What has been changed, and nothing else: another's change of another field stands.
 *
 * @param {import("./api.js").Record} record @param {Fields} before @param {Fields} after @param {string} how
 */
export function patchOf(record, before, after, how) {
  /** @type {{[name: string]: any}} */
  const patch = {};
  for (const name of ["text", "urgency", ...TEXTS]) {
    const value = after[name].trim();
    if (value !== before[name]) patch[name] = value || null;
  }
  if (after.tags !== before.tags) patch.tags = tagsOf(after.tags);
  if (after.publish_at !== before.publish_at && !record.published_at) {
    patch.publish_at = after.publish_at ? new Date(after.publish_at).toISOString() : null;
  }
  if (after.expires_in) patch.expires_in = Number(after.expires_in);
  if (how === "correct" && after.correction.trim()) patch.correction = after.correction.trim();
  return patch;
}

/** @param {string} text tags with commas between, of any script */
function tagsOf(text) {
  return text.split(/[,،、]/).map((tag) => tag.trim()).filter(Boolean);
}
