// The time of day on the bar, of the frame's moment and not of the page's clock: two pages agree on it.

const MINUTE = 60000; // ms

export class TimeOfDay {
  constructor(node, lang, zone) {
    this._node = node;
    this._format = formatOf(lang, zone);
    const digits = new Intl.NumberFormat(this._format.resolvedOptions().locale, { minimumIntegerDigits: 2 });
    this._midnight = { [digits.format(24)]: digits.format(0) }; // as some browsers say it
    this._minute = NaN;
    this.tell(0); // so that it has its width
  }

  tell(moment) {
    const minute = Math.floor(moment / MINUTE);
    if (minute === this._minute) return;
    this._minute = minute;
    const parts = this._format.formatToParts(minute * MINUTE);
    this._node.textContent = parts.map(({ type, value }) => (type === "hour" && this._midnight[value]) || value).join("");
  }
}

/** A zone or language that this browser does not know must not take the bar away. */
function formatOf(lang, zone) {
  /** @type {any} */
  const options = { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: zone };
  try {
    return new Intl.DateTimeFormat(lang, options);
  } catch {
    return new Intl.DateTimeFormat("en", { ...options, timeZone: "UTC" });
  }
}
