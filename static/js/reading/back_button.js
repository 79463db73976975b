// The browser's back button leads to the current trial, wherever the reader was in the study.

// `address` is where a reload leads; back() is called instead of leaving.
export function stayAt(address, back) {
  history.replaceState({ room: "before" }, "", address);
  history.pushState({ room: "trial" }, "", address);
  addEventListener("popstate", (event) => {
    if (event.state?.room !== "before") return;
    history.pushState({ room: "trial" }, "", address);
    back();
  });
  // A page that the browser kept as it was left knows nothing of what happened since.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}
