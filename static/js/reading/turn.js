// One window at a time sends from the queue that all windows of a browser share.

import { open, stored } from "./answer_queue.js";

const LEASE_MS = 25_000; // longer than a request may take
const LOOK_MS = 300;

// Do something while no other window does it under the same name.
export async function inTurn(name, doIt) {
  if (navigator.locks) return navigator.locks.request(name, doIt);
  return underLease(name, doIt); // browsers have locks only for https and for this machine
}

async function underLease(name, doIt) {
  let database;
  try {
    database = await open();
  } catch {
    return doIt(); // nothing is shared where nothing is kept
  }
  const holder = Math.random().toString(36);
  try {
    while (!(await take(database, name, holder))) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    try {
      return await doIt();
    } finally {
      await giveBack(database, name, holder);
    }
  } finally {
    database.close();
  }
}

// Looking and taking are one transaction: two windows cannot both find it free.
async function take(database, name, holder) {
  const transaction = database.transaction("leases", "readwrite");
  const leases = transaction.objectStore("leases");
  const now = Date.now();
  let isMine = false;
  const looking = leases.get(name);
  looking.onsuccess = () => {
    isMine = !looking.result || looking.result.until < now;
    if (isMine) leases.put({ name, holder, until: now + LEASE_MS });
  };
  await stored(transaction);
  return isMine;
}

async function giveBack(database, name, holder) {
  const transaction = database.transaction("leases", "readwrite");
  const leases = transaction.objectStore("leases");
  const looking = leases.get(name);
  looking.onsuccess = () => {
    if (looking.result?.holder === holder) leases.delete(name);
  };
  await stored(transaction);
}
