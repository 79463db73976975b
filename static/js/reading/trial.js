// A trial: the panel in its viewer, the keyboard of the reading room, the response time, and protection against a
// double answer. Everything here is an addition: without it the same form works by its buttons, below a picture.

import { actionAfter, actionOf } from "./keys.js";
import { load } from "./patch.js";
import { Viewer } from "./viewer.js";

const form = document.getElementById("answers");
const panel = document.getElementById("panel");

document.documentElement.classList.add("has-keys"); // key caps are shown only where keys work

if (form && panel) watch();

async function watch() {
  const state = { paintedAt: null, isSent: false, isWalking: false };
  const confidence = [...form.querySelectorAll('input[name="confidence"]')];
  const buttons = [...form.querySelectorAll('button[name="answer"]')];
  const next = buttons.length === 0 ? form.querySelector("button") : null; // of the warm-up
  const help = document.getElementById("help");
  let viewer = null;

  form.addEventListener("submit", (event) => {
    const isAnswer = buttons.length === 0 || buttons.includes(event.submitter);
    if (state.isSent || !isAnswer) return event.preventDefault();
    if (form.elements.rt_ms && state.paintedAt !== null) {
      form.elements.rt_ms.value = Math.round(performance.now() - state.paintedAt);
    }
    if (form.elements.viewer && viewer) form.elements.viewer.value = JSON.stringify(viewer.log());
    viewer?.stop();
    state.isSent = true;
    form.classList.add("is-sent");
  });

  // Coming back through the browser's history shows the page as it was left: let it be used again.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  for (const button of buttons) {
    button.addEventListener("click", (event) => {
      if (!isSure()) {
        event.preventDefault();
        choose(button);
      }
    });
  }
  for (const level of confidence) {
    level.addEventListener("change", () => {
      const chosen = buttons.find((button) => button.getAttribute("aria-pressed") === "true");
      if (chosen && !state.isWalking) send(chosen);
    });
  }
  for (const button of document.querySelectorAll("[data-help]")) button.addEventListener("click", toggleHelp);
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", () => {
    state.isWalking = false;
  });
  document.addEventListener("keyup", (event) => {
    const action = actionAfter(event);
    if (action) viewer?.actions[action]();
  });

  try {
    viewer = await shown();
  } catch (error) {
    return fallBack(error);
  }
  await onScreen();
  panel.classList.add("is-painted");
  state.paintedAt = performance.now();

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?") return toggleHelp();
    if (help.open) return;
    state.isWalking = event.key.startsWith("Arrow") && confidence.includes(event.target); // not decided yet
    if (event.repeat && event.key === "Enter") return event.preventDefault(); // a key held down skips no panel
    if (event.key === "Enter" && confidence.includes(event.target)) {
      const chosen = buttons.find((button) => button.getAttribute("aria-pressed") === "true");
      event.preventDefault();
      if (chosen) send(chosen);
      return;
    }
    if (!event.repeat && answered(event.key.toLowerCase())) return;
    look(event);
  }

  function answered(key) {
    if (key === "p") {
      document.getElementById("pause").click();
      return true;
    }
    if (state.paintedAt === null) return false; // nobody answers a panel that is not on the screen yet
    const level = confidence.find((input) => input.value === key);
    if (level) pick(level);
    else if (key === form.dataset.realKey) press("real");
    else if (key === form.dataset.syntheticKey) press("fake");
    else return false;
    return true;
  }

  // Keys of the viewer, as far as the control that has the focus does not need them itself.
  function look(event) {
    const action = actionOf(event);
    const control = event.target.closest?.("button, a, input, summary");
    const isSpace = event.key === " ";
    if (isSpace && control && control !== next) {
      if (event.repeat) event.preventDefault();
      return;
    }
    if (state.isWalking && !event.shiftKey) return;
    if (isSpace || (action && event.key.startsWith("Arrow"))) event.preventDefault(); // no scrolling, no Next
    if (action) viewer?.actions[action]();
  }

  function toggleHelp() {
    if (help.open) return help.close();
    viewer?.count("n_helps");
    viewer?.stop();
    help.showModal();
  }

  function press(answer) {
    const button = buttons.find((candidate) => candidate.value === answer);
    if (isSure()) send(button);
    else choose(button);
  }

  function pick(level) {
    level.checked = true;
    level.dispatchEvent(new Event("change"));
  }

  function isSure() {
    return confidence.length === 0 || confidence.some((input) => input.checked);
  }

  // The answer comes first, how sure second: mark the answer and wait for a level.
  function choose(button) {
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    form.classList.add("waits-for-confidence");
  }

  function send(button) {
    if (!state.isSent) form.requestSubmit(button);
  }

  async function shown() {
    const root = document.getElementById("viewer");
    const created = new Viewer(root, document.getElementById("window"));
    created.show(await load(root.dataset.source));
    for (const hidden of document.querySelectorAll("[data-needs-viewer]")) hidden.hidden = false;
    return created;
  }

  // Without the viewer the panel is still a picture; without the picture the reader can ask for both again.
  async function fallBack(error) {
    console.warn(String(error));
    const template = document.createElement("template");
    template.innerHTML = document.getElementById("picture").textContent;
    panel.append(template.content);
    try {
      await panel.querySelector("img").decode();
    } catch {
      document.getElementById("broken").hidden = false;
      return;
    }
    await onScreen();
    panel.classList.add("is-painted");
    state.paintedAt = performance.now();
  }
}

// Two frames after drawing, the panel is on the screen.
async function onScreen() {
  await nextFrame();
  await nextFrame();
}

function nextFrame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}
