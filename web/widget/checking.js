/** The page at /widget/check. */
import { check } from "./check.js";

const findings = document.getElementById("findings");
const address = new URL("../../widget/1/check.js", import.meta.url);
const asked = new URLSearchParams(location.search).get("channel") || "";
const channel = /^[a-z0-9-]{1,32}$/.test(asked) ? asked : "en"; // it becomes code that is pasted into a console

document.getElementById("code").textContent = `(await import(${JSON.stringify(address)})).check(${JSON.stringify({ channel })}).then(console.table)`;
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
