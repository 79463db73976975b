// What was answered and is not yet stored by the server: kept in the browser's own database, in order, so that it
// survives a reload, a crash, and days without a network.

const NAME = "reading-room";
const VERSION = 1;

export function open() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, VERSION);
    opening.onupgradeneeded = () => {
      const operations = opening.result.createObjectStore("operations", { keyPath: "id", autoIncrement: true });
      operations.createIndex("session", "session");
      opening.result.createObjectStore("leases", { keyPath: "name" });
    };
    opening.onsuccess = () => {
      opening.result.onversionchange = () => opening.result.close();
      resolve(opening.result);
    };
    opening.onerror = opening.onblocked = () => reject(opening.error);
  });
}

// The result of one request, once its transaction is stored on the disk.
export function stored(transaction, request) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

export class AnswerQueue {
  #spare = null; // when the disk is full

  constructor(database, session) {
    Object.assign(this, { database, session });
  }

  // The queue of a session; a browser that keeps nothing gets one that lasts as long as its window.
  static async of(session) {
    try {
      const queue = new AnswerQueue(await open(), session);
      await queue.count();
      return queue;
    } catch (error) {
      console.warn(String(error));
      return new FleetingQueue(session);
    }
  }

  // `operation`: what is asked of the server, and the body that says it. What cannot be kept is at least sent.
  async add(operation) {
    const dated = { ...operation, session: this.session, givenAt: Date.now() };
    try {
      const [transaction, store] = this.#store("readwrite");
      return await stored(transaction, store.add(dated));
    } catch (error) {
      console.warn(String(error));
      this.#spare ??= new FleetingQueue(this.session);
      return this.#spare.add(dated);
    }
  }

  async first() {
    const [transaction, store] = this.#store("readonly");
    const found = await stored(transaction, store.index("session").getAll(this.session, 1));
    return found[0] ?? this.#spare?.first();
  }

  async remove(id) {
    if (this.#spare?.has(id)) return this.#spare.remove(id);
    const [transaction, store] = this.#store("readwrite");
    store.delete(id);
    return stored(transaction);
  }

  async count() {
    const [transaction, store] = this.#store("readonly");
    const n = await stored(transaction, store.index("session").count(this.session));
    return n + ((await this.#spare?.count()) ?? 0);
  }

  #store(mode) {
    const transaction = this.database.transaction("operations", mode, { durability: "strict" });
    return [transaction, transaction.objectStore("operations")];
  }
}

// The same, forgotten with the window; it asks before it is closed too early.
class FleetingQueue {
  #operations = [];
  #n = 0;

  constructor(session) {
    this.session = session;
    addEventListener("beforeunload", (event) => {
      if (this.#operations.length) event.preventDefault();
    });
  }

  async add(operation) {
    this.#n += 1;
    const id = `unkept ${this.#n}`;
    this.#operations.push({ givenAt: Date.now(), ...operation, id });
    return id;
  }

  has(id) {
    return this.#operations.some((operation) => operation.id === id);
  }

  async first() {
    return this.#operations[0];
  }

  async remove(id) {
    this.#operations = this.#operations.filter((operation) => operation.id !== id);
  }

  async count() {
    return this.#operations.length;
  }
}
