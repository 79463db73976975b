// The practice of the controls: the real viewer on a test pattern, and a list that ticks what was tried.

import { Help } from "../help.js";
import { actionAfter, actionOf } from "../keys.js";
import { load } from "../patch.js";
import { letGo } from "../screen.js";
import { Viewer } from "../viewer.js";

const section = document.getElementById("practice");
const panel = document.getElementById("practice-panel");
const tried = new Set();

// What of the viewer's log says that a control was used.
const SIGNS = {
  window: ["n_window_changes"],
  reset: ["n_resets"],
  invert: ["n_inversions"],
  crosshair: ["n_cursor_pixels"],
  magnify: ["n_magnifications"],
  cine: ["n_cine_plays", "n_cine_steps"],
};

document.documentElement.classList.add("has-keys");
practise();

async function practise() {
  const root = document.getElementById("viewer");
  const viewer = new Viewer(root, document.getElementById("window"));
  let patch;
  try {
    patch = await load(root.dataset.source, viewer.frameSet);
  } catch (error) {
    console.warn(String(error));
    document.getElementById("broken").hidden = false;
    return;
  }
  await letGo();
  for (const hidden of document.querySelectorAll("[data-needs-viewer]")) hidden.hidden = false;
  viewer.show(patch);
  document.getElementById("panel").classList.add("is-painted");

  for (const name of ["click", "pointermove", "pointerup", "keydown"]) section.addEventListener(name, () => look(viewer));
  for (const button of section.querySelectorAll("[data-answer]")) button.addEventListener("click", () => answer(button));
  const help = new Help(document.getElementById("help"), () => viewer.stop());
  document.addEventListener("keydown", (event) => onKey(event, { viewer, help }));
  document.addEventListener("keyup", (event) => {
    const action = actionAfter(event);
    if (action) viewer.actions[action]();
  });
}

function onKey(event, { viewer, help }) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?") return help.toggle();
  if (help.isOpen || !isInSight()) return;
  if (!event.repeat && answered(event.key.toLowerCase())) return;
  const action = actionOf(event);
  if (!action || !isForPanel(event)) return;
  if (event.key === " " || event.key.startsWith("Arrow")) event.preventDefault(); // no scrolling while practising
  viewer.actions[action]();
  look(viewer);
}

// Arrows and space scroll the page and press its buttons; they are the panel's only while it has the focus.
function isForPanel({ key, target, shiftKey }) {
  if (key !== " " && !key.startsWith("Arrow")) return true;
  if (!panel.contains(target)) return false;
  if (target.matches("input")) return key !== " " && shiftKey;
  return !(key === " " && target.matches("button, a"));
}

// Keys pressed while the text is read do nothing that cannot be seen.
function isInSight() {
  const { top, bottom } = panel.getBoundingClientRect();
  const shown = Math.min(bottom, innerHeight) - Math.max(top, 0);
  return shown > 0.3 * Math.min(innerHeight, bottom - top);
}

function answered(key) {
  const { realKey, syntheticKey } = section.dataset;
  const level = section.querySelector(`input[name="confidence"][value="${CSS.escape(key)}"]`);
  if (level) level.checked = true;
  else if (key === realKey) answer(section.querySelector('[data-answer="real"]'));
  else if (key === syntheticKey) answer(section.querySelector('[data-answer="fake"]'));
  else return false;
  return true;
}

function answer(chosen) {
  for (const button of section.querySelectorAll("[data-answer]")) {
    button.setAttribute("aria-pressed", String(button === chosen));
  }
  tick("answer");
}

function look(viewer) {
  const log = viewer.log();
  for (const [name, signs] of Object.entries(SIGNS)) if (signs.some((sign) => log[sign] > 0)) tick(name);
}

function tick(name) {
  if (tried.has(name)) return;
  tried.add(name);
  const line = section.querySelector(`[data-try="${name}"]`);
  line.classList.add("is-tried");
  line.prepend(document.getElementById("tried").content.cloneNode(true));
  document.querySelector("[data-n-tried]").textContent = tried.size;
}
