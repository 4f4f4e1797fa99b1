// Finds a symptom by a few letters of its name or of another word for it; each that fits is one tap to record.
// Without this module the whole list is there.

import { texts } from "./texts.js";

const say = texts("chair-texts");
const LEAST = 2;

const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
const wordsOf = (text) => plain(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
const foundBy = (field) => document.getElementById(field.dataset.finds);

function find(field) {
  const typed = wordsOf(field.value);
  const enough = typed.join("").length >= LEAST;
  let count = 0;
  for (const button of foundBy(field).querySelectorAll("button")) {
    const words = wordsOf(`${button.textContent} ${button.dataset.words}`);
    const fits = enough && typed.every((start) => words.some((word) => word.startsWith(start)));
    button.hidden = !fits;
    count += fits;
  }
  const name = count === 0 ? "found-none" : count === 1 ? "found-one" : "found-many";
  document.getElementById(`${field.id}-told`).textContent = enough ? say(name, { count }) : "";
}

document.addEventListener("input", ({ target }) => target.matches("[data-finds]") && find(target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-finds]")) return;
  event.preventDefault();
  foundBy(event.target).querySelector("button:not([hidden])")?.focus();
});
function begin() {
  for (const field of document.querySelectorAll("[data-finds]")) {
    field.closest(".find").hidden = false;
    find(field);
  }
}

begin();
document.addEventListener("ivigil:fresh", ({ target }) => target.id === "record" && begin());
