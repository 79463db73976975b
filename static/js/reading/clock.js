// How long a panel was looked at: from its first paint, without the time in which the window was hidden, another
// window had the keyboard, or the panel was covered. All times are those of performance.now().

const NOTHING = { seen: 0, away: 0, nAway: 0 };

export class Clock {
  #paintedAt = null;
  #awaySince = null;
  #isCovered = false;
  #before = NOTHING; // from an earlier look at the same panel
  #away = 0;
  #nAway = 0;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#look());
    addEventListener("focus", () => this.#look());
    addEventListener("blur", () => this.#look(true));
  }

  get isRunning() {
    return this.#paintedAt !== null;
  }

  start(paintedAt, before = NOTHING) {
    this.#paintedAt = paintedAt;
    this.#before = before;
    this.#awaySince = null;
    this.#isCovered = false;
    this.#away = this.#nAway = 0;
    this.#look();
  }

  stop() {
    this.#paintedAt = null;
  }

  cover(isCovered) {
    this.#isCovered = isCovered;
    this.#look();
  }

  // Milliseconds seen, milliseconds away, and how often, up to a moment.
  read(at = performance.now()) {
    const away = this.#away + (this.#awaySince === null ? 0 : Math.max(at - this.#awaySince, 0));
    return {
      seen: this.#before.seen + Math.max(at - this.#paintedAt - away, 0),
      away: this.#before.away + away,
      nAway: this.#before.nAway + this.#nAway,
    };
  }

  #look(isBlurred = false) {
    if (!this.isRunning) return;
    const isAway =
      isBlurred || this.#isCovered || document.visibilityState === "hidden" || !document.hasFocus();
    const now = performance.now();
    if (isAway && this.#awaySince === null) {
      this.#awaySince = Math.max(now, this.#paintedAt);
      this.#nAway += 1;
    } else if (!isAway && this.#awaySince !== null) {
      this.#away += now - this.#awaySince;
      this.#awaySince = null;
    }
  }
}
