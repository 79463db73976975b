// One panel being read: drawn, timed from its first paint, and open to an answer from then on.

import { painted } from "./screen.js";

const HASTY_MS = 120; // after the first paint nobody has seen and decided: it is the bouncing key of the panel before

export class Reading {
  #turn = 0; // counts panels, so that nothing of an earlier one is done to a later
  isOpen = false;

  // `parts`: panel, viewer, controls, comment, place, clock, hold, countdown.
  constructor(parts) {
    Object.assign(this, parts);
  }

  // Show a panel in this very frame. `before`: an earlier look at it. Calls ready() once it is on the screen.
  show(item, patch, { nTrials, before, ready }) {
    this.close();
    this.viewer.show(patch);
    this.panel.dataset.token = item.token;
    this.controls.reset(item);
    this.controls.hold(this.hold.ms > 0 && !item.answer);
    this.comment.reset();
    this.place.show(item.position, nTrials);
    this.#open(this.#turn, before, ready);
  }

  // Nothing is timed and nothing can be answered until the next panel.
  close() {
    this.#turn += 1;
    this.isOpen = false;
    this.panel.classList.remove("is-painted");
    this.clock.stop();
    this.countdown.rewind();
    this.hold.cancel();
    this.viewer.stop();
  }

  // Answered, but still on the screen.
  shut() {
    this.isOpen = false;
    this.countdown.stop();
  }

  // Something lies over the panel for a while.
  cover(isCovered) {
    this.clock.cover(isCovered);
  }

  get lookSoFar() {
    return this.clock.isRunning ? this.clock.read() : undefined;
  }

  // What there is to say of the panel at the moment of its answer.
  said(at) {
    return { look: this.clock.read(at), viewer: this.viewer.log(), comment: this.comment.text };
  }

  async #open(turn, before, ready) {
    const at = await painted();
    if (turn !== this.#turn) return;
    this.clock.start(at, before);
    this.countdown.start();
    await new Promise((resolve) => setTimeout(resolve, HASTY_MS));
    if (turn !== this.#turn) return;
    this.panel.classList.add("is-painted");
    ready();
    await this.hold.over();
    if (turn !== this.#turn) return;
    this.controls.hold(false);
    this.isOpen = true;
  }
}
