/** What a site owner wants to know: does the strip reach readers from this page, and if not, what stands in its way? */

const PATIENCE_MS = 6000;

/** @typedef {{name: string, ok: boolean, advice: string}} Finding */

/**
 * @param {{base?: string|URL, channel?: string}} [options]
 * @returns {Promise<Finding[]>} best run in the page that embeds the strip
 */
export async function check({ base = new URL("../../", import.meta.url), channel = "en" } = {}) {
  const root = new URL(base, document.baseURI);
  const blocked = [];
  const note = ({ effectiveDirective, blockedURI }) => blocked.push({ effectiveDirective, blockedURI });
  document.addEventListener("securitypolicyviolation", note);
  const path = new URL(`v1/channels/${encodeURIComponent(channel)}/`, root);
  const findings = [];
  const add = async (name, trial, advice) => {
    const before = blocked.length;
    const ok = await within(trial()).catch(() => false);
    await new Promise((resolve) => { setTimeout(resolve, 50); }); // reports of the policy come a little later
    const policy = blocked.slice(before).map(({ effectiveDirective: directive }) => directive)[0];
    const origin = policy === "connect-src" ? `${root.origin} ${root.origin.replace(/^http/, "ws")}` : root.origin;
    findings.push({ name, ok, advice: ok ? "" : policy ? `Your content security policy blocks it: add ${origin} to ${policy}.` : advice });
  };
  await add("channel", () => fetch(path.href.slice(0, -1), { credentials: "omit" }).then(({ ok }) => ok),
    `There is no channel "${channel}" for this site: look at its name, and at its \`origins\` on the server.`);
  await add("websocket", () => websocket(new URL("ws", path)),
    "A proxy or firewall does not let WebSockets through: let it pass on the headers Upgrade and Connection.");
  await add("events", () => events(new URL("stream", path)),
    "A proxy holds back the stream: turn its buffering off for this address (nginx: proxy_buffering off).");
  await add("poll", () => fetch(new URL("events", path), { credentials: "omit" }).then(({ ok }) => ok),
    "Not even plain requests pass: look for an ad blocker, or a proxy that wants a login.");
  await add("style", async () => styles(), "This browser is older than constructable style sheets (2023).");
  await add("element", async () => Boolean(customElements.get("news-ticker")),
    "The script has not run: a cookie banner may hold it back (type=\"text/plain\"), or its address is wrong. It needs no consent: it stores nothing.");
  await add("shared", async () => Boolean(navigator.locks) && window.isSecureContext,
    "Without https each tab has a connection of its own.");
  document.removeEventListener("securitypolicyviolation", note);
  return findings;
}

function within(promise) {
  return Promise.race([promise, new Promise((_, reject) => { setTimeout(reject, PATIENCE_MS); })]);
}

function websocket(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.href.replace(/^http/, "ws"));
    socket.onmessage = () => {
      resolve(true);
      socket.close();
    };
    socket.onclose = reject;
  });
}

function events(url) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(url);
    const end = (act) => () => {
      act(true);
      source.close();
    };
    source.addEventListener("snapshot", end(resolve));
    source.onerror = end(reject);
  });
}

function styles() {
  const host = document.createElement("div");
  host.attachShadow({ mode: "open" }).adoptedStyleSheets = [new CSSStyleSheet()];
  return true;
}
