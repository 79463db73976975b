// Keeps parts of a page up to date while work is running.
//
// <section id="progress" data-refresh="3"> is fetched again from the page's own address every 3 seconds
// and replaced, and the head of the page with it, until the server sends it without data-refresh. Without JavaScript, reload the page.

const MAX_WAIT_SECONDS = 60;

function follow(id) {
  const element = document.getElementById(id);
  if (!element || !element.dataset.refresh) return;
  const every = Math.max(1, Number(element.dataset.refresh) || 5);
  wait(id, every);
}

function wait(id, seconds) {
  setTimeout(() => renew(id, seconds), seconds * 1000);
}

// A control is not pulled from under somebody's hands, nor moved while it is pressed.
function isInUse(element) {
  return element.contains(document.activeElement) || document.querySelector("a:active, button:active") !== null;
}

async function renew(id, seconds) {
  const element = document.getElementById(id);
  if (!element) return;
  if (document.hidden || isInUse(element)) return wait(id, seconds); // a page in the background is left alone
  let text;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
    text = await answer.text();
  } catch {
    return wait(id, Math.min(seconds * 2, MAX_WAIT_SECONDS)); // the server may be restarting
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = page.getElementById(id);
  if (!fresh) return;
  if (isInUse(element)) return wait(id, seconds); // since it was asked for
  if (fresh.isEqualNode(element) === false) element.replaceWith(document.adoptNode(fresh));
  renewHead(page);
  document.dispatchEvent(new CustomEvent("desk:renewed", { detail: { id } }));
  follow(id);
}

// The head of the page says how far the work is, and offers what comes after it.
function renewHead(page) {
  const head = document.querySelector(".page-head");
  const fresh = page.querySelector(".page-head");
  if (!head || !fresh || head.contains(document.activeElement) || fresh.isEqualNode(head)) return;
  head.replaceWith(document.adoptNode(fresh));
}

for (const element of document.querySelectorAll("[data-refresh][id]")) follow(element.id);
