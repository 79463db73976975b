// <button class="button" type="button" data-copy="id of an element" hidden>Copy</button>
// copies the value or text of that element. Without JavaScript the button stays hidden.

const SAID_FOR_MS = 2000;

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  if (!source) return;
  const text = "value" in source ? source.value : source.textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
    say(button, "Copied");
  } catch {
    select(source); // no permission, or an address without HTTPS: leave the last step to the keyboard
    say(button, "Press Ctrl+C");
  }
}

function select(source) {
  if ("select" in source) return source.select();
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

function say(button, word) {
  button.dataset.label ??= button.textContent;
  button.textContent = word;
  clearTimeout(Number(button.dataset.timer));
  button.dataset.timer = setTimeout(() => (button.textContent = button.dataset.label), SAID_FOR_MS);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
}

// One listener for the page, so that buttons that arrive with a refresh work too.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) copy(button);
});

document.addEventListener("desk:renewed", () => {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
});
