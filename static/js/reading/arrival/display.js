// The display check: what the browser knows of window and screen, told to the reader and sent with the form.

const form = document.getElementById("display");
const said = document.getElementById("measured");

const measures = () => ({
  window_width: innerWidth,
  window_height: innerHeight,
  screen_width: screen.width,
  screen_height: screen.height,
  device_pixel_ratio: Math.round(devicePixelRatio * 100) / 100,
  colour_depth: screen.colorDepth,
});

function measure() {
  for (const [name, value] of Object.entries(measures())) {
    form.elements[name].value = value;
    said.querySelector(`[data-measure="${name}"]`).textContent = value;
  }
}

measure();
said.hidden = false;
addEventListener("resize", measure);
form.addEventListener("submit", measure);

// Coming back through the browser's history would show patches that were judged before.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
