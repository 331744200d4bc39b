/** Whether words of a headline or a line can be read on the bar: looked at once a second, never in a frame. */
export function hasWords(root) {
  const [strap] = root.getElementsByClassName("strap");
  if (!strap) return false;
  const bar = boxOf(strap.parentElement);
  const shown = [strap];
  const isOver = isVisible(strap) && boxOf(strap).top <= bar.top; // nothing is seen of what is below it
  if (!isOver) shown.push(...root.getElementsByClassName("window"));
  return shown.some((one) => {
    const [clip] = one === strap ? one.getElementsByClassName("reading") : [one];
    const within = common(common(boxOf(clip), bar), { left: 0, top: 0, right: innerWidth, bottom: innerHeight });
    return Array.from(clip.getElementsByClassName("words")).some((words) => isRead(words, within));
  });
}

function isRead(words, within) {
  const { left, top, right, bottom } = common(boxOf(words), within);
  return right > left && bottom > top && Boolean(words.textContent.trim()) && isVisible(words);
}

function boxOf(element) {
  return element.getBoundingClientRect();
}

function common(one, other) {
  return {
    left: Math.max(one.left, other.left),
    top: Math.max(one.top, other.top),
    right: Math.min(one.right, other.right),
    bottom: Math.min(one.bottom, other.bottom),
  };
}

function isVisible(element) {
  for (let one = element; one; one = one.parentElement) {
    const { visibility, opacity } = getComputedStyle(one);
    if (visibility === "hidden" || opacity === "0") return false;
  }
  return true;
}
