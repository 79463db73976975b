// The way to the server: the seat, the queue and its sender, and what is to be done when the server says no.

import { Api, Refusal } from "./api.js";
import { AnswerQueue } from "./answer_queue.js";
import { patiently, Seat } from "./seat.js";
import { Sender } from "./sender.js";

const RELOAD_MS = 10_000; // a page that was just loaded again is not loaded again

export class Connection {
  n = 0; // operations that are kept here
  hasSaved = false;

  // `state` of the session that the page is for. Calls sent(operation, reply), kept(refusal), astray(refusal), moved(), closed(sentence), changed(), and
  // waiting(name) with the name of a cover.
  constructor(address, state, csrf, calls) {
    Object.assign(this, { address, state, csrf, calls, stateNow: state });
  }

  async open() {
    this.queue = await AnswerQueue.of(this.address);
    this.api = new Api(this.address, this.csrf);
    this.seat = new Seat(this.api, this.address, () => this.#refused("moved"));
    this.sender = new Sender(this.queue, this.api, {
      sent: (operation, reply) => {
        this.hasSaved = true;
        this.stateNow = reply.state;
        this.calls.sent(operation, reply);
      },
      refused: (operation, refusal) => this.#refused(refusal.kind, refusal),
      changed: (n) => {
        this.n = n;
        this.calls.changed();
      },
    });
    this.n = await this.queue.count();
  }

  get isAway() {
    return Boolean(this.sender?.isAway) || !navigator.onLine;
  }

  get isStopped() {
    return this.sender?.isStopped ?? true;
  }

  // Store an operation, then send it; both take their time while reading goes on.
  add(operation) {
    return this.sender.add(operation);
  }

  // Sit down, send what was kept, and ask where the reader is; nothing when the server said no.
  sit() {
    return this.#unlessRefused(async () => {
      await patiently(() => this.seat.take(), this.calls.waiting);
      this.sender.isStopped = false;
      return this.#ask();
    });
  }

  // The same for the window that sits already.
  ask() {
    return this.#unlessRefused(() => this.#ask());
  }

  kept() {
    return this.sender.kept();
  }

  // Resolves when everything is stored, true, or cannot be, false.
  async drained() {
    await this.sender.drained();
    return !this.sender.isStopped;
  }

  async #ask() {
    if (this.n) this.calls.waiting();
    if (!(await this.drained())) return null;
    // The panels of the next phase are not asked for before its own page is open.
    if (this.stateNow !== this.state) return { state: this.stateNow, trials: [] };
    return patiently(() => this.api.window(), this.calls.waiting);
  }

  async #unlessRefused(ask) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#refused(error.kind, error);
      return null;
    }
  }

  #refused(kind, refusal) {
    if (kind === "kept") return this.calls.kept(refusal);
    if (kind === "order" || kind === "bad") return this.calls.astray(refusal);
    this.sender.stop();
    if (kind === "moved") return this.calls.moved();
    if (kind === "closed") return this.calls.closed(refusal.sentence);
    this.#loadAgain();
  }

  // The page knows a token or a cookie that the server does not know any more.
  #loadAgain() {
    const last = Number(sessionStorage.getItem("loaded again") ?? 0);
    if (Date.now() - last < RELOAD_MS) return this.calls.closed("");
    sessionStorage.setItem("loaded again", String(Date.now()));
    location.replace(this.address);
  }
}
