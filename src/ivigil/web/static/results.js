// Results: while a value is typed, the same value in the other unit stands below it. The server converts; nothing
// of the patient is sent, and nothing is kept. Without this module the button "Check" reads everything back.

const PAUSE = 150;
const form = document.querySelector("form.results");

if (form) {
  let timer = 0;
  let under = null;

  const ask = async () => {
    under?.abort();
    under = new AbortController();
    try {
      const answer = await fetch("/results/echo", {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "text/html" },
        cache: "no-store",
        redirect: "error",
        signal: under.signal,
      });
      const made = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
      for (const old of form.querySelectorAll(".echo[id]")) {
        const said = made?.getElementById(old.id)?.textContent ?? "";
        if (old.textContent !== said) old.textContent = said;
      }
    } catch {
      // Superseded by a later value, or no connection: what is shown is cleared when it is typed on.
    }
  };

  form.addEventListener("input", (event) => {
    const echo = document.getElementById(`echo-${event.target.name}`);
    if (!echo) return;
    echo.textContent = ""; // never the echo of another value
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
}
