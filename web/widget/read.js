/**
 * Tells the server that this page was read: once, after it was really in view for some seconds.
 * Nothing is stored on the device, no cookie is sent, and who asks not to be counted is not.
 *
 *   <script type="module" src="…/read.js" data-channel="en"></script>
 *
 * The story is the page's canonical address, or `data-story`; without either, its address. What follows the question
 * mark of an address goes nowhere: it may hold a secret.
 */

const READ_S = 5;

/** @type {HTMLElement|null} */
const tag = document.querySelector("script[src$='/read.js']");
/** @type {any} */
const { channel = "en", story, base = new URL("../../", import.meta.url), seconds = READ_S } = tag ? tag.dataset : {};
/** @type {any} What not every browser has. */
const { globalPrivacyControl, doNotTrack, webdriver } = navigator;
let seen = 0;

if (!globalPrivacyControl && doNotTrack !== "1") {
  const timer = setInterval(() => {
    if (document.visibilityState !== "visible") return; // which a page rendered ahead is not
    seen += 1;
    if (seen < Number(seconds)) return;
    clearInterval(timer);
    tell();
  }, 1000);
}

async function tell() {
  /** @type {HTMLLinkElement|null} */
  const canonical = document.querySelector("link[rel=canonical]");
  const said = new URLSearchParams({ s: story || (canonical ? canonical.href : plain(location.href)), d: String(seen) });
  if (webdriver) said.set("w", "1");
  if (document.referrer.startsWith(`${location.origin}/`)) said.set("f", plain(document.referrer));
  if (onSocket(JSON.stringify({ type: "read", ...Object.fromEntries(said), d: seen }))) return;
  const address = new URL(`v1/channels/${encodeURIComponent(channel)}/reads`, new URL(base, document.baseURI)).href;
  const headers = { "content-type": "text/plain" };
  try {
    await fetch(address, { method: "POST", body: String(said), headers, keepalive: true, credentials: "omit" });
  } catch (error) {
    new Image().src = `${address}.gif?${said}`; // where only pictures pass
  }
}

function plain(address) {
  return address.split(/[?#]/)[0];
}

/** On the stream that is open anyway. */
function onSocket(frame) {
  const tickers = Array.from(document.querySelectorAll("news-ticker")).filter((one) => one.getAttribute("channel") === channel);
  return tickers.some((/** @type {any} */ one) => one.send && one.send(frame));
}
