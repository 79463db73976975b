// The time-intensity curve: the signal of 3 x 3 pixels around the cursor in the five dynamic frames.

import { DYNAMIC, SIDE } from "./patch.js";

export const SECONDS = [0, 70, 140, 210, 280];

const SVG = "http://www.w3.org/2000/svg";
const NICE = [1, 2, 2.5, 5, 10];
const NARROW = 220; // CSS pixels: below that every second time has no label

// Mean of the 3 x 3 pixels around a pixel, fewer at the border of the patch.
export function meanAround(frame, column, row) {
  let sum = 0;
  let n = 0;
  for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, SIDE - 1); y++) {
    for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, SIDE - 1); x++) {
      sum += frame[y * SIDE + x];
      n += 1;
    }
  }
  return sum / n;
}

export function signalAt(patch, column, row) {
  return DYNAMIC.map((name) => meanAround(patch[name], column, row));
}

// Round numbers from 0 up to a value or just above it, at most n steps.
export function ticks(largest, n = 5) {
  const rough = Math.max(largest, 1) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = NICE.map((factor) => factor * power).find((candidate) => candidate >= rough);
  return Array.from({ length: Math.ceil(Math.max(largest, 1) / step) + 1 }, (_, i) => i * step);
}

function brightest(patch) {
  let most = 0;
  for (const name of DYNAMIC) {
    for (const value of patch[name]) if (value > most) most = value;
  }
  return most;
}

export class Curve {
  constructor(svg) {
    this.svg = svg;
    this.hint = svg.getAttribute("aria-label");
  }

  // Axes for one panel: they stay as they are while the cursor moves.
  frame(patch, width, height) {
    const isNarrow = width < NARROW;
    const levels = ticks(brightest(patch), isNarrow ? 3 : 5);
    const box = { left: isNarrow ? 34 : 48, right: width - (isNarrow ? 12 : 28), top: 16, bottom: height - (isNarrow ? 22 : 34) };
    this.x = (seconds) => box.left + 6 + (seconds / SECONDS.at(-1)) * (box.right - box.left - 12);
    this.y = (signal) => box.bottom - (signal / levels.at(-1)) * (box.bottom - box.top);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren();
    for (const level of levels) {
      this.#add("line", { class: "curve__grid", x1: box.left, x2: box.right, y1: this.y(level), y2: this.y(level) });
      this.#add("text", { class: "curve__label curve__label--signal", x: box.left - 6, y: this.y(level) }, level);
    }
    SECONDS.forEach((seconds, i) => {
      if (isNarrow && i % 2) return;
      const isLast = i === SECONDS.length - 1;
      const kind = isLast && isNarrow ? "curve__label--last" : "curve__label--time";
      const place = { x: isLast && isNarrow ? width - 4 : this.x(seconds), y: box.bottom + 8 };
      this.#add("text", { class: `curve__label ${kind}`, ...place }, isLast ? `${seconds} s` : seconds);
    });
    this.line = this.#add("polyline", { class: "curve__line", points: "" });
    this.dots = SECONDS.map(() => this.#add("circle", { class: "curve__dot", r: 3 }));
    this.clear();
  }

  show(signal) {
    const points = signal.map((value, i) => [this.x(SECONDS[i]), this.y(value)]);
    this.line.setAttribute("points", points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
    this.dots.forEach((dot, i) => {
      dot.setAttribute("cx", points[i][0].toFixed(1));
      dot.setAttribute("cy", points[i][1].toFixed(1));
    });
    this.svg.classList.remove("is-empty");
    this.svg.setAttribute("aria-label", `${this.hint}: ${signal.map(Math.round).join(", ")}`);
  }

  clear() {
    this.svg.classList.add("is-empty");
    this.svg.setAttribute("aria-label", this.hint);
  }

  // Fill the dot of the frame that the cine shows.
  mark(number) {
    this.dots.forEach((dot, i) => dot.classList.toggle("is-shown", i === number));
  }

  #add(tag, attributes, text) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    this.svg.append(element);
    return element;
  }
}
