// The server's side of a reading session: what may be asked, and the two ways in which it may not work out.

const PATIENCE_MS = 20_000; // for one request

// Nobody answered, or nobody could: ask again later.
export class Away extends Error {}

// The server said no, and will say so again.
// `kind` is what it calls the reason: moved, kept, order, closed, bad; or gone and stale for a page that must be loaded again.
export class Refusal extends Error {
  constructor(kind, { sentence = "", ...rest } = {}) {
    super(sentence || kind);
    Object.assign(this, { kind, sentence, rest });
  }
}

export class Api {
  #seat = "";

  // `address` of the session, ending in a slash.
  constructor(address, csrf) {
    Object.assign(this, { address, csrf });
  }

  // Sit down here: whatever another window sends from now on is refused.
  async takeSeat() {
    ({ seat: this.#seat } = await this.#ask("seat/", {}));
  }

  window() {
    return this.#ask(`trials/?seat=${this.#seat}`);
  }

  // Operations: "answers", "seen", "undo".
  send(operation, body) {
    return this.#ask(`${operation}/`, { ...body, seat: this.#seat });
  }

  async #ask(path, body) {
    const headers = { Accept: "application/json" };
    if (body) Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": this.csrf });
    return answerOf(
      await request(this.address + path, {
        method: body ? "POST" : "GET",
        headers,
        body: body && JSON.stringify(body),
      }),
    );
  }
}

// A request whose failing to arrive is told from its being answered with no.
export async function request(address, options = {}) {
  let response;
  try {
    response = await fetch(address, {
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout?.(PATIENCE_MS),
      ...options,
    });
  } catch (error) {
    throw new Away(String(error));
  }
  if (response.status >= 500 || response.status === 408 || response.status === 429) {
    throw new Away(`The server answered with status ${response.status}.`);
  }
  return response;
}

async function answerOf(response) {
  let body;
  try {
    body = await response.json();
  } catch {
    if (response.ok) throw new Away("The answer broke off.");
    throw new Refusal(response.status === 404 ? "gone" : "stale");
  }
  if (response.ok) return body;
  throw new Refusal(body.kind ?? (response.status === 404 ? "gone" : "stale"), body);
}
