export const REST_MS = 1000; // in which somebody can read what has come under a hand

/** The pointer: whether somebody may be about to press something in a place. */
export class Hand {
  /** @param {Element} place */
  constructor(place) {
    this.isDown = false;
    this.movedAt = -Infinity;
    for (const name of ["pointermove", "dragover"]) place.addEventListener(name, () => this.moves()); // who drags moves no pointer
    place.addEventListener("pointerdown", () => {
      this.isDown = true;
      this.moves();
    });
    for (const name of ["pointerup", "pointercancel", "blur"]) addEventListener(name, () => { this.isDown = false; });
    addEventListener("pointermove", ({ buttons }) => { this.isDown &&= buttons > 0; }); // a menu or another window had the release
  }

  moves() {
    this.movedAt = performance.now();
  }

  get isBusy() {
    return this.isDown || performance.now() - this.movedAt < REST_MS;
  }
}
