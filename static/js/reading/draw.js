// One frame on its canvas, in device pixels. The frame of the next panel can be drawn ahead, out of sight.

import { enlarge } from "./interpolation.js";

const OPAQUE = 0xff000000;
const GREY = 0x010101; // the same number for red, green and blue

export class Tile {
  #shown = null; // { values, image, pixels }: the signal enlarged, and its greys
  #ahead = null;
  #patchAhead = null;

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    if (!this.context) throw new Error("This browser draws no canvas.");
  }

  // `width` and `height` in device pixels.
  resize(width, height) {
    if (this.canvas.width === width && this.canvas.height === height && this.#shown) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.#shown = this.#sheet(width, height);
    this.#ahead = this.#sheet(width, height);
    this.#patchAhead = null;
  }

  // Take the signal of a frame, enlarged.
  take(frame, across, down) {
    enlarge(frame, across, down, this.#shown.values);
  }

  // Show what was taken under a window.
  paint(limits, isInverted) {
    shade(this.#shown, limits, isInverted);
    this.context.putImageData(this.#shown.image, 0, 0);
  }

  // Take and draw a frame of a panel that comes later, without showing it.
  drawAhead(patch, frame, across, down, limits) {
    enlarge(frame, across, down, this.#ahead.values);
    shade(this.#ahead, limits, false);
    this.#patchAhead = patch;
  }

  // Show the frame that was drawn ahead; false if it is not of this panel.
  turnTo(patch) {
    if (this.#patchAhead !== patch) return false;
    [this.#shown, this.#ahead, this.#patchAhead] = [this.#ahead, this.#shown, null];
    this.context.putImageData(this.#shown.image, 0, 0);
    return true;
  }

  #sheet(width, height) {
    const image = this.context.createImageData(width, height);
    return { values: new Float32Array(width * height), image, pixels: new Uint32Array(image.data.buffer) };
  }
}

function shade({ values, pixels }, { low, high }, isInverted) {
  const scale = 255 / (high - low);
  for (let i = 0; i < values.length; i++) {
    const value = (values[i] - low) * scale;
    const grey = value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
    pixels[i] = OPAQUE | ((isInverted ? 255 - grey : grey) * GREY);
  }
}
