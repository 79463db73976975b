// Window and level: which signal is black and which is white, by the same rule as the server's picture of a panel.

const BRIGHT_QUANTILE = 0.995; // of all frames of a window together is white at the start
const DIMMEST_WHITE = 96; // of 1023: a panel of air is not stretched into a picture of noise
const FULL = 1023; // the highest value of the frames that this number was chosen for
const SUBTRACTION_SHARE = 0.5; // white of a subtraction, as a share of the white of what it is taken from
const LOWEST = -32768; // of a 16-bit integer

const START = { width: 1, level: 0.5 }; // in units of each frame's range: from black to white
const WIDTHS = [0.02, 8];
const LEVELS = [-2, 4];

// Quantile of 16-bit integers with linear interpolation between the two nearest values, as numpy has it.
export function quantile(values, share) {
  return quantileOf([values], share);
}

// The signals that are black and white at the start: { low, high } of each frame by its name.
export function ranges(patch, frameSet) {
  const found = {};
  for (const window of frameSet.windows) {
    const frames = window.frames.map((name) => patch[name]);
    const low = window.low < 0 ? quantileOf(frames, 1 - BRIGHT_QUANTILE) : 0;
    const least = DIMMEST_WHITE * (window.high / FULL);
    const high = Math.max(quantileOf(frames, BRIGHT_QUANTILE), low + least);
    for (const name of window.frames) found[name] = { low, high };
    for (const name of window.followers) found[name] = { low: 0, high: SUBTRACTION_SHARE * (high - low) };
  }
  return found;
}

// By counting, which takes as long for one panel as for another.
function quantileOf(frames, share) {
  const counts = new Uint32Array(2 * -LOWEST);
  let n = 0;
  for (const frame of frames) {
    for (let i = 0; i < frame.length; i++) counts[frame[i] - LOWEST] += 1;
    n += frame.length;
  }
  const place = share * (n - 1);
  const below = valueAt(counts, Math.floor(place));
  const above = valueAt(counts, Math.min(Math.floor(place) + 1, n - 1));
  return below + (place - Math.floor(place)) * (above - below);
}

// The value at a place of the sorted values.
function valueAt(counts, place) {
  let seen = 0;
  for (let i = 0; i < counts.length; i++) {
    seen += counts[i];
    if (seen > place) return i + LOWEST;
  }
  return 0;
}

// One setting for all frames: width and level as multiples of the range that each frame starts with.
export class Setting {
  constructor() {
    this.reset();
  }

  reset() {
    Object.assign(this, START, { isInverted: false });
  }

  change(width, level) {
    this.width = clamp(this.width + width, WIDTHS);
    this.level = clamp(this.level + level, LEVELS);
  }

  // The signals shown black and white in a frame that starts with this range.
  limits({ low, high }) {
    const range = high - low;
    return { low: low + (this.level - this.width / 2) * range, high: low + (this.level + this.width / 2) * range };
  }

  // What radiologists call W and L, of a frame that starts with this range.
  numbers({ low, high }) {
    const range = high - low;
    return { window: Math.max(1, Math.round(this.width * range)), level: Math.round(low + this.level * range) };
  }
}

function clamp(value, [low, high]) {
  return Math.min(Math.max(value, low), high);
}
