// The least time that a panel is looked at before it can be answered, where the study sets one.

export class Hold {
  #timer = null;

  constructor(ms, clock) {
    Object.assign(this, { ms, clock });
  }

  // Resolves when the panel of the running clock was seen for long enough.
  over() {
    clearTimeout(this.#timer);
    return new Promise((resolve) => {
      const look = () => {
        const left = this.ms - this.clock.read().seen;
        if (left <= 0) resolve();
        else this.#timer = setTimeout(look, Math.max(left, 20));
      };
      look();
    });
  }

  cancel() {
    clearTimeout(this.#timer);
  }
}
