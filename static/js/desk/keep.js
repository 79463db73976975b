// Keeps what was typed into a form on the way from a look at a folder back to the form, in this tab alone: the
// server forgets the name of the folder, which may be a patient's name. Without JavaScript, type it again.

for (const form of document.querySelectorAll("form[data-keep]")) {
  const key = `kept:${form.dataset.keep}`;
  const fields = [...form.elements].filter((field) => field.name && field.type !== "hidden" && field.type !== "submit");
  const kept = JSON.parse(sessionStorage.getItem(key) || "{}");
  if (!form.querySelector(".error, .notice--error")) {
    for (const field of fields) {
      if (!(field.name in kept)) continue;
      if (field.type === "checkbox") field.checked = kept[field.name];
      else if (!field.value) field.value = kept[field.name];
    }
  }
  form.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.name === "look") {
      const values = fields.map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value]);
      sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(values)));
    } else {
      sessionStorage.removeItem(key);
    }
  });
}
