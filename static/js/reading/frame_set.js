// What the frames of a panel are, as the page says: names, size, windows, dynamic series. The same for all its panels.

const PAPER_SIDE = 64;

export class FrameSet {
  // `later`: subtractions that only a layout shows, each as [minuend, subtrahend]; `windows`: frames that are shown
  // with the same black and white, and the subtractions taken from them.
  constructor({ names, height, width, dynamic, seconds, later, windows, arrangements }) {
    Object.assign(this, { names, height, width, dynamic, seconds, later, windows, arrangements });
    this.windowOf = {};
    for (const window of windows) {
      for (const name of [...window.frames, ...window.followers]) this.windowOf[name] = window;
    }
  }

  static of(root) {
    return new FrameSet(JSON.parse(root.dataset.frameSet));
  }

  get nPixels() {
    return this.height * this.width;
  }

  get nBytes() {
    return this.names.length * this.nPixels * 2;
  }

  get hasSeries() {
    return this.dynamic.length > 0;
  }

  // Larger than the frames of the paper: they may be shown smaller than they are.
  get isLarge() {
    return Math.max(this.height, this.width) > PAPER_SIDE;
  }

  // The window whose numbers stand for the setting: of the series, or else of the first frame.
  get reference() {
    return this.windowOf[this.dynamic[0] ?? this.names[0]];
  }
}
