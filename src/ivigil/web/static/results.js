// Results: while a value is typed, the same value in the other unit stands below it. The server converts; nothing
// of the patient is sent, and nothing is kept. Without this module the button "Check" reads everything back.

const PAUSE = 150;
const form = document.querySelector("form.results");

if (form) {
  let timer = 0;
  let turn = 0; // counts what was typed, so that an answer of before is dropped

  const ask = async () => {
    const mine = turn;
    try {
      const answer = await fetch("/results/echo", {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "text/html" },
        cache: "no-store",
        redirect: "error",
      });
      const made = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
      if (mine !== turn) return;
      for (const old of form.querySelectorAll(".echo[id]")) {
        const said = made?.getElementById(old.id)?.textContent ?? "";
        if (old.textContent !== said) old.textContent = said;
      }
    } catch {
      // No connection: nothing stands there.
    }
  };

  form.addEventListener("input", (event) => {
    const echo = document.getElementById(`echo-${event.target.name}`);
    if (!echo) return;
    echo.textContent = ""; // never the echo of another value
    turn += 1;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
}
