// What lies over the panel while there is nothing to look at: a break, time up, waiting, another window.

import { counted, fill, write } from "./words.js";

export class Cover {
  #before = null; // what had the focus
  name = null;

  // `beneath`: what cannot be used meanwhile. Calls act(name of the cover, name of the button).
  constructor(root, beneath, { act, say }) {
    Object.assign(this, { root, beneath, say });
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-act]");
      if (button) act(this.name, button.dataset.act);
    });
  }

  // `values` fill the sentences; `n` counts in them.
  show(name, values = {}) {
    const section = this.root.querySelector(`[data-cover="${name}"]`);
    for (const element of section.querySelectorAll("[data-sentence]")) {
      write(element, fill(element.dataset.sentence, values));
    }
    for (const element of section.querySelectorAll("[data-kept-other]")) {
      element.hidden = !values.n;
      write(element, counted(element, "kept", values.n ?? 0));
    }
    if (this.name === name) return;
    this.#before ??= this.name === null ? document.activeElement : null;
    this.name = name;
    for (const other of this.root.querySelectorAll("[data-cover]")) other.hidden = other !== section;
    this.root.hidden = false;
    for (const element of this.beneath) element.inert = true;
    document.body.classList.add("is-covered");
    (section.querySelector("[data-act]") ?? section).focus({ preventScroll: true });
    this.say(section.querySelector("h2").textContent);
  }

  hide() {
    if (this.name === null) return;
    this.name = null;
    this.root.hidden = true;
    for (const section of this.root.querySelectorAll("[data-cover]")) section.hidden = true;
    for (const element of this.beneath) element.inert = false;
    document.body.classList.remove("is-covered");
    if (this.#before?.isConnected) this.#before.focus({ preventScroll: true });
    this.#before = null;
  }
}
