// <button type="button" data-print hidden>Print</button> opens the browser's own dialogue for printing.
// Without JavaScript the button stays hidden; the browser's menu prints as well.

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
