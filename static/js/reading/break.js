// When a break is offered: after every so many test panels, once at each place, not after the last.

export class Break {
  #offeredAt = 0;

  constructor(every) {
    this.every = every;
  }

  // After the panel at this position of so many.
  isDue(position, nTrials) {
    if (!this.every || position % this.every || position >= nTrials || position <= this.#offeredAt) return false;
    this.#offeredAt = position;
    return true;
  }
}
