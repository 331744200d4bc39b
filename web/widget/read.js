/**
 * Tells the server that this page's story was read: once, after it was really in view for some seconds.
 * Nothing is stored on the device, no cookie is sent, and who asks not to be counted is not.
 *
 *   <script type="module" src="…/read.js" data-channel="en" data-story="…"></script>
 */

const READ_MS = 5000;
const LOOK_MS = 500;

const tag = document.querySelector("script[data-story]");

function start({ channel = "en", story, base = new URL("../../", import.meta.url), seconds }) {
  if (navigator.webdriver || navigator.globalPrivacyControl || navigator.doNotTrack === "1") return;
  const needed = Number(seconds) * 1000 || READ_MS;
  let seen = 0;
  const timer = setInterval(() => {
    if (document.hidden || document.prerendering || !document.hasFocus()) return;
    seen += LOOK_MS;
    if (seen < needed) return;
    clearInterval(timer);
    tell(new URL(`v1/channels/${encodeURIComponent(channel)}/reads`, new URL(base, document.baseURI)), story);
  }, LOOK_MS);
}

/** On the stream that is open anyway; else by itself; else, where only pictures pass, as one. */
async function tell(address, story) {
  const body = JSON.stringify({ type: "read", story });
  for (const ticker of document.querySelectorAll("news-ticker")) if (ticker.send && ticker.send(body)) return;
  try {
    await fetch(address, {
      method: "POST", body, keepalive: true, credentials: "omit", headers: { "content-type": "text/plain" },
    });
  } catch (error) {
    address.searchParams.set("story", story);
    new Image().src = address.href;
  }
}

if (tag) start(tag.dataset);
