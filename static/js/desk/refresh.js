// Keeps parts of a page up to date while work is running.
//
// <section id="progress" data-refresh="3"> is fetched again from the page's own address every 3 seconds
// and replaced, until the server sends it without data-refresh. Without JavaScript, reload the page.

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

async function renew(id, seconds) {
  const element = document.getElementById(id);
  if (!element) return;
  // Do not pull a control from under somebody's hands, and leave a page in the background alone.
  if (document.hidden || element.contains(document.activeElement)) return wait(id, seconds);
  let text;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
    text = await answer.text();
  } catch {
    return wait(id, Math.min(seconds * 2, MAX_WAIT_SECONDS)); // the server may be restarting
  }
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById(id);
  if (!fresh) return;
  if (fresh.isEqualNode(element) === false) element.replaceWith(document.adoptNode(fresh));
  document.dispatchEvent(new CustomEvent("desk:renewed", { detail: { id } }));
  follow(id);
}

for (const element of document.querySelectorAll("[data-refresh][id]")) follow(element.id);
