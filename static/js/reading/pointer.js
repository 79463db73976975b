// Mouse, pen and finger on the frames: pointing moves the cross-hair, dragging sets window and level.

const SLACK = 3; // CSS pixels that a click may move without being a drag

// Calls point(x, y) and, for a finger or pen, tap(x, y) with shares of a frame's sides; leave(); drag(dx, dy) in CSS
// pixels, and dragEnd().
export function watchPointer(pictures, { point, tap, leave, drag, dragEnd }) {
  for (const picture of pictures) {
    let start = null;
    let last = null;
    let isDragging = false;

    picture.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      start = last = event;
      isDragging = false;
      picture.setPointerCapture(event.pointerId);
    });
    picture.addEventListener("pointermove", (event) => {
      if (!event.isPrimary) return;
      if (start && !isDragging && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > SLACK) {
        isDragging = true;
      }
      if (isDragging) drag(event.clientX - last.clientX, event.clientY - last.clientY);
      else if (!start && event.pointerType === "mouse") point(...shares(picture, event));
      last = event;
    });
    for (const name of ["pointerup", "pointercancel"]) {
      picture.addEventListener(name, (event) => {
        if (!start || !event.isPrimary) return;
        if (isDragging) dragEnd();
        else if (name === "pointerup") (event.pointerType === "mouse" ? point : tap)(...shares(picture, event));
        start = null;
        isDragging = false;
      });
    }
    picture.addEventListener("pointerleave", (event) => {
      if (!start && event.pointerType === "mouse") leave();
    });
    picture.addEventListener("dragstart", (event) => event.preventDefault());
  }
}

function shares(picture, event) {
  const box = picture.getBoundingClientRect();
  return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
}

function inside(share) {
  return Math.min(Math.max(share, 0), 0.9999);
}
