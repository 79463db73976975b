// The room: one page in which all trials of a phase are read. What the reader does, and what the server says to it.

import { stayAt } from "./back_button.js";
import { Break } from "./break.js";
import { Connection } from "./connection.js";
import { Course } from "./course.js";
import { NetworkSign } from "./network_sign.js";
import { answered, seen, takenBack } from "./operation.js";
import { letGo } from "./screen.js";
import { Undo } from "./undo.js";

const SOON_MS = 400; // nobody is told of what takes no longer

export class Room {
  #isNextEarly = false; // pressed before the server said where the reader is

  // `page`: what the page says of the session; `parts`: reading, viewer, controls, cover, place.
  constructor(page, parts) {
    Object.assign(this, parts, { page });
    this.isRevealing = page.reveals === "yes"; // the origin of a panel is told after its answer
    this.sign = new NetworkSign(document.getElementById("network"), (sentence) => this.place.say(sentence));
    const changed = () => this.#networkChanged();
    const { csrfmiddlewaretoken } = this.controls.form.elements;
    this.connection = new Connection(page.session, page.state, csrfmiddlewaretoken.value, {
      sent: (operation, reply) => this.#sent(operation, reply),
      kept: () => this.#kept(),
      astray: (refusal) => this.#astray(refusal),
      moved: () => this.course.lay("moved"),
      closed: (sentence) => this.course.lay("closed", { sentence }),
      waiting: () => this.course.wait(),
      changed,
    });
    const undoing = new Undo(document.getElementById("undo"), () => this.undo());
    const rest = new Break(page.state === "test" ? Number(page.breakEvery) : 0);
    this.course = new Course(page, { ...parts, undoing, rest, connection: this.connection }, changed);
    for (const name of ["online", "offline"]) addEventListener(name, changed);
  }

  get isOpen() {
    return this.reading.isOpen;
  }

  get isCovered() {
    return this.cover.name !== null;
  }

  // Rejects when the very first panel cannot be shown.
  async start() {
    const { token, session, stayed } = this.page;
    const first = this.course.preload.load(token).then(() => null, (error) => error);
    await this.connection.open();
    const window = await this.connection.sit();
    const failure = window?.trials[0]?.token === token && (await first);
    if (failure) throw failure;
    await letGo();
    stayAt(session, () => this.place.say(stayed));
    for (const element of document.querySelectorAll("[data-needs-viewer]")) element.hidden = false;
    this.course.enter(window);
    if (this.#isNextEarly) this.next();
  }

  // ---- What the reader does ------------------------------------------------------------------

  answer(value, at) {
    if (!this.isOpen || this.isCovered || this.controls.isTelling) return;
    const { confidence } = this.controls;
    const operation = answered(this.course.current, { answer: value, confidence, ...this.reading.said(at) });
    if (this.isRevealing) {
      this.reading.shut(); // until its origin comes back
      this.controls.wait();
    } else this.course.finish({ isUndoable: true });
    this.connection.add(operation);
  }

  // From a panel whose origin is told.
  next(at) {
    const item = this.course.current;
    this.#isNextEarly = this.isRevealing && !item; // its origin may be on the page since it was loaded
    if (this.isCovered || !item?.origin || !(this.isOpen || this.isRevealing)) return;
    const operation = this.isRevealing ? seen(item) : answered(item, this.reading.said(at));
    this.course.finish();
    this.connection.add(operation);
  }

  timeUp() {
    const operation = answered(this.course.current, { isTimeout: true, ...this.reading.said() });
    this.course.finish({ cover: "time-up" });
    this.connection.add(operation);
  }

  undo() {
    const item = !this.isCovered && this.course.goBack();
    if (item) this.connection.add(takenBack(item));
  }

  helped() {
    this.viewer.count("n_helps");
    this.viewer.stop();
  }

  // Leave for the page of the pause: at once if everything is stored, or else as soon as it is.
  async pause() {
    const { href } = document.getElementById("pause");
    const leave = () => location.assign(href);
    if (this.connection.isStopped || !(await this.connection.kept())) return leave();
    this.reading.cover(true);
    const isStored = this.connection.drained();
    if (await Promise.race([isStored, new Promise((resolve) => setTimeout(resolve, SOON_MS))])) return leave();
    this.cover.show("leaving", { n: this.connection.n });
    if ((await isStored) && this.cover.name === "leaving") leave();
  }

  // The button of a cover.
  async act(cover) {
    if (cover === "time-up") this.course.restOrShow();
    else if (cover === "break") this.course.show();
    else if (cover === "leaving") {
      this.cover.hide();
      this.reading.cover(false);
    } else if (cover === "moved") {
      this.course.wait();
      this.course.enter(await this.connection.sit());
    }
  }

  // ---- What the server says ------------------------------------------------------------------

  #sent(operation, reply) {
    const { current } = this.course;
    if (reply.origin && current?.token === operation.body.token) {
      Object.assign(current, { origin: reply.origin, answer: operation.body.answer });
      this.controls.tell(current.origin, current.answer);
    }
    if (reply.state !== this.page.state) this.course.resume();
    else if (reply.next) this.course.extend(reply.next);
  }

  // An answer was given twice, and the first stands.
  #kept() {
    this.course.notice = this.page.kept;
    if (this.isRevealing) this.course.resume();
    else this.controls.say(this.page.kept);
  }

  // What is known here is not what the server knows.
  #astray({ sentence }) {
    this.course.notice = sentence;
    this.course.resume();
  }

  #networkChanged() {
    const { n, hasSaved } = this.connection;
    const { isAway, isWaiting } = this.course;
    this.sign.update({ isAway, n, hasSaved });
    if (isWaiting) this.cover.show(isAway ? "away" : "waiting", { n });
    if (this.cover.name === "leaving") this.cover.show("leaving", { n });
  }
}
