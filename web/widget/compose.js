/** The page at /widget/: choose, look, copy. */

const form = document.getElementById("form");
const stage = document.getElementById("stage");
const code = document.getElementById("code");
const base = new URL("../../widget/", import.meta.url);
const ACCENT = "#c4122f";
const TALL = { list: 320 };

const { channels } = await (await fetch(new URL("../v1/channels", base))).json();
const { newest, versions } = await (await fetch(new URL("versions.json", base))).json();
const out = Object.keys(versions); // as they came; the newest may still change with the source, and its hash with it
const { headers } = await fetch(new URL(`${newest}/ticker.js`, base), { method: "HEAD" });
if (!headers.get("cache-control").includes("immutable")) out.pop();
const exact = out.at(-1);
if (!exact) form.elements.way.querySelector("[value=sri]").remove();
for (const { name, title } of channels) form.elements.channel.append(new Option(title, name));
form.addEventListener("input", show);
document.getElementById("copy").addEventListener("click", copy);
show();

function chosen() {
  const { channel, mode, theme, speed } = Object.fromEntries(new FormData(form));
  return {
    channel, ...(mode === "crawl" ? {} : { mode }), ...(theme ? { theme } : {}),
    ...(mode === "crawl" && speed !== "80" ? { speed } : {}),
  };
}

function show() {
  const ticker = document.createElement("news-ticker");
  for (const [name, value] of Object.entries(chosen())) ticker.setAttribute(name, value);
  ticker.style.setProperty("--ticker-accent", form.elements.accent.value);
  stage.replaceChildren(ticker);
  code.textContent = line();
  document.getElementById("copied").textContent = "";
}

function line() {
  const { accent, way, mode } = Object.fromEntries(new FormData(form));
  const look = chosen();
  if (way === "frame") {
    const { channel, ...query } = look;
    const address = new URL(`${channel}.html`, base);
    address.search = new URLSearchParams(query);
    return `<iframe src="${address}" title="News" width="100%" height="${TALL[mode] || 64}" frameborder="0"></iframe>`;
  }
  const version = way === "sri" ? exact : newest.split(".")[0];
  const hash = (file) => (way === "sri" ? ` integrity="${versions[exact][file]}" crossorigin` : "");
  const attributes = Object.entries(look).map(([name, value]) => ` ${name}="${value}"`).join("");
  return [
    `<link rel="stylesheet" href="${base}${version}/ticker.css"${hash("ticker.css")}>`,
    `<script type="module" src="${base}${version}/ticker.js"${hash("ticker.js")}></script>`,
    ...(accent === ACCENT ? [] : [`<style>news-ticker { --ticker-accent: ${accent} }</style>`]),
    `<news-ticker${attributes}></news-ticker>`,
  ].join("\n");
}

async function copy() {
  await navigator.clipboard.writeText(code.textContent);
  document.getElementById("copied").textContent = "Copied";
}
