// The panel viewer: all frames of one patch under one window, with cross-hair, curve, cine and magnifier.

import { Cine } from "./cine.js";
import { Curve, signalAt } from "./curve.js";
import { Tile } from "./draw.js";
import { taps } from "./interpolation.js";
import { FrameSet } from "./frame_set.js";
import { lieOnPixels, place } from "./place.js";
import { watchPointer } from "./pointer.js";
import { whenIdle } from "./screen.js";
import { ViewerLog } from "./viewer_log.js";
import { ranges, Setting } from "./window.js";

const DRAG = { width: 0.004, level: 0.003 }; // of the start's white, per CSS pixel
const PRESS = { width: 0.05, level: 0.025 }; // the same, per key press
const MAGNIFICATION = 2.5;
const FINGER = 3 / 64; // of a frame's width: how well a finger finds a place again
const SMALLEST_CROSS = 9; // CSS pixels, of frames whose pixels are tiny

export class Viewer {
  #frames = []; // { name, tile }; the cine's name changes
  #setting = new Setting();
  #cursor = null; // { column, row }
  #isMagnified = false;
  #isDue = false;
  #log = new ViewerLog();
  #ranges = new WeakMap(); // of the panels that were looked through already
  #stopAhead = () => {};

  // `readout` is the element that says W and L.
  constructor(root, readout) {
    this.root = root;
    this.readout = readout;
    this.frameSet = FrameSet.of(root);
    this.centre = { column: Math.floor(this.frameSet.width / 2), row: Math.floor(this.frameSet.height / 2) };
    this.grid = root.querySelector("#frames");
    this.cineTitle = root.querySelector("#cine-title");
    this.speed = root.querySelector("#cine-speed");
    this.titles = {};
    for (const figure of root.querySelectorAll("[data-frame]")) {
      const canvas = figure.querySelector("canvas");
      if (canvas) this.#frames.push({ name: figure.dataset.frame, tile: new Tile(canvas) });
      this.titles[figure.dataset.frame] = figure.dataset.title;
    }
    this.cineFrame = this.#frames.find((frame) => frame.name === "cine");
    if (this.frameSet.hasSeries) {
      this.curve = new Curve(root.querySelector("#curve"), this.frameSet);
      this.cine = new Cine(this.frameSet.dynamic.length, {
        show: (number) => this.#showCine(number),
        changed: () => this.#cineChanged(),
      });
    }
    this.actions = this.#actions();
    this.#listen();
  }

  // Show a panel from its beginning: the start's window, no cross-hair, the cine at rest.
  show(patch) {
    this.#stopAhead();
    this.patch = patch;
    this.range = this.#rangesOf(patch);
    this.#log = new ViewerLog();
    this.#setting.reset();
    this.#cursor = null;
    this.#isMagnified = false;
    this.cine?.rewind();
    if (this.cine) this.#nameCine(0);
    if (this.root.hidden) {
      this.root.hidden = false;
      return this.#fit(); // nothing around the frames changes its size from panel to panel
    }
    for (const frame of this.#frames) {
      if (frame.tile.turnTo(patch)) continue;
      this.#take([frame]);
      this.#paintOne(frame);
    }
    this.#frameCurve();
    this.#saySetting();
  }

  // Draw the next panel out of sight, a frame at a time, while the reader looks at this one.
  drawAhead(patch) {
    this.#stopAhead();
    const steps = this.#frames.map((frame) => () => {
      const name = frame === this.cineFrame ? this.frameSet.dynamic[0] : frame.name;
      const limits = new Setting().limits(this.#rangesOf(patch)[name]);
      frame.tile.drawAhead(patch, patch[name], ...this.#taps(1), limits);
    });
    this.#stopAhead = whenIdle(steps);
  }

