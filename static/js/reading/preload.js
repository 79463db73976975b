// Panels fetched ahead: one request at a time, in the order of the trials, each of the same size, kept decoded.

import { Away, request } from "./api.js";
import { decode } from "./patch.js";
import { Retry } from "./retry.js";

const ROOM = 32 * 2 ** 20; // bytes of panels that a browser keeps ahead
const LEAST = 2; // the current one and the next

// How many panels of so many bytes are kept.
export function nKept(nBytes) {
  return Math.max(LEAST, Math.floor(ROOM / nBytes));
}

export class Preload {
  #patches = new Map(); // token -> patch
  #wanted = [];
  #waiting = new Map(); // token -> { resolve, reject }
  #retry = new Retry();
  #isRunning = false;
  isAway = false;

  // `addressOf` a token; changed() when panels stop or begin to come.
  constructor(addressOf, frameSet, changed) {
    Object.assign(this, { addressOf, frameSet, changed });
  }

  // One try for one panel, whatever else is wanted.
  async load(token) {
    const response = await request(this.addressOf(token));
    if (!response.ok) throw new Error(`The panel was answered with status ${response.status}.`);
    let bytes;
    try {
      bytes = await response.arrayBuffer();
    } catch (error) {
      throw new Away(String(error)); // broken off on the way
    }
    this.#patches.set(token, decode(bytes, this.frameSet));
  }

  // Have these panels ready, the first first, and forget all others.
  want(all) {
    const tokens = all.slice(0, nKept(this.frameSet.nBytes));
    this.#wanted = tokens;
    for (const token of this.#patches.keys()) if (!tokens.includes(token)) this.#patches.delete(token);
    this.#run();
  }

  patch(token) {
    return this.#patches.get(token);
  }

  // Resolves when a wanted panel is here, however long the network is away; rejects when the server has none.
  arrival(token) {
    return new Promise((resolve, reject) => {
      this.#waiting.set(token, { resolve, reject });
      if (this.#patches.has(token)) this.#settle(token, "resolve");
      else this.#run();
    });
  }

  async #run() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    let token;
    while ((token = this.#wanted.find((one) => !this.#patches.has(one)))) {
      try {
        await this.load(token);
        this.#settle(token, "resolve");
        this.#told(false);
      } catch (error) {
        const isAway = error instanceof Away;
        this.#told(isAway);
        if (isAway) await this.#retry.pause();
        else {
          this.#wanted = this.#wanted.filter((one) => one !== token);
          this.#settle(token, "reject", error);
        }
      }
    }
    this.#isRunning = false;
  }

  #settle(token, how, value) {
    this.#waiting.get(token)?.[how](value);
    this.#waiting.delete(token);
  }

  #told(isAway) {
    if (!isAway) this.#retry.worked();
    if (this.isAway === isAway) return;
    this.isAway = isAway;
    this.changed();
  }
}
