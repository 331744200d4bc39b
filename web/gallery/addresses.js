import { make } from "../wording.js";
import { words } from "../desk/words.js";

const said = words.gallery;

/** Of an output's pages, to be copied, or the page to be taken as a file. @param {any} output @param {() => void} copied */
export function addressesOf({ name, key, addresses }, copied) {
  const where = addresses.length ? addresses : [location.origin];
  return ["main", "backup"].map((page, place) => {
    const address = `${where[Math.min(place, where.length - 1)]}/onair/${name}?${new URLSearchParams({ page, key })}`;
    const copy = Object.assign(make("button", "", said.copy), { type: "button", onclick: () => navigator.clipboard.writeText(address).then(copied) });
    const file = Object.assign(make("a", "", said.file), { href: `${address}&download` });
    return make("li", "", make("b", "", page), make("code", "", address), copy, file);
  });
}
