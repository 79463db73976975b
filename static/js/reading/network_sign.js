// A few quiet words in the bar: whether answers are saved, and how many wait in this browser for the network.

import { counted, write } from "./words.js";

const SLOW_MS = 1500; // sooner, nobody is told that something is on its way

export class NetworkSign {
  #timer = null;
  #wasAway = false;

  constructor(element, say) {
    Object.assign(this, { element, say });
  }

  // `n` operations are kept here; `hasSaved` once one was stored.
  update({ isAway, n, hasSaved }) {
    clearTimeout(this.#timer);
    this.element.classList.toggle("is-away", isAway);
    if (isAway) this.#write(n ? counted(this.element, "away", n) : this.element.dataset.away);
    else if (n) this.#timer = setTimeout(() => this.#write(counted(this.element, "sending", n)), SLOW_MS);
    else this.#write(hasSaved ? this.element.dataset.saved : "");
    if (isAway !== this.#wasAway) this.say(isAway ? this.element.textContent : this.element.dataset.back);
    this.#wasAway = isAway;
  }

  #write(text) {
    write(this.element, text);
  }
}
