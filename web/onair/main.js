/** The page of an output: what the document was told, and what its address says, which counts more. */
import { Player } from "./player.js";

const asked = new URLSearchParams(location.search);
const told = JSON.parse(document.getElementById("told").textContent);
const named = {};
if (asked.has("page")) named.page = asked.get("page").replace(/[^A-Za-z0-9._-]/g, "").slice(0, 40) || "main"; // as reports may have it
if (asked.has("key")) named.key = asked.get("key");

// CasparCG says `play()` when it is time, and so does SPX, whose addresses have a number drawn at random.
const waits = "caspar" in window || "casparcg" in window || asked.has("wait") || /^\d+$/.test(asked.get("random"));

new Player({ ...told, ...named, preview: told.preview || asked.has("preview"), waits }, document.getElementById("bar")).start();
