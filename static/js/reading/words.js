// Sentences stand in the page, in the reader's language; {names} in them are filled in here.

const NUMBER = new Intl.PluralRules(document.documentElement.lang || "en");

export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// The sentence for n things: `data-<name>-one` or `data-<name>-other` of an element, as its language counts.
export function counted(element, name, n) {
  const kind = NUMBER.select(n) === "one" ? "One" : "Other";
  return fill(element.dataset[name + kind], { n });
}

// Write only what changed, so that a screen reader says nothing twice.
export function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}
