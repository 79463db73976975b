// The keyboard of the reading room: answers come first, then its own keys, then those of the viewer (keys.js).

import { actionAfter, actionOf } from "./keys.js";

// `room()` is what takes answers at the moment, if anything; the others do what they are called.
export function listen({ controls, comment, help, pause, room }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?") return help.toggle();
    if (help.isOpen) return;
    if (event.repeat && event.key === "Enter") return event.preventDefault(); // a key held down skips no panel
    if (event.key.toLowerCase() === "p" && !event.repeat) return pause();
    if (room()?.isCovered) return;
    controls.isWalking = event.key.startsWith("Arrow") && controls.levels.includes(event.target);
    if (event.key === "Enter" && controls.levels.includes(event.target)) {
      event.preventDefault();
      return controls.decide(event.timeStamp);
    }
    if (!event.repeat && isTaken(event)) return;
    look(event);
  });

  document.addEventListener("keyup", (event) => {
    const action = actionAfter(event);
    if (action) room()?.viewer?.actions[action]();
  });

  document.addEventListener("pointerdown", () => {
    controls.isWalking = false;
  });

  function isTaken(event) {
    const key = event.key.toLowerCase();
    const isOpen = room()?.isOpen && !controls.isTelling;
    const { realKey, syntheticKey } = controls.form.dataset;
    if (key === realKey || key === syntheticKey) {
      if (isOpen) controls.press(key === realKey ? "real" : "fake", event.timeStamp);
    } else if (key === "u") room()?.undo?.();
    else if (key === "t" && comment.isOffered) {
      event.preventDefault(); // it would be the first letter
      comment.write();
    } else return isOpen && controls.pick(key, event.timeStamp);
    return true;
  }

  // Keys of the viewer, as far as the control that has the focus does not need them itself.
  function look(event) {
    const action = actionOf(event);
    const control = event.target.closest?.("button, a, input, textarea, summary");
    const isSpace = event.key === " ";
    if (isSpace && control && control !== controls.nextButton) {
      if (event.repeat) event.preventDefault();
      return;
    }
    if (controls.isWalking && !event.shiftKey) return;
    if (isSpace || (action && event.key.startsWith("Arrow"))) event.preventDefault(); // no scrolling, no Next
    if (action) room()?.viewer?.actions[action]();
  }
}
