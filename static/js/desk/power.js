// Keeps "What can this study show?" up to date while a study is designed.
//
// <div data-power="address"> holds a link, which without JavaScript opens the same tables on a page of their own. Every
// input with data-quota="source" counts as panels of that source, one with data-margin as the margin of equivalence;
// inputs with data-assumption come with the first answer and stay, so that typing is never interrupted: later answers only
// replace data-power-answer.

import { letGo } from "../reading/screen.js";

const WAIT_MS = 250;
const PANELS = "panels_";

const place = document.querySelector("[data-power]");
if (place) follow(place);

function follow(place) {
  const part = place.querySelector("[data-power-part]");
  const link = place.querySelector("[data-power-link]");
  const lost = place.querySelector("[data-power-lost]");
  let timer = 0;
  let asked = null;

  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-quota], [data-margin], [data-assumption]")) return;
    clearTimeout(timer);
    timer = setTimeout(renew, WAIT_MS);
  });
  renew();

  async function renew() {
    const query = question(part);
    link.search = query;
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    answerOf(part)?.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${place.dataset.power}?${query}&part=1`, { signal, credentials: "same-origin" });
      if (answer.redirected || (!answer.ok && answer.status !== 422)) throw new Error(`status ${answer.status}`);
      const text = await answer.text();
      await letGo();
      if (signal.aborted) return;
      show(part, text);
      lost.hidden = true;
    } catch {
      if (signal.aborted) return; // a newer question is on its way
      answerOf(part)?.removeAttribute("aria-busy");
      lost.hidden = false;
    }
  }
}

function question(part) {
  const query = new URLSearchParams();
  for (const input of document.querySelectorAll("[data-quota]")) {
    const name = PANELS + input.dataset.quota;
    query.set(name, Number(query.get(name)) + Math.max(0, Math.trunc(Number(input.value)) || 0));
  }
  for (const input of part.querySelectorAll("[data-assumption]")) query.set(input.name, input.value);
  for (const input of document.querySelectorAll("[data-margin]")) query.set("margin", input.value);
  return query.toString();
}

function show(part, text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const answer = answerOf(part);
  if (answer) {
    const { scrollX, scrollY } = window;
    answer.replaceChildren(...answerOf(fresh).childNodes);
    answer.removeAttribute("aria-busy");
    window.scrollTo(scrollX, scrollY);
  } else {
    part.replaceChildren(...fresh.body.childNodes);
    part.hidden = false;
  }
}

function answerOf(root) {
  return root.querySelector("[data-power-answer]");
}
