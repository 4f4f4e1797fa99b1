// Parts of a page that renew themselves, and grey themselves when nothing fresh came.
//
// A part is an element with an id, data-live (the address that answers it), data-made (when it was computed)
// and data-every (seconds). Freshness is measured by this page's own clock, from the last answer that was made
// later than the one before: an answer that some cache gives again is not a fresh one. What an answer holds beside
// the part (by its id) is renewed with it.

import { foreign } from "./build.js";
import { renew } from "./renew.js";

const STALE_AFTER = 10_000;
const PATIENCE = 8_000;

const fresh = new Map(); // id -> when, by this page's clock, the newest answer came
const asked = new Map(); // id -> when it was last asked for
const under = new Set(); // ids whose answer is under way

const now = () => performance.now();
const parts = () => document.querySelectorAll("[data-live][id]");

async function ask(part) {
  if (under.has(part.id)) return;
  under.add(part.id);
  asked.set(part.id, now());
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const answer = await fetch(part.dataset.live, {
      headers: { "X-Ivigil-Part": part.id, Accept: "text/html" },
      cache: "no-store",
      redirect: "error",
      signal: stop.signal,
    });
    if (answer.status === 401 || answer.status === 423) location.reload();
    else if (foreign(answer)) fresh.delete(part.id); // what it shows is not renewed any more
    else if (answer.ok) put(part.id, await answer.text());
  } catch {
    // No answer: the timer below greys the part.
  } finally {
    clearTimeout(timer);
    under.delete(part.id);
  }
}

function put(id, html) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  const made = answer.getElementById(id);
  const old = document.getElementById(id);
  if (!made || !old || !(Date.parse(made.dataset.made) > Date.parse(old.dataset.made))) return;
  for (const each of made.parentElement === answer.body ? [...answer.body.children] : [made]) {
    const shown = each.id && document.getElementById(each.id);
    if (shown) renew(shown, each);
  }
  fresh.set(id, now()); // what is shown by now, and nothing before it is
  old.dispatchEvent(new CustomEvent("ivigil:fresh", { bubbles: true }));
}

function judge() {
  for (const part of parts()) {
    const stale = !fresh.has(part.id) || now() - fresh.get(part.id) > STALE_AFTER;
    if (part.classList.contains("stale") === stale) continue;
    part.classList.toggle("stale", stale);
    const told = part.querySelector(":scope > .last-known");
    if (told) {
      told.hidden = !stale;
      told.textContent = stale ? told.dataset.text : "";
    }
    part.dispatchEvent(new CustomEvent("ivigil:stale", { bubbles: true, detail: stale }));
  }
}

function beat() {
  judge();
  if (document.hidden) return;
  for (const part of parts()) {
    const due = Number(part.dataset.every ?? 3) * 1000 - 100;
    if (!asked.has(part.id) || now() - asked.get(part.id) >= due) ask(part);
  }
}

for (const part of parts()) {
  fresh.set(part.id, now());
  asked.set(part.id, now());
}
setInterval(beat, 500);
document.addEventListener("visibilitychange", () => document.hidden || (asked.clear(), beat()));
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  fresh.clear(); // the page was put away and comes back: nothing on it is fresh
  asked.clear();
  beat();
});
addEventListener("online", () => (asked.clear(), beat()));
