// Where the room does not work out, the page stays a form below a picture, and each answer leads to the next page.

import { painted } from "./screen.js";

// What the keyboard and the controls need of a room; nothing when there is nothing to see.
export async function pageByPage(panel, { clock, controls }) {
  if (!(await picture(panel))) return null;
  clock.start(await painted());
  panel.classList.add("is-painted");
  const submit = (value, at) => {
    if (!page.isOpen) return;
    page.isOpen = false;
    const { seen, away, nAway } = clock.read(at);
    controls.submit(value, { rt_ms: Math.round(seen), hidden_ms: Math.round(away), n_hidden: nAway });
  };
  const page = { isOpen: true, isCovered: false, answer: submit, next: (at) => submit(null, at), helped: () => {} };
  return page;
}

// Without the picture the reader can ask for it again.
async function picture(panel) {
  const template = document.createElement("template");
  template.innerHTML = document.getElementById("picture").textContent;
  panel.append(template.content);
  try {
    await panel.querySelector("img").decode();
    return true;
  } catch {
    document.getElementById("broken").hidden = false;
    return false;
  }
}
