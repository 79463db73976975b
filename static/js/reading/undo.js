// The button that takes back the last answer, where the study allows it.

export class Undo {
  // `button` is missing where it is not allowed.
  constructor(button, undo) {
    this.button = button;
    button?.addEventListener("click", undo);
  }

  get isAllowed() {
    return Boolean(this.button);
  }

  // The trial that can be taken back, or null.
  offer(item) {
    if (this.button) this.button.disabled = !item;
  }
}
