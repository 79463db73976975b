// The preview of a trial: the reader's viewer and keys on a warm-up panel; an answer only leads to the next panel.

import { Help } from "../reading/help.js";
import { actionAfter, actionOf } from "../reading/keys.js";
import { load } from "../reading/patch.js";
import { letGo } from "../reading/screen.js";
import { Viewer } from "../reading/viewer.js";

document.documentElement.classList.add("has-keys");
show();

async function show() {
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
  if (help.isOpen) return;
  if (event.key === "Escape") return document.querySelector(".bar__pause").click();
  if (!event.repeat && answered(event.key.toLowerCase())) return;
  const action = actionOf(event);
  if (!action || (event.key === " " && event.target.matches("button, a, input"))) return;
  if (event.key === " " || event.key.startsWith("Arrow")) event.preventDefault();
  viewer.actions[action]();
}

function answered(key) {
  const { realKey, syntheticKey } = document.getElementById("main").dataset;
  const level = document.querySelector(`input[name="confidence"][value="${CSS.escape(key)}"]`);
  if (level) level.checked = true;
  else if (key === realKey) document.querySelector(".answer--real").click();
  else if (key === syntheticKey) document.querySelector(".answer--synthetic").click();
  else return false;
  return true;
}
