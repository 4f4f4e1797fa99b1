// New plan: with every change the form is sent to the server after a short pause, and the parts that it answers
// (the plan, echoes, faults, lists) replace those with the same id. Without this module the button "Plan" does it.

import { foreign } from "./build.js";

const PAUSE = 250;
const PATIENCE = 15_000;

const place = document.querySelector("[data-previews]");
const form = place?.querySelector("form");
const said = document.getElementById("plan-said");

let timer = 0;
let under = null; // the request under way
let turn = 0; // counts what was asked, so that an answer of before is dropped
let answered = -1; // the place of the question that was answered last, until the plan with the next one came

const SETTLE = 600;
let settled = 0; // a press before it is one on a question that has just moved

const panel = () => document.getElementById("plan");

function changed(pause = PAUSE) {
  turn += 1;
  panel().setAttribute("aria-busy", "true");
  clearTimeout(timer);
  timer = setTimeout(ask, pause);
}

async function ask() {
  const mine = turn;
  under?.abort();
  under = new AbortController();
  const patience = setTimeout(() => under.abort("slow"), PATIENCE);
  try {
    const answer = await fetch(place.dataset.previews, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "text/html" },
      cache: "no-store",
      redirect: "error",
      signal: under.signal,
    });
    foreign(answer);
    if (mine !== turn) return;
    if (answer.ok) {
      put(await answer.text(), mine);
      rank(mine, under.signal);
    } else outdated(answer.status);
  } catch {
    if (mine === turn) outdated(0);
  } finally {
    clearTimeout(patience);
  }
}

/** The questions once more, ranked by what their answers change: it takes longer than the plan. */
async function rank(mine, signal) {
  const path = document.getElementById("questions")?.dataset.ranks;
  if (!path) return;
  try {
    const answer = await fetch(path, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "text/html" },
      cache: "no-store",
      redirect: "error",
      signal,
    });
    foreign(answer);
    if (!answer.ok || mine !== turn) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("questions");
    if (fresh && mine === turn) keep(fresh);
  } catch {
    // the plan stands, its questions in the order of the facts
  }
}

/** Put the ranked questions in place; what is open, typed and focused stays. */
function keep(fresh) {
  const old = document.getElementById("questions");
  const at = old.contains(document.activeElement) ? document.activeElement : null;
  if (at?.matches("input")) return; // somebody is typing: nothing moves under the hand
  const asked = at?.closest("[data-control]")?.dataset.control;
  const open = new Set([...old.querySelectorAll("details[open]")].map(named));
  old.replaceWith(document.adoptNode(fresh));
  for (const details of fresh.querySelectorAll("details")) details.open = open.has(named(details));
  settled = performance.now() + SETTLE;
  const same = asked && [...fresh.querySelectorAll("[data-control]")].find((item) => item.dataset.control === asked);
  same?.closest("details")?.setAttribute("open", "");
  same?.querySelector(".answers button")?.focus();
}

/** Until they are ranked anew the questions stay in the order in which they stood. */
function asBefore(order) {
  const lists = [...document.querySelectorAll("#questions ol.questions")];
  const place = (item) => (order.indexOf(item.dataset.control) + 1 || order.length + 1);
  const items = lists.flatMap((list) => [...list.children]);
  const sorted = items.toSorted((one, other) => holds(other) - holds(one) || place(one) - place(other));
  for (const list of lists) list.append(...sorted.splice(0, list.children.length));
}

const holds = (item) => Number(item.classList.contains("holds"));
const controls = () => [...document.querySelectorAll("#questions [data-control]")].map((item) => item.dataset.control);

