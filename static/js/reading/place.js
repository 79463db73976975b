// The frames in the window: their size, and their place on the screen's own pixels.

import { fit } from "./layout.js";

const NARROW = 480; // CSS pixels: below that the frames use the whole width
const BESIDE = [".bar", ".tools", "#answers", "#countdown"]; // what shares the height of the window with the frames

// Give the frames below `root` as much room as there is; what was found, see layout.js, with the curve's width.
export function place(root, grid, frameSet) {
  const page = document.documentElement;
  const isNarrow = page.clientWidth < NARROW;
  const rem = parseFloat(getComputedStyle(page).fontSize);
  const gap = isNarrow ? 2 : 8;
  const caption = Math.ceil((isNarrow ? 1.25 : 1.75) * rem);
  const beside = BESIDE.reduce((sum, selector) => sum + (document.querySelector(selector)?.offsetHeight ?? 0), 0);
  const placed = fit(root.dataset.layout, frameSet, {
    width: page.clientWidth - (isNarrow ? 0 : 2 * rem),
    height: innerHeight - beside - rem,
    gap,
    caption,
    ratio: devicePixelRatio,
  });
  const { rows, nColumns, across, down, width } = placed;
  grid.style.gridTemplateColumns = `repeat(${nColumns}, ${across}px)`;
  for (const figure of grid.children) figure.style.gridArea = area(rows, figure.dataset.frame);
  root.classList.toggle("is-shrunk", placed.zoom < 1);
  const lengths = { across, down, gap, caption, width };
  for (const [name, length] of Object.entries(lengths)) root.style.setProperty(`--${name}`, `${length}px`);
  document.body.style.setProperty("--room-width", `${Math.max(width, 1312)}px`);
  const nCurve = rows.flat().filter((name) => name === "curve").length;
  return { ...placed, curveWidth: nCurve * across + (nCurve - 1) * gap };
}

// The lines of the grid around all places of one name.
function area(rows, name) {
  const row = rows.findIndex((names) => names.includes(name));
  const column = rows[row].indexOf(name);
  return `${row + 1} / ${column + 1} / ${row + 2} / ${rows[row].lastIndexOf(name) + 2}`;
}

// Centred frames may begin between two pixels of the screen, which would blur them.
export function lieOnPixels(root, grid) {
  root.style.translate = "none";
  const { left, top } = grid.getBoundingClientRect();
  const short = (length) => (Math.round(length * devicePixelRatio) - length * devicePixelRatio) / devicePixelRatio;
  root.style.translate = `${short(left + scrollX)}px ${short(top + scrollY)}px`;
}
