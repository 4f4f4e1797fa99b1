// The question of the levels page answers at once: sliders appear, and the part below is renewed after a pause.

import { foreign } from "./build.js";

const PAUSE = 250;
const question = document.querySelector("form.question");

if (question) {
  let timer = 0;
  let under = null;

  const ask = async () => {
    under?.abort();
    under = new AbortController();
    const part = question.dataset.part;
    const address = `${question.action}?${new URLSearchParams(new FormData(question))}`;
    const old = document.getElementById(part);
    old?.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, {
        headers: { "X-Ivigil-Part": part, Accept: "text/html" },
        cache: "no-store",
        redirect: "error",
        signal: under.signal,
      });
      foreign(answer);
      if (!answer.ok) return location.assign(address);
      const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part);
      if (made && old) old.replaceWith(document.adoptNode(made));
      history.replaceState(null, "", address);
    } catch {
      // Superseded by a later question, or no connection: the old answer stays marked as busy.
    }
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };

  for (const slider of question.querySelectorAll("input[data-slides]")) {
    const typed = question.elements.namedItem(slider.dataset.slides);
    slider.hidden = false;
    slider.addEventListener("input", () => {
      typed.value = slider.value;
      soon();
    });
    typed.addEventListener("input", () => {
      slider.value = typed.value;
      soon();
    });
  }
  for (const name of ["target", "each"]) question.elements.namedItem(name)?.addEventListener("input", soon);
}
