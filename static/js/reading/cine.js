// The five dynamic frames one after the other in one place, at the reader's own request and speed.

const SPEEDS = [1, 2, 3, 4, 6, 8, 12]; // frames per second
const START = 2;

export class Cine {
  #timer = null;
  #speed = START;

  // `show` is called with the number of the frame; `changed` when playing or speed changes.
  constructor(nFrames, { show, changed }) {
    Object.assign(this, { nFrames, show, changed });
    this.number = 0;
  }

  get isPlaying() {
    return this.#timer !== null;
  }

  get speed() {
    return SPEEDS[this.#speed];
  }

  // Nothing moves for a reader who asked the computer for less motion: each press is one step then.
  static get isStill() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  play() {
    if (this.isPlaying) return;
    this.#timer = setInterval(() => this.#next(1), 1000 / this.speed);
    this.changed();
  }

  stop() {
    if (!this.isPlaying) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.changed();
  }

  step(by) {
    this.stop();
    this.#next(by);
  }

  change(by) {
    this.#speed = Math.min(Math.max(this.#speed + by, 0), SPEEDS.length - 1);
    if (this.isPlaying) {
      clearInterval(this.#timer);
      this.#timer = setInterval(() => this.#next(1), 1000 / this.speed);
    }
    this.changed();
  }

  rewind() {
    this.stop();
    this.number = 0;
  }

  #next(by) {
    this.number = (this.number + by + this.nFrames) % this.nFrames;
    this.show(this.number);
  }
}
