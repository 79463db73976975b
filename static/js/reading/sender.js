// Sends what the queue holds, in order, one operation at a time, until the server has stored it.

import { Away, Refusal } from "./api.js";
import { Retry } from "./retry.js";
import { inTurn } from "./turn.js";

// Refusals after which the operation has no further use: the first answer stands, or it came out of turn.
const FINAL = new Set(["kept", "order", "bad"]);

export class Sender {
  #retry = new Retry();
  #adding = Promise.resolve();
  #running = null;
  #isAgain = false;
  isStopped = true;
  isAway = false;

  // Calls sent(operation, reply), refused(operation, refusal), and changed(n) whenever the number kept may have changed.
  constructor(queue, api, { sent, refused, changed }) {
    Object.assign(this, { queue, api, sent, refused, changed });
  }

  // Store an operation; its sending takes its own time.
  add(operation) {
    this.#adding = this.queue.add(operation).then(() => {
      this.#tell();
      this.send();
    });
    return this.#adding;
  }

  // The number of operations that are not stored by the server yet.
  async kept() {
    await this.#adding;
    return this.queue.count();
  }

  // Resolves when nothing is left to send, or when sending was stopped.
  async drained() {
    await this.#adding;
    await this.send();
  }

  send() {
    this.#isAgain = true;
    this.#running ??= this.#run();
    return this.#running;
  }

  stop() {
    this.isStopped = true;
  }

  async #run() {
    try {
      while (this.#isAgain && !this.isStopped) {
        this.#isAgain = false;
        while (!this.isStopped) {
          const outcome = await inTurn(`send ${this.queue.session}`, () => this.#sendFirst());
          if (outcome === "empty") break;
          this.isAway = outcome === "away";
          await this.#tell();
          if (this.isAway) await this.#retry.pause();
          else this.#retry.worked();
        }
      }
    } finally {
      this.#running = null;
    }
  }

  async #sendFirst() {
    const operation = await this.queue.first();
    if (!operation) return "empty";
    try {
      const waited = Math.max(Date.now() - operation.givenAt, 0);
      const reply = await this.api.send(operation.asked, { ...operation.body, waited_ms: waited });
      await this.queue.remove(operation.id);
      this.sent(operation, reply);
      return "sent";
    } catch (error) {
      if (error instanceof Away) return "away";
      if (!(error instanceof Refusal)) throw error;
      if (FINAL.has(error.kind)) await this.queue.remove(operation.id);
      else this.stop();
      this.refused(operation, error);
      return "refused";
    }
  }

  async #tell() {
    this.changed(await this.queue.count());
  }
}
