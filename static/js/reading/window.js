// Window and level: which signal is black and which is white, by the same rule as the server's picture of a panel.

import { DYNAMIC, N_PIXELS } from "./patch.js";

const BRIGHT_QUANTILE = 0.995; // of a panel's own T1 frames (T2 frame) is white at the start
const DIMMEST_WHITE = 96; // of 1023: a panel of air is not stretched into a picture of noise
const SUBTRACTION_SHARE = 0.5; // white of a subtraction, as a share of the white of T1

const START = { width: 1, level: 0.5 }; // in units of each frame's white: from 0 to white
const WIDTHS = [0.02, 8];
const LEVELS = [-2, 4];

// Quantile with linear interpolation between the two nearest values, as numpy has it.
export function quantile(values, share) {
  const sorted = values.slice().sort();
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

// The signal that is white at the start: one value for the T1 frames, one for T2, one for the subtractions.
export function whites(patch) {
  const series = new Int16Array(DYNAMIC.length * N_PIXELS);
  DYNAMIC.forEach((name, number) => series.set(patch[name], number * N_PIXELS));
  const t1 = Math.max(quantile(series, BRIGHT_QUANTILE), DIMMEST_WHITE);
  const t2 = Math.max(quantile(patch.T2, BRIGHT_QUANTILE), DIMMEST_WHITE);
  return { t1, t2, subtraction: SUBTRACTION_SHARE * t1 };
}

export function whiteOf(name, white) {
  if (name === "T2") return white.t2;
  return name.startsWith("Sub") ? white.subtraction : white.t1;
}

// One setting for all frames: width and level as multiples of what each frame starts with.
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

  // The signals shown black and white in a frame that starts with this white.
  limits(white) {
    return { low: (this.level - this.width / 2) * white, high: (this.level + this.width / 2) * white };
  }

  // What radiologists call W and L, of a frame that starts with this white.
  numbers(white) {
    return { window: Math.max(1, Math.round(this.width * white)), level: Math.round(this.level * white) };
  }
}

function clamp(value, [low, high]) {
  return Math.min(Math.max(value, low), high);
}
