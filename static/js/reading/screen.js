// What the screen shows, and when.

// Two frames after drawing, the panel is on the screen.
export async function painted() {
  await nextFrame();
  await nextFrame();
  return performance.now();
}

export function nextFrame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

// Resolves when no control is being pressed: one that moves away between the press and its end is not pressed at all.
export async function letGo() {
  while (document.querySelector("a:active, button:active")) await nextFrame();
}

// Run steps one by one while nothing else is to be done; returns a function that stops it.
export function whenIdle(steps) {
  const later = window.requestIdleCallback ?? ((run) => setTimeout(run, 30));
  let isStopped = false;
  const run = () => {
    if (isStopped || !steps.length) return;
    steps.shift()();
    later(run);
  };
  later(run);
  return () => {
    isStopped = true;
  };
}
