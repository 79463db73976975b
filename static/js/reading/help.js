// The list of keys and gestures, over everything.

export class Help {
  // Calls opened() each time.
  constructor(dialog, opened) {
    Object.assign(this, { dialog, opened });
    for (const button of document.querySelectorAll("[data-help]")) {
      button.addEventListener("click", () => this.toggle());
    }
  }

  get isOpen() {
    return this.dialog.open;
  }

  toggle() {
    if (this.isOpen) return this.dialog.close();
    this.opened();
    this.dialog.showModal();
  }
}
