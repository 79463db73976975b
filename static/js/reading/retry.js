// When to try again: after 1, 2, 4 .. 30 seconds, and as soon as the network is back.

const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

export class Retry {
  #wait = FIRST_MS;

  worked() {
    this.#wait = FIRST_MS;
  }

  // Until it is worth another try.
  async pause() {
    const ms = this.#wait;
    this.#wait = Math.min(this.#wait * 2, LONGEST_MS);
    await new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        removeEventListener("online", back);
        resolve();
      };
      const back = () => {
        this.#wait = FIRST_MS;
        wake();
      };
      const timer = setTimeout(wake, ms);
      addEventListener("online", back);
    });
  }
}
