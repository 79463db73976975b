// What was used during one trial, as numbers that go with the answer; the server knows the same names.

export class ViewerLog {
  #counts = {};
  #since = {};
  #places = new Set();

  count(name) {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }

  // Time while something is on, for example the cine.
  begin(name) {
    this.#since[name] ??= performance.now();
  }

  end(name) {
    if (this.#since[name] === undefined) return;
    this.#counts[name] = (this.#counts[name] ?? 0) + performance.now() - this.#since[name];
    delete this.#since[name];
  }

  place(column, row) {
    this.#places.add(`${column},${row}`);
  }

  // The log so far, with the viewer's present state.
  numbers(state) {
    for (const name of Object.keys(this.#since)) {
      this.end(name);
      this.begin(name);
    }
    const counts = Object.fromEntries(Object.entries(this.#counts).map(([name, value]) => [name, Math.round(value)]));
    return { ...ViewerLog.#unused, ...counts, n_cursor_pixels: this.#places.size, ...state };
  }

  static #unused = {
    n_window_changes: 0,
    n_inversions: 0,
    n_resets: 0,
    n_cine_plays: 0,
    n_cine_steps: 0,
    cine_ms: 0,
    cursor_ms: 0,
    n_magnifications: 0,
    magnifier_ms: 0,
    n_helps: 0,
  };
}
