// The seat: of all windows in which a session is open, the one that reads now.

import { Away } from "./api.js";
import { Retry } from "./retry.js";

export class Seat {
  // Calls lost() when another window of this browser sits down; windows elsewhere are noticed by the server's answers.
  constructor(api, session, lost) {
    this.api = api;
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(`reading ${session}`) : null;
    this.channel?.addEventListener("message", lost);
  }

  async take() {
    await this.api.takeSeat();
    this.channel?.postMessage("taken");
  }
}

// Ask until an answer comes; calls waiting() when none came. A refusal is an answer.
export async function patiently(ask, waiting) {
  const retry = new Retry();
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Away)) throw error;
      waiting();
      await retry.pause();
    }
  }
}
