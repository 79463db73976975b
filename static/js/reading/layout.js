// Where the frames lie, and how large: as large as the window allows, each pixel of the patch a whole number of
// screen pixels (multiples of 64 CSS pixels where one CSS pixel is a whole number of screen pixels).

import { SIDE } from "./patch.js";

// Rows of places; the first arrangement of a layout is preferred where several allow the same size.
export const ARRANGEMENTS = {
  "seven-frames": [
    ["T1_pre T1_post1 T1_post2 T1_post3 T1_post4", "T2 Sub curve curve cine"],
    ["T1_pre T1_post1 T1_post2", "T1_post3 T1_post4 Sub", "T2 cine curve"],
  ],
  "figure-4": [
    ["T1_pre T1_post1 T1_post2 T1_post3 T1_post4 T2", "cine Sub Sub2 Sub3 Sub4 curve"],
    ["T1_pre T1_post1 T1_post2", "T1_post3 T1_post4 T2", "Sub Sub2 Sub3", "Sub4 cine curve"],
  ],
};

const SMALLEST = 2; // CSS pixels per pixel of the patch, as far as the width allows: then the page scrolls

// The arrangement with the largest frames within a width and height in CSS pixels.
export function fit(layout, { width, height, gap, caption, ratio }) {
  const fitted = ARRANGEMENTS[layout].map((rows) => {
    const nColumns = rows[0].split(" ").length;
    const byWidth = whole(((width - (nColumns - 1) * gap) / nColumns) * (ratio / SIDE));
    const byHeight = whole((height / rows.length - caption) * (ratio / SIDE));
    const least = Math.min(byWidth, whole(SMALLEST * ratio));
    const zoom = Math.max(1, least, Math.min(byWidth, byHeight));
    const side = (zoom * SIDE) / ratio;
    const rank = byWidth < 1 ? 0 : zoom; // what is wider than the window comes last
    return { rows, nColumns, zoom, rank, side, pixels: zoom * SIDE, width: nColumns * side + (nColumns - 1) * gap };
  });
  return fitted.reduce((best, other) => (other.rank > best.rank ? other : best));
}

// Rounded down, but not for an error of the last digit.
function whole(value) {
  return Math.floor(value + 1e-6);
}
