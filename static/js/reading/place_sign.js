// Where the reader is: in the bar, as a line below it, as the page's heading, and said to a screen reader.

import { fill, write } from "./words.js";

export class PlaceSign {
  constructor() {
    this.place = document.getElementById("place");
    this.heading = document.getElementById("heading");
    this.progress = document.querySelector(".bar__progress");
    this.said = document.getElementById("said");
  }

  show(n, total) {
    write(this.place, fill(this.place.dataset.place, { n, total }));
    write(this.heading, fill(this.heading.dataset.place, { n, total }));
    this.progress.max = total;
    this.progress.value = n - 1;
    this.say(fill(this.said.dataset.place, { n, total }));
  }

  // Politely, when nothing else is being said.
  say(sentence) {
    write(this.said, sentence);
  }
}
