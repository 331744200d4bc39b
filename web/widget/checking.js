/** The page at /widget/check. */
import { check } from "./check.js";

const findings = document.getElementById("findings");
const address = new URL("../../widget/1/check.js", import.meta.url);
const channel = new URLSearchParams(location.search).get("channel") || "en";

document.getElementById("code").textContent = `(await import("${address}")).check({ channel: "${channel}" }).then(console.table)`;
findings.replaceChildren(...(await check({ channel })).map(told));

function told({ name, ok, advice }) {
  const row = document.createElement("p");
  row.className = ok ? "finding" : "finding bad";
  for (const text of [ok ? "✓" : "✗", name, ok ? "works" : advice]) {
    const part = document.createElement("span");
    part.textContent = text;
    row.append(part);
  }
  return row;
}
