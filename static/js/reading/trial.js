// The page of a trial. With everything that the room needs it becomes the room, in which all panels of a phase are
// read; where that does not work out, it stays the form that it is without JavaScript, below a picture.

import { Clock } from "./clock.js";
import { Comment } from "./comment.js";
import { Controls } from "./controls.js";
import { Countdown } from "./countdown.js";
import { Cover } from "./cover.js";
import { Help } from "./help.js";
import { Hold } from "./hold.js";
import { listen } from "./keyboard.js";
import { PlaceSign } from "./place_sign.js";
import { Reading } from "./reading.js";
import { Room } from "./room.js";
import { pageByPage } from "./stand_in.js";
import { Viewer } from "./viewer.js";

document.documentElement.classList.add("has-keys"); // key caps are shown only where keys work

const root = document.getElementById("main");
if (root?.dataset.session) begin();

async function begin() {
  const panel = document.getElementById("panel");
  const viewerRoot = document.getElementById("viewer");
  const place = new PlaceSign();
  const clock = new Clock();
  const say = (sentence) => place.say(sentence);
  let room = null; // or the form that does its work
  const controls = new Controls(document.getElementById("answers"), {
    answer: (value, at) => room?.answer(value, at),
    next: (at) => room?.next(at),
  });
  const comment = new Comment(document.getElementById("comment"));
  const help = new Help(document.getElementById("help"), () => room?.helped());
  const pause = document.getElementById("pause");
  pause.addEventListener("click", (event) => {
    if (!room?.pause) return;
    event.preventDefault();
    room.pause();
  });
  listen({ controls, comment, help, pause: () => pause.click(), room: () => room });

  try {
    const viewer = new Viewer(viewerRoot, document.getElementById("window"));
    const cover = new Cover(document.getElementById("cover"), [controls.form, viewerRoot], {
      act: (name) => room?.act?.(name),
      say,
    });
    const hold = new Hold(1000 * Number(root.dataset.minViewing), clock);
    const countdown = new Countdown(document.getElementById("countdown"), clock, { up: () => room.timeUp(), say });
    const reading = new Reading({ panel, viewer, controls, comment, place, clock, hold, countdown });
    room = new Room(root.dataset, { reading, viewer, controls, cover, place });
    await room.start();
  } catch (error) {
    console.warn(String(error));
    viewerRoot.hidden = true;
    room = await pageByPage(panel, { clock, controls });
  }
}
