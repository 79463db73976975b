// Passkeys: shows their forms where the browser can use them, and says in a sentence what went wrong.

const SENTENCES = {
  NotAllowedError: "It was cancelled, took too long, or this device has no passkey for this page. Try again.",
  InvalidStateError: "This device or key is already in the list.",
  SecurityError: "Passkeys need a host name and HTTPS; they do not work under an IP address.",
  NotSupportedError: "This device or key cannot hold a passkey.",
};
const UNKNOWN = "The browser could not use a passkey here. Try again, or use another way to sign in.";

const isPossible = window.isSecureContext && "PublicKeyCredential" in window;

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !isPossible;
}
for (const note of document.querySelectorAll("[data-passkey-impossible]")) {
  note.hidden = isPossible;
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault(); // it is told here, not on the console
  const trouble = document.querySelector("[data-passkey-trouble]");
  if (trouble) {
    trouble.textContent = SENTENCES[event.detail.exception?.name] ?? UNKNOWN;
    trouble.hidden = false;
  }
});
