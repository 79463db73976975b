// The time-intensity curve: the signal of 3 x 3 pixels around the cursor in the frames of the dynamic series.

const SVG = "http://www.w3.org/2000/svg";
const NICE = [1, 2, 2.5, 5, 10];
const NARROW = 220; // CSS pixels: below that fewer times have a label
const LABELS = { narrow: 3, wide: 6 }; // at most

// Mean of the 3 x 3 pixels around a pixel, fewer at the border of the patch.
export function meanAround(frame, { width, height }, column, row) {
  let sum = 0;
  let n = 0;
  for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, height - 1); y++) {
    for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, width - 1); x++) {
      sum += frame[y * width + x];
      n += 1;
    }
  }
  return sum / n;
}

export function signalAt(patch, frameSet, column, row) {
  return frameSet.dynamic.map((name) => meanAround(patch[name], frameSet, column, row));
}

// Round numbers from 0 up to a value or just above it, at most n steps.
export function ticks(largest, n = 5) {
  const rough = Math.max(largest, 1) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = NICE.map((factor) => factor * power).find((candidate) => candidate >= rough);
  return Array.from({ length: Math.ceil(Math.max(largest, 1) / step) + 1 }, (_, i) => i * step);
}

// Round numbers around all signals of the series, from 0 where none is below it.
function levelsOf(patch, dynamic, n) {
  let least = 0;
  let most = 0;
  for (const name of dynamic) {
    for (const value of patch[name]) {
      if (value > most) most = value;
      if (value < least) least = value;
    }
  }
  const upwards = ticks(most - least, n);
  const first = Math.floor(least / upwards[1]);
  const nSteps = Math.ceil(most / upwards[1]) - first;
  return least < 0 ? Array.from({ length: nSteps + 1 }, (_, i) => (first + i) * upwards[1]) : upwards;
}

export class Curve {
  constructor(svg, { dynamic, seconds }) {
    Object.assign(this, { svg, dynamic });
    this.times = seconds.length ? seconds : dynamic.map((_, i) => i + 1); // without times, frames are counted
    this.unit = seconds.length ? " s" : "";
    this.hint = svg.getAttribute("aria-label");
  }

  // Axes for one panel: they stay as they are while the cursor moves.
  frame(patch, width, height) {
    const isNarrow = width < NARROW;
    const levels = levelsOf(patch, this.dynamic, isNarrow ? 3 : 5);
    const [start, end] = [this.times[0], this.times.at(-1)];
    const box = { left: isNarrow ? 34 : 48, right: width - (isNarrow ? 12 : 28), top: 16, bottom: height - (isNarrow ? 22 : 34) };
    this.x = (seconds) => box.left + 6 + ((seconds - start) / (end - start)) * (box.right - box.left - 12);
    const range = levels.at(-1) - levels[0];
    this.y = (signal) => box.bottom - ((signal - levels[0]) / range) * (box.bottom - box.top);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren();
    for (const level of levels) {
      this.#add("line", { class: "curve__grid", x1: box.left, x2: box.right, y1: this.y(level), y2: this.y(level) });
      this.#add("text", { class: "curve__label curve__label--signal", x: box.left - 6, y: this.y(level) }, level);
    }
    const last = this.times.length - 1;
    const every = Math.ceil(this.times.length / (isNarrow ? LABELS.narrow : LABELS.wide));
    this.times.forEach((seconds, i) => {
      const isLast = i === last;
      if (!isLast && (i % every || last - i < every)) return;
      const kind = isLast && isNarrow ? "curve__label--last" : "curve__label--time";
      const place = { x: isLast && isNarrow ? width - 4 : this.x(seconds), y: box.bottom + 8 };
      this.#add("text", { class: `curve__label ${kind}`, ...place }, isLast ? `${seconds}${this.unit}` : seconds);
    });
    this.line = this.#add("polyline", { class: "curve__line", points: "" });
    this.dots = this.times.map(() => this.#add("circle", { class: "curve__dot", r: 3 }));
    this.clear();
  }

  show(signal) {
    const points = signal.map((value, i) => [this.x(this.times[i]), this.y(value)]);
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
