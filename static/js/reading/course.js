// What comes next: the following panel, a break, waiting, or another page.

import { Preload } from "./preload.js";
import { Trials } from "./trials.js";

export class Course {
  #failed = null; // token of a panel that the server did not give
  #last = null; // the trial that was finished last
  #lookBefore = null; // { token, look } at a panel that was left to take back the answer before it
  notice = ""; // said below the next panel

  // `parts`: reading, viewer, controls, cover, undoing, rest, connection. Calls changed() when panels stop or begin to come.
  constructor(page, parts, changed) {
    Object.assign(this, parts, { page });
    this.trials = new Trials();
    this.preload = new Preload((token) => page.source.replace(page.token, token), parts.viewer.frameSet, changed);
  }

  get current() {
    return this.trials.current;
  }

  get isAway() {
    return this.connection.isAway || this.preload.isAway;
  }

  get isWaiting() {
    return this.cover.name === "away" || this.cover.name === "waiting";
  }

  // Go on where the server says that the reader is.
  enter(window) {
    if (!window) return;
    if (window.state !== this.page.state || !window.trials.length) return location.replace(this.page.session);
    this.trials.replace(window);
    this.trials.previous = this.#answeredBefore(this.trials.current);
    this.undoing.offer(this.trials.previous);
    this.show();
  }

  // Ask the server once everything is stored, and go on there.
  async resume() {
    this.enter(await this.connection.ask());
  }

  // The current panel, in this very frame if it is here.
  show() {
    const item = this.trials.current;
    const patch = item && this.preload.patch(item.token);
    if (!patch) return item ? this.#await(item) : this.#atEnd();
    this.cover.hide();
    const before = this.#lookBefore?.token === item.token ? this.#lookBefore.look : undefined;
    this.reading.show(item, patch, { nTrials: this.trials.nTrials, before, ready: () => this.#lookAhead() });
    this.controls.say(this.notice);
    this.notice = "";
  }

  // Go on from the current trial; `cover`: what the reader has to see first.
  finish({ isUndoable = false, cover = null } = {}) {
    this.#last = this.trials.advance();
    if (!isUndoable) this.trials.previous = null;
    this.undoing.offer(this.trials.previous);
    this.controls.clear();
    if (cover) this.lay(cover);
    else this.restOrShow();
  }

  restOrShow() {
    const { position } = this.#last;
    const total = this.trials.nTrials;
    if (this.rest.isDue(position, total)) this.lay("break", { done: position, total });
    else this.show();
  }

  // Back to the trial answered last, which is returned; nothing if none can be taken back.
  goBack() {
    if (!this.trials.previous || !this.undoing.isAllowed) return null;
    this.#lookBefore = this.current && { token: this.current.token, look: this.reading.lookSoFar };
    const item = this.trials.back();
    this.undoing.offer(null);
    this.show();
    return item;
  }

  // More panels are let out.
  extend(items) {
    const wasAtEnd = !this.current;
    this.trials.extend(items);
    if (wasAtEnd && this.current && this.isWaiting) this.show();
    else this.#want();
  }

  // Over the panel, which is neither timed nor answered any more.
  lay(cover, values) {
    this.reading.close();
    this.cover.show(cover, values);
  }

  wait() {
    this.lay(this.isAway ? "away" : "waiting", { n: this.connection.n });
  }

  async #await(item) {
    this.wait();
    this.#want();
    try {
      await this.preload.arrival(item.token);
    } catch (error) {
      console.warn(String(error));
      if (this.#failed === item.token) return this.lay("broken");
      this.#failed = item.token;
      return this.resume(); // perhaps the server lets out another panel now
    }
    if (this.isWaiting && this.current === item) this.show();
  }

  // Nothing more is known to read: everything has to be stored before the server tells what follows.
  async #atEnd() {
    this.wait();
    const window = await this.connection.ask();
    if (this.isWaiting && !this.current) this.enter(window);
  }

  // Known from the page, if it is still the page of the current trial.
  #answeredBefore({ token, position }) {
    const { lastToken } = this.page;
    return lastToken && token === this.page.token ? { token: lastToken, position: position - 1 } : null;
  }

  #want() {
    const last = this.undoing.isAllowed && this.trials.previous;
    this.preload.want([...this.trials.tokens, ...(last ? [last.token] : [])]);
  }

  // Fetch the panels that follow, and draw the next one out of sight.
  async #lookAhead() {
    const [current, next] = this.trials.tokens;
    this.#want();
    if (!next) return;
    try {
      await this.preload.arrival(next);
    } catch {
      return; // its turn will tell
    }
    if (this.trials.tokens[0] === current) this.viewer.drawAhead(this.preload.patch(next));
  }
}
