// Time left for a panel, in whole seconds of looking at it: said from the first paint on, so that its end is no surprise.

import { counted, write } from "./words.js";

const LOOK_MS = 100;
const LAST = 5; // seconds that are emphasised
const SAID = new Set([30, 10, LAST]); // to a screen reader

export class Countdown {
  #timer = null;
  #left = null;

  // `element` holds a bar, a number and the limit; without a limit it does nothing. Calls up() once.
  constructor(element, clock, { up, say }) {
    Object.assign(this, { element, clock, up, say });
    this.limit = Number(element?.dataset.limit ?? 0) * 1000;
    if (element) element.hidden = false;
    this.bar = element?.querySelector("progress");
    this.number = element?.querySelector("[data-seconds]");
  }

  // Full, and waiting for the panel.
  rewind() {
    if (!this.limit) return;
    this.stop();
    this.#show(this.limit / 1000);
  }

  start() {
    if (!this.limit) return;
    this.stop();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  stop() {
    clearInterval(this.#timer);
  }

  #look() {
    const { seen } = this.clock.read();
    const left = Math.max(Math.ceil((this.limit - seen) / 1000), 0);
    if (left !== this.#left) {
      this.#show(left);
      if (SAID.has(left) && left < this.limit / 1000) this.say(counted(this.element, "left", left));
    }
    if (seen < this.limit) return;
    this.stop();
    this.up();
  }

  #show(left) {
    this.#left = left;
    this.bar.value = left;
    write(this.number, counted(this.element, "left", left));
    this.element.classList.toggle("is-ending", left <= LAST);
  }
}