function put(html, mine) {
  if (mine !== turn) return;
  const order = controls();
  const made = new DOMParser().parseFromString(html, "text/html");
  const focused = document.activeElement?.id ?? "";
  const typed = focused.startsWith("answer-") ? document.activeElement.value : "";
  const scrolled = panel().closest(".made").scrollTop;
  const open = new Set([...panel().querySelectorAll("details[open]")].map(named));
  for (const old of form.querySelectorAll("[data-preview][id]")) {
    const fresh = made.getElementById(old.id);
    if (fresh) old.replaceWith(document.adoptNode(fresh));
    else if (old.id !== "list-condition") old.replaceChildren(); // that list never changes
  }
  asBefore(order);
  for (const details of panel().querySelectorAll("details")) {
    if (open.has(named(details))) details.open = true;
  }
  for (const faults of form.querySelectorAll(".faults[id]")) mark(faults);
  panel().closest(".made").scrollTop = scrolled;
  const again = focused && document.getElementById(focused);
  if (again && again !== document.activeElement) {
    if (typed) again.value = typed;
    again.focus({ preventScroll: true });
  }
  if (answered >= 0) onward();
  if (said.textContent !== panel().dataset.said) said.textContent = panel().dataset.said;
}

const questions = () => [...panel().querySelectorAll(".question")];

/** After an answer: to the question that has come to its place, or to the last; whoever went elsewhere stays. */
function onward() {
  const next = questions()[answered] ?? questions().at(-1);
  answered = -1;
  if (document.activeElement !== document.body) return;
  next?.closest("details")?.setAttribute("open", "");
  if (!next) panel().tabIndex = -1; // none is left: to the plan
  (next?.querySelector(".answers :is(input, button)") ?? panel()).focus();
}

/** A details element by its summary: what was open stays open. */
const named = (details) => details.querySelector("summary")?.textContent ?? "";

function mark(faults) {
  const control = document.getElementById(`at-${faults.id.slice("fault-".length)}`);
  if (!control || control.type === "radio") return;
  const wrong = faults.childElementCount > 0;
  if (wrong) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
  control.closest(".field")?.classList.toggle("wrong", wrong);
}

function outdated(status) {
  const told = panel().querySelector(".outdated");
  panel().removeAttribute("aria-busy");
  panel().classList.add("outdated-now");
  told.hidden = false;
  told.textContent = status === 401 || status === 423 ? told.dataset.locked : told.dataset.silent;
  said.textContent = told.textContent;
}

/** Write an answer into its control, as if it had been typed there. */
function answer(name, value) {
  const controls = [...form.elements].filter((control) => control.name === name);
  if (!controls.length) return false;
  for (const control of controls) {
    if (control.type === "radio" || control.type === "checkbox") control.checked = control.value === value;
    else control.value = value;
  }
  controls[0].closest("details")?.setAttribute("open", "");
  changed(0);
  return true;
}

function onClick(event) {
  const button = event.target.closest("button");
  if (button?.closest("#questions") && performance.now() < settled) {
    event.preventDefault();
    return;
  }
  if (!button) {
    const link = event.target.closest('a[href^="#at-"]');
    if (link) reveal(event, link);
    return;
  }
  answering(button);
  const input = button.closest(".answers")?.querySelector("input[data-answer]");
  if (input) {
    event.preventDefault();
    if (input.value.trim()) answer(input.dataset.answer, input.value);
  } else if (button.name === "set") {
    const [name, ...value] = button.value.split("=");
    if (answer(name, value.join("="))) event.preventDefault();
  }
}

const answering = (control) => (answered = questions().indexOf(control.closest(".question")));

function reveal(event, link) {
  const control = document.getElementById(link.getAttribute("href").slice(1));
  if (!control) return;
  event.preventDefault();
  control.closest("details")?.setAttribute("open", "");
  control.focus();
  control.scrollIntoView({ block: "center" });
}

function onKey(event) {
  if (event.key !== "Enter" || !event.target.matches("input[data-answer]")) return;
  event.preventDefault();
  answering(event.target);
  if (event.target.value.trim()) answer(event.target.dataset.answer, event.target.value);
}

if (form) {
  form.addEventListener("input", (event) => event.target.matches("[data-answer]") || changed());
  document.addEventListener("click", onClick);
  form.addEventListener("keydown", onKey);
  addEventListener("pageshow", (event) => event.persisted && changed(0));
}