  // What was done with this panel, for the server.
  log() {
    const numbers = this.#setting.numbers(this.#reference);
    return this.#log.numbers({
      ...numbers,
      is_inverted: Number(this.#setting.isInverted),
      cine_fps: this.cine?.speed ?? 0,
      zoom: this.placed.across / this.frameSet.width,
      device_pixel_ratio: devicePixelRatio,
      viewport_width: innerWidth,
      viewport_height: innerHeight,
    });
  }

  count(name) {
    this.#log.count(name);
  }

  stop() {
    this.cine?.stop();
    this.#magnify(false);
  }

  // Everything that keys and buttons can do, by name.
  #actions() {
    const window = (width, level) => () => {
      this.#log.count("n_window_changes");
      this.#setting.change(width, level);
      this.#later();
    };
    return {
      narrower: window(-PRESS.width, 0),
      wider: window(PRESS.width, 0),
      brighter: window(0, -PRESS.level),
      darker: window(0, PRESS.level),
      reset: () => this.#reset(),
      invert: () => {
        this.#log.count("n_inversions");
        this.#setting.isInverted = !this.#setting.isInverted;
        this.#later();
      },
      cine: () => this.cine && this.#playOrStop(),
      "cine-back": () => this.cine && this.#step(-1),
      "cine-on": () => this.cine && this.#step(1),
      slower: () => this.cine?.change(-1),
      faster: () => this.cine?.change(1),
      magnify: () => this.#magnify(!this.#isMagnified),
      "magnify-on": () => this.#magnify(true),
      "magnify-off": () => this.#magnify(false),
      left: () => this.#move(-1, 0),
      right: () => this.#move(1, 0),
      up: () => this.#move(0, -1),
      down: () => this.#move(0, 1),
      leave: () => this.#leave(),
    };
  }

  #listen() {
    const pictures = this.root.querySelectorAll(".frame__picture");
    const { width, height } = this.frameSet;
    watchPointer(pictures, {
      point: (x, y) => this.#point(Math.floor(x * width), Math.floor(y * height)),
      tap: (x, y) => this.#tap(Math.floor(x * width), Math.floor(y * height)),
      leave: () => this.#leave(),
      drag: (dx, dy) => {
        this.#setting.change(dx * DRAG.width, dy * DRAG.level);
        this.#later();
      },
      dragEnd: () => this.#log.count("n_window_changes"),
    });
    for (const button of this.root.querySelectorAll("[data-do]")) {
      button.addEventListener("pointerdown", (event) => event.preventDefault()); // keys stay with the panel
      button.addEventListener("click", () => this.actions[button.dataset.do]());
    }
    addEventListener("resize", () => this.patch && this.#fit());
    addEventListener("blur", () => this.#magnify(false)); // the key's release will not be heard
  }

  // ---- Place and size ------------------------------------------------------------------------

  #fit() {
    this.placed = place(this.root, this.grid, this.frameSet);
    this.scale = Math.max(1, this.placed.zoom); // below 1 the browser makes the canvas smaller
    const { width, height } = this.frameSet;
    for (const { tile } of this.#frames) tile.resize(this.scale * width, this.scale * height);
    lieOnPixels(this.root, this.grid);
    this.#take();
    this.#paint();
    this.#frameCurve();
  }

  #frameCurve() {
    this.curve?.frame(this.patch, this.placed.curveWidth, this.placed.down);
    this.#showCursor();
    this.curve?.mark(this.cine.number);
  }

  // ---- Drawing -------------------------------------------------------------------------------

  #take(frames = this.#frames) {
    const seen = this.#taps(this.#isMagnified ? MAGNIFICATION : 1);
    for (const { name, tile } of frames) tile.take(this.patch[name], ...seen);
  }

  // Across and down.
  #taps(magnification) {
    const { width, height } = this.frameSet;
    const { column, row } = this.#cursor ?? this.centre;
    return [[column, width], [row, height]].map(([place, size]) =>
      taps(this.scale * size, {
        size,
        origin: (place + 0.5) * (1 - 1 / magnification), // the place under the cursor stays where it is
        scale: this.scale * magnification,
        method: this.root.dataset.interpolation,
      }),
    );
  }

  #rangesOf(patch) {
    if (!this.#ranges.has(patch)) this.#ranges.set(patch, ranges(patch, this.frameSet));
    return this.#ranges.get(patch);
  }

  get #reference() {
    return this.range[this.frameSet.reference.frames[0]];
  }

  #paintOne({ name, tile }) {
    tile.paint(this.#setting.limits(this.range[name]), this.#setting.isInverted);
  }

  #paint() {
    for (const frame of this.#frames) this.#paintOne(frame);
    this.#saySetting();
  }

  #saySetting() {
    const { window, level } = this.#setting.numbers(this.#reference);
    this.readout.textContent = `${this.root.dataset.windowOf ?? ""}W ${window} L ${level}`;
    this.#press("invert", this.#setting.isInverted);
    this.#press("magnify", this.#isMagnified);
  }

  // However many things change, the frames are drawn once before the screen shows them.
  #later({ take = false } = {}) {
    this.isTakeDue ||= take;
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (this.isTakeDue) this.#take();
      this.isTakeDue = false;
      this.#paint();
    });
  }

  #press(name, isPressed) {
    this.root.querySelector(`[data-do="${name}"]`)?.setAttribute("aria-pressed", String(isPressed));
  }

  // ---- Window --------------------------------------------------------------------------------

  #reset() {
    this.#log.count("n_resets");
    this.#setting.reset();
    this.#later();
  }

  // ---- Cross-hair, curve, magnifier ------------------------------------------------------------

  #point(column, row) {
    if (this.#cursor?.column === column && this.#cursor.row === row) return;
    this.#cursor = { column, row };
    this.#log.begin("cursor_ms");
    this.#log.place(column, row);
    this.#showCursor();
    if (this.#isMagnified) this.#later({ take: true });
  }

  // A finger cannot leave a frame: touching the cross-hair takes it away.
  #tap(column, row) {
    const from = this.#cursor;
    if (from && Math.hypot(column - from.column, row - from.row) <= FINGER * this.frameSet.width) this.#leave();
    else this.#point(column, row);
  }

  #move(columns, rows) {
    const from = this.#cursor ?? { column: this.centre.column - columns, row: this.centre.row - rows };
    const inside = (place, size) => Math.min(Math.max(place, 0), size - 1);
    const { width, height } = this.frameSet;
    this.#point(inside(from.column + columns, width), inside(from.row + rows, height));
  }

  #leave() {
    this.#log.end("cursor_ms");
    this.#cursor = null;
    this.#showCursor();
    if (this.#isMagnified) this.#later({ take: true });
  }

  #showCursor() {
    this.root.classList.toggle("has-cursor", this.#cursor !== null);
    if (this.#cursor === null) return this.curve?.clear();
    const { column, row } = this.#cursor;
    const pixel = this.placed.across / this.frameSet.width;
    const cross = this.frameSet.isLarge ? Math.max(3 * pixel, SMALLEST_CROSS) : 3 * pixel;
    this.root.style.setProperty("--cross-x", `${(column + 0.5) * pixel}px`);
    this.root.style.setProperty("--cross-y", `${(row + 0.5) * pixel}px`);
    this.root.style.setProperty("--cross-side", `${cross * (this.#isMagnified ? MAGNIFICATION : 1)}px`);
    this.curve?.show(signalAt(this.patch, this.frameSet, column, row));
  }

  #magnify(isMagnified) {
    if (this.#isMagnified === isMagnified || !this.patch) return;
    this.#isMagnified = isMagnified;
    if (isMagnified) this.#log.count("n_magnifications");
    if (isMagnified) this.#log.begin("magnifier_ms");
    else this.#log.end("magnifier_ms");
    this.#showCursor();
    this.#later({ take: true });
  }

  // ---- Cine ----------------------------------------------------------------------------------

  #playOrStop() {
    if (Cine.isStill) return this.#step(1);
    if (this.cine.isPlaying) return this.cine.stop();
    this.#log.count("n_cine_plays");
    this.cine.play();
  }

  #step(by) {
    this.#log.count("n_cine_steps");
    this.cine.step(by);
  }

  #showCine(number) {
    this.#nameCine(number);
    this.#take([this.cineFrame]);
    this.#paintOne(this.cineFrame);
    this.curve.mark(number);
  }

  #nameCine(number) {
    const name = this.frameSet.dynamic[number];
    this.cineFrame.name = name;
    this.cineTitle.textContent = this.titles[name];
    this.speed.textContent = `${this.cine.speed}/s`;
  }

  #cineChanged() {
    this.speed.textContent = `${this.cine.speed}/s`;
    this.#press("cine", this.cine.isPlaying);
    if (this.cine.isPlaying) this.#log.begin("cine_ms");
    else this.#log.end("cine_ms");
  }
}
