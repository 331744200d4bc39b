import { tags, wording } from "../wording.js";
import { STYLE } from "../widget/style.js";
import { ENGLISH, wordsFor } from "../words.js";
import { about, counted, say } from "./words.js";

const SPEED = 80; // px/s, the strip's own
const PHONE_PX = 390;

const sheet = new CSSStyleSheet();
sheet.replaceSync(`${STYLE}
:host{block-size:2.75rem}section{grid-template:minmax(0,1fr) / minmax(0,1fr)}.stage{grid-area:1 / 1;border:0}
.track{inset:0;position:absolute}.track li{inset-inline-start:0;block-size:100%}`);

/** The headline that is being written, in the strip's own letters and colours. */
export class Preview {
  /** @param {HTMLElement} host */
  constructor(host) {
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    this.words = ENGLISH;
    this.section = document.createElement("section");
    this.section.dataset.mode = "crawl";
    Object.assign(this.section, { lang: about.channel.lang, dir: about.channel.dir });
    root.append(this.section);
    wordsFor(about.channel.lang).then((words) => { this.words = words; });
  }

  /** @param {{text: string, urgency: string, kicker?: string}} headline @returns {string} how long it is, in words */
  show(headline) {
    const { lang, dir } = about.channel;
    const parts = [...tags({ ...headline, kicker: headline.kicker || "" }, this.words), wording({ ...headline, link: "", lang, dir })];
    const item = document.createElement("li");
    item.hidden = !headline.text;
    item.append(...parts);
    const track = Object.assign(document.createElement("ul"), { className: "track" });
    track.append(item);
    const stage = Object.assign(document.createElement("div"), { className: "stage" });
    stage.append(track);
    this.section.replaceChildren(stage);
    const width = Math.round(item.getBoundingClientRect().width);
    if (headline.urgency === "flash" && headline.text) {
      const strap = Object.assign(document.createElement("div"), { className: "strap" });
      strap.append(...parts);
      stage.replaceChildren(strap);
    }
    if (!headline.text) return "";
    const phones = Math.round((10 * width) / PHONE_PX) / 10;
    return `${say("width", { px: width, s: Math.round(width / SPEED) })} · ${counted("phones", phones)}`;
  }
}
