// The controls below a panel: the two answers, how sure, and Next where the origin is told.

import { write } from "./words.js";

const DOUBLE_MS = 400; // between the two clicks of a double click

export class Controls {
  #isNative = false;
  isWalking = false; // through the levels with the arrow keys: not decided yet

  // Calls answer(value, at) and next(at), with the moment of the key or click.
  constructor(form, { answer, next }) {
    Object.assign(this, { form, answer, next });
    this.buttons = [...form.querySelectorAll('button[name="answer"]')];
    this.levels = [...form.querySelectorAll('input[name="confidence"]')];
    this.nextButton = form.querySelector("[data-next]");
    this.asking = form.querySelectorAll("[data-ask]");
    this.telling = form.querySelectorAll("[data-tell]");
    this.notice = form.querySelector("#notice");
    this.#listen();
  }

  get isTelling() {
    return Boolean(this.telling[0] && !this.telling[0].hidden);
  }

  get confidence() {
    const chosen = this.levels.find((level) => level.checked);
    return chosen ? Number(chosen.value) : null;
  }

  // Nothing chosen.
  clear() {
    for (const level of this.levels) level.checked = false;
    for (const button of this.buttons) button.removeAttribute("aria-pressed");
    this.form.classList.remove("waits-for-confidence", "is-sent");
  }

  // Begin with a new panel: { origin } if it is told at once, with { answer } if it was asked before.
  reset({ origin, answer }) {
    this.clear();
    if (origin) this.tell(origin, answer);
    else this.#turn(false);
  }

  // `answer`: what was said of it, where it was asked.
  tell({ is_real: isReal, title }, answer) {
    for (const sentence of this.form.querySelectorAll("[data-origin]")) {
      sentence.hidden = (sentence.dataset.origin === "real") !== isReal;
    }
    for (const sentence of this.form.querySelectorAll("[data-said]")) sentence.hidden = sentence.dataset.said !== answer;
    write(this.form.querySelector("[data-origin-title]"), title);
    const isLost = this.form.contains(document.activeElement) || document.activeElement === document.body;
    this.#turn(true);
    if (isLost) this.nextButton.focus({ preventScroll: true });
  }

  // Quietly closed until the panel was looked at for long enough.
  hold(isHeld) {
    for (const button of [...this.buttons, this.nextButton]) {
      if (isHeld) button?.setAttribute("aria-disabled", "true");
      else button?.removeAttribute("aria-disabled");
    }
    this.form.classList.toggle("is-held", isHeld);
  }

  // An answer that is on its way and whose origin comes back.
  wait() {
    this.form.classList.add("is-sent");
  }

  say(sentence) {
    this.notice.hidden = !sentence;
    write(this.notice, sentence ?? "");
  }

  press(value, at) {
    const button = this.buttons.find((candidate) => candidate.value === value);
    if (this.#isSure) this.answer(value, at);
    else this.#choose(button);
  }

  pick(level, at) {
    const input = this.levels.find((candidate) => candidate.value === level);
    if (!input) return false;
    input.checked = true;
    this.#decide(at);
    return true;
  }

  // Enter on a level: decided.
  decide(at) {
    this.isWalking = false;
    this.#decide(at);
  }

  // Send the form as it stands, where no other way is open.
  submit(value, fields) {
    for (const [name, content] of Object.entries(fields)) {
      if (this.form.elements[name]) this.form.elements[name].value = content;
    }
    this.#isNative = true;
    this.form.requestSubmit(this.buttons.find((button) => button.value === value) ?? this.nextButton);
  }

  #listen() {
    this.form.addEventListener("submit", (event) => {
      if (!this.#isNative) event.preventDefault();
      this.#isNative = false;
    });
    let last = -Infinity;
    // The second click of a double click answers no second panel.
    const once = ({ detail, timeStamp }) => {
      const isSecond = detail > 1 && timeStamp - last < DOUBLE_MS;
      last = timeStamp;
      return !isSecond;
    };
    for (const button of this.buttons) {
      button.addEventListener("click", (event) => {
        if (this.#isNative) return;
        event.preventDefault();
        if (once(event)) this.press(button.value, event.timeStamp);
      });
    }
    this.nextButton?.addEventListener("click", (event) => {
      if (this.#isNative) return;
      event.preventDefault();
      if (once(event)) this.next(event.timeStamp);
    });
    for (const level of this.levels) {
      level.addEventListener("change", (event) => {
        if (!this.isWalking) this.#decide(event.timeStamp);
      });
    }
  }

  get #isSure() {
    return this.levels.length === 0 || this.confidence !== null;
  }

  // The answer comes first, how sure second: mark the answer and wait for a level.
  #choose(button) {
    for (const other of this.buttons) other.setAttribute("aria-pressed", String(other === button));
    this.form.classList.add("waits-for-confidence");
  }

  #decide(at) {
    const chosen = this.buttons.find((button) => button.getAttribute("aria-pressed") === "true");
    if (chosen) this.answer(chosen.value, at);
  }

  #turn(isTelling) {
    if (this.asking[0] && isTelling && !this.isTelling) {
      this.form.style.minHeight = `${this.form.offsetHeight}px`; // the panel above does not move
    } else if (!isTelling) this.form.style.minHeight = "";
    for (const element of this.asking) element.hidden = isTelling;
    for (const element of this.telling) element.hidden = !isTelling;
    this.form.classList.toggle("is-telling", isTelling);
  }
}
