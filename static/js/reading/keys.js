// Which key does what with the panel: the habits of clinical viewers. Answers come first, see trial.js.

const KEYS = {
  " ": "reset",
  i: "invert",
  c: "cine",
  ",": "cine-back",
  ".": "cine-on",
  "[": "slower",
  "]": "faster",
  m: "magnify-on",
  z: "magnify-on",
  ArrowLeft: "narrower",
  ArrowRight: "wider",
  ArrowUp: "brighter",
  ArrowDown: "darker",
  Escape: "leave",
};

const SHIFTED = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const REPEATED = new Set(["narrower", "wider", "brighter", "darker", "left", "right", "up", "down", "cine-back", "cine-on"]);

// The action of a pressed key, or undefined.
export function actionOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const action = event.shiftKey && key in SHIFTED ? SHIFTED[key] : KEYS[key];
  return event.repeat && !REPEATED.has(action) ? undefined : action;
}

// The action of a released key, or undefined: magnifying lasts as long as its key is held.
export function actionAfter(event) {
  return KEYS[event.key.toLowerCase()] === "magnify-on" ? "magnify-off" : undefined;
}
