/** What is meant by what stands there: a speed of one more, a place further down. */
export class Aim {
  /** @param {import("./say.js").Say} say */
  constructor(say) {
    this.say = say;
    this.meant = new Map(); // output and cue → what was last meant, until it is answered
  }

  /** What has been said already and is not answered yet: the next builds upon it. @param {string} output @param {string} cue */
  at(output, cue) {
    return this.meant.get(`${output} ${cue}`);
  }

  /** One is under way at a time, so that none overtakes another; of those said meanwhile the last is sent. */
  async send(output, cue, order) {
    const key = `${output} ${cue}`;
    const isUnderWay = this.meant.has(key);
    this.meant.set(key, order);
    if (isUnderWay) return;
    for (let sent = null; sent !== this.meant.get(key); ) {
      sent = this.meant.get(key);
      if (!(await this.say.cue(output, cue, sent))) break;
    }
    this.meant.delete(key);
  }
}
