// One frame on its canvas, in device pixels.

import { enlarge } from "./interpolation.js";

const OPAQUE = 0xff000000;
const GREY = 0x010101; // the same number for red, green and blue

export class Tile {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    if (!this.context) throw new Error("This browser draws no canvas.");
  }

  // `side` in device pixels.
  resize(side) {
    if (this.canvas.width === side && this.values) return;
    this.canvas.width = this.canvas.height = side;
    this.values = new Float32Array(side * side);
    this.image = this.context.createImageData(side, side);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  // Take the signal of a frame, enlarged.
  take(frame, across, down) {
    enlarge(frame, across, down, this.values);
  }

  // Show what was taken under a window.
  paint({ low, high }, isInverted) {
    const { values, pixels } = this;
    const scale = 255 / (high - low);
    for (let i = 0; i < values.length; i++) {
      const value = (values[i] - low) * scale;
      const grey = value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
      pixels[i] = OPAQUE | ((isInverted ? 255 - grey : grey) * GREY);
    }
    this.context.putImageData(this.image, 0, 0);
  }
}
