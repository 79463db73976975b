// Where the frames lie, and how large: as large as the window allows, each pixel of the patch a whole number of
// screen pixels (multiples of 64 CSS pixels where one CSS pixel is a whole number of screen pixels). Only frames that
// are larger than the paper's may be shown smaller than they are.

// Rows of places in the layouts of the paper; the first arrangement is preferred where several allow the same size.
const PAPER = {
  "seven-frames": [
    ["T1_pre T1_post1 T1_post2 T1_post3 T1_post4", "T2 Sub curve curve cine"],
    ["T1_pre T1_post1 T1_post2", "T1_post3 T1_post4 Sub", "T2 cine curve"],
  ],
  "figure-4": [
    ["T1_pre T1_post1 T1_post2 T1_post3 T1_post4 T2", "cine Sub Sub2 Sub3 Sub4 curve"],
    ["T1_pre T1_post1 T1_post2", "T1_post3 T1_post4 T2", "Sub Sub2 Sub3", "Sub4 cine curve"],
  ],
};

const SMALLEST = 128; // CSS pixels of a frame's width, as far as the window's allows: then the page scrolls

// The rows of places of a layout that the window may have, each as a list of names.
export function arrangementsOf(layout, frameSet) {
  return PAPER[layout]?.map((rows) => rows.map((row) => row.split(" "))) ?? frameSet.arrangements;
}

// The arrangement with the largest frames within a width and height in CSS pixels.
export function fit(layout, frameSet, { width, height, gap, caption, ratio }) {
  const sized = frameSet.isLarge ? shrunk : (value) => Math.max(1, whole(value));
  const fitted = arrangementsOf(layout, frameSet).map((rows) => {
    const nColumns = rows[0].length;
    const across = ((width - (nColumns - 1) * gap) / nColumns) * (ratio / frameSet.width);
    const down = (height / rows.length - caption) * (ratio / frameSet.height);
    const least = Math.min(across, (SMALLEST / frameSet.width) * ratio);
    const zoom = sized(Math.max(least, Math.min(across, down)));
    const rank = zoom > across + 1e-6 ? 0 : zoom; // what is wider than the window comes last
    const size = { across: (zoom * frameSet.width) / ratio, down: (zoom * frameSet.height) / ratio };
    return { rows, nColumns, zoom, rank, ...size, width: nColumns * size.across + (nColumns - 1) * gap };
  });
  return fitted.reduce((best, other) => (other.rank > best.rank ? other : best));
}

// A whole number where it is more than 1; below that the browser makes the frames smaller.
function shrunk(value) {
  return value >= 1 ? whole(value) : value;
}

// Rounded down, but not for an error of the last digit.
function whole(value) {
  return Math.floor(value + 1e-6);
}
