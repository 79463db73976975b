// A few words beside an answer, if the reader wants to and the study allows it.

export class Comment {
  constructor(root) {
    this.root = root;
    this.button = root?.querySelector("button");
    this.field = root?.querySelector("textarea");
    if (!root) return;
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.write());
    this.field.addEventListener("blur", () => this.#fold());
    this.field.addEventListener("keydown", (event) => {
      const isDone = event.key === "Escape" || (event.key === "Enter" && !event.isComposing && !event.shiftKey);
      event.stopPropagation(); // nothing typed here is an answer
      if (!isDone) return;
      event.preventDefault();
      this.field.blur();
    });
    this.reset();
  }

  get isOffered() {
    return Boolean(this.root);
  }

  get text() {
    return this.field?.value.trim() ?? "";
  }

  write() {
    if (!this.root) return;
    this.root.classList.add("is-open");
    this.field.focus();
  }

  reset() {
    if (!this.root) return;
    this.field.value = "";
    this.#fold();
  }

  #fold() {
    this.root.classList.toggle("is-open", this.text !== "");
  }
}
