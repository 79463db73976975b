// The window of trials that this browser knows: the current one first, then those that may be loaded ahead.

export class Trials {
  #items = [];
  #done = new Set(); // tokens answered here, whatever the server knows of it yet

  // `window` as the server tells it.
  replace(window) {
    this.#done.clear();
    this.#items = window.trials;
    this.nTrials = window.n_trials;
    this.state = window.state;
  }

  extend(items = []) {
    const known = new Set(this.#items.map(({ token }) => token));
    this.#items.push(...items.filter(({ token }) => !known.has(token) && !this.#done.has(token)));
  }

  get current() {
    return this.#items[0];
  }

  get tokens() {
    return this.#items.map(({ token }) => token);
  }

  // The last one that was answered, if it can still be taken back.
  previous = null;

  // Go on from the current trial.
  advance() {
    this.previous = this.#items.shift();
    this.#done.add(this.previous.token);
    return this.previous;
  }

  // Go back to the last one answered; once, until another is answered.
  back() {
    const item = this.previous;
    this.previous = null;
    this.#done.delete(item.token);
    this.#items.unshift(item);
    return item;
  }
}
