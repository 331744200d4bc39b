/** Only what is new: what is read out aloud is read whenever it is written. @param {Element} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
