// The question of the levels page answers at once: sliders appear, and the part below is renewed after a pause.
// Until the answer to what is asked stands there, what stands there is grey, and it is said of what it is not.

import { foreign } from "./build.js";

const PAUSE = 250;
const AGAIN = 5_000;
const question = document.querySelector("form.question");

if (question) {
  const waiting = document.getElementById("waiting");
  const part = question.dataset.part;
  let timer = 0;
  let under = null;

  const field = (name) => question.elements.namedItem(name);
  const shown = () => document.getElementById(part);
  const asked = () => new URLSearchParams(new FormData(question)).toString();

  // Of what the answer below is not.
  function old(why) {
    shown()?.classList.add("old");
    shown()?.setAttribute("aria-busy", "true");
    const text = waiting.dataset[why].replace("{dose}", field("grams").value).replace("{days}", field("interval").value);
    if (waiting.textContent !== text) waiting.textContent = text;
    waiting.hidden = false;
  }

  const ask = async () => {
    clearTimeout(timer);
    under?.abort();
    const own = (under = new AbortController());
    const query = asked();
    const address = `${question.action}?${query}`;
    try {
      const answer = await fetch(address, {
        headers: { "X-Ivigil-Part": part, Accept: "text/html" },
        cache: "no-store",
        redirect: "error",
        signal: own.signal,
      });
      foreign(answer);
      if (!answer.ok) throw new Error(`${answer.status}`);
      const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part);
      if (!made) throw new Error("another answer");
      if (query !== asked()) return; // another question stands there by now: its answer is under way
      shown().replaceWith(document.adoptNode(made));
      waiting.hidden = true;
      waiting.textContent = "";
      document.getElementById("answered").textContent = made.querySelector(".for")?.textContent ?? "";
      atTheEnd();
      history.replaceState(null, "", address);
    } catch {
      if (own.signal.aborted) return; // a later question
      old("failed");
      timer = setTimeout(ask, AGAIN);
    }
  };

  const soon = () => {
    old("text");
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };
  addEventListener("online", () => waiting.hidden || ask());

  for (const slider of question.querySelectorAll("input[data-slides]")) {
    const typed = field(slider.dataset.slides);
    const step = Number(slider.dataset.step);
    const ends = [Number(slider.min), Number(slider.max)];

    // It stands where the number does, also where the number lies beyond its ends.
    const follow = () => {
      const value = Number(typed.value.trim() || NaN);
      if (!Number.isFinite(value) || value <= 0) return;
      slider.min = Math.min(ends[0], value);
      slider.max = Math.max(ends[1], value);
      slider.value = value;
    };
    const put = (value) => {
      const within = Math.min(ends[1], Math.max(ends[0], value));
      typed.value = String(Number(within.toFixed(2)));
      follow();
      soon();
    };

    slider.hidden = false;
    follow();
    slider.addEventListener("input", () => put(Math.round(Number(slider.value) / step) * step));
    slider.addEventListener("keydown", (event) => {
      const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (!way) return;
      event.preventDefault();
      put(Number(slider.value) + way * step);
    });
    typed.addEventListener("input", follow);
  }
  // Whatever is changed asks anew; a slider has put its number by then.
  question.addEventListener("input", (event) => event.target.dataset.slides || soon());
  question.addEventListener("submit", (event) => {
    event.preventDefault();
    old("text");
    ask();
  });
  atTheEnd();
}

// On a narrow screen a picture scrolls: what comes stands at its end.
function atTheEnd() {
  for (const picture of document.querySelectorAll(".chart .picture")) picture.scrollLeft = picture.scrollWidth;
}
