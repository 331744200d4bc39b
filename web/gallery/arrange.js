/**
 * Puts these elements into a list, in this order, and nothing else. Those that are there stay, and as few as can be are
 * moved: a press that has begun on an element ends in a click only if nobody has touched it meanwhile.
 * @param {Element} list @param {Element[]} elements
 */
export function arrange(list, elements) {
  const focused = /** @type {HTMLElement} */ (document.activeElement);
  const stays = new Set(elements);
  for (const child of [...list.children]) if (!stays.has(child)) child.remove();
  elements.forEach((element, place) => {
    const there = list.children[place];
    if (there === element) return;
    if (there && there.nextElementSibling === element) list.append(there); // one has gone to the back, and not all others forward
    else list.insertBefore(element, there || null);
  });
  if (focused !== document.activeElement && list.contains(focused)) focused.focus({ preventScroll: true });
}
