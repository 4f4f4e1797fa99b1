// The chair with a script: entries are kept on the device before they are sent, and sent once.
//
// Each form works without this module. With it, a tap is first written down here (encrypted), then sent under
// the id that the form made; what cannot be sent waits, is shown as not yet saved, and goes in its order.

import { answering, foreign, goesBy, ours } from "./build.js";
import * as store from "./chair-store.js";
import { renew } from "./renew.js";
import { texts } from "./texts.js";

const PATIENCE = 6_000;
const AGAIN = 3_000;
const PAGE = `ivigil-page-${globalThis.crypto?.randomUUID?.()}`;
const SHOWN = 10;
const DOUBLE_TAP = 1_500;
const QUICK = 700; // a button of the bar may say something else by then: it is one tap all the same
const SCANNED = "#identity-value, #vial-scan";
const UNREAD_STATUS = [400, 404, 405, 413]; // from us: it is the entry, not the connection
const UNREAD = {}; // the server could not read it at all
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const REMEMBER = 5_000;
const SOON = 1_000; // what is not answered by then is told as waiting
const TAPPED = "ivigil-tapped"; // the id of a tap that is not yet kept here: a page may end before it is

const tokenOf = (page) =>
  page.querySelector("meta[name=form-token]")?.content ?? page.querySelector("[name=form_token]")?.value ?? "";

let device, scope, path;
let home; // the address of this page: the chair's, or that of the locked screen
let token = tokenOf(document);
let sending = Promise.resolve();
let ticking = false;
let remembered = -Infinity;
let sent = []; // ids of what waited here and was sent
const say = texts("chair-texts");
const underWay = new Set(); // ids of taps of this page
const done = new Map(); // what this page entered and the server wrote: id to summary
const refused = new Set(); // ids that were answered with a no
let last = {}; // the tap before: its form, what it said, when
const offlinePage = !document.getElementById("device");
const shut = () => home !== path; // a locked screen: it tells and sends nothing but what halts

// --- sending

const Cut = class extends Error {}; // no answer that tells what became of it

async function post(entry) {
  const { halt, faults, judge, page: _, ...told } = entry;
  const answer = await fetch(`${path}/${halt ? "halt/" : ""}queue`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      "X-Form-Token": token,
      ...(entry.waited && { "X-Ivigil-Part": "queue" }), // the device sends, nobody touches
    },
    body: JSON.stringify({ ...told, sent_at: new Date().toISOString(), device: await deviceName() }),
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE),
  });
  foreign(answer);
  if (answer.ok) return answer.json();
  if (ours(answer) && UNREAD_STATUS.includes(answer.status)) return { outcome: "faulty", faults: [UNREAD] };
  if (answer.status === 403 && (await newToken())) throw new Cut("again");
  throw new Cut(answer.status === 423 ? "shut" : "no");
}

// A form token of this session, if the page is still that of the same person.
async function newToken() {
  const answer = await fetch(home, {
    cache: "no-store",
    redirect: "error",
    headers: { "X-Ivigil-Part": "token" },
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) return false;
  const made = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = tokenOf(made);
  if (made.getElementById("device")?.dataset.user !== device.user || !found || found === token) return false;
  token = found;
  return true;
}

async function deviceName() {
  let name = localStorage.getItem("ivigil-device");
  if (!name) localStorage.setItem("ivigil-device", (name = crypto.randomUUID().slice(0, 8)));
  return name;
}

// Send all that waits, in its order, one at a time for all tabs of this browser. The answer for `mine`, if it got one.
function flush(mine) {
  const work = () => locked(() => drain(mine));
  sending = sending.then(work, work);
  return sending;
}

// Each page holds a lock of its own name for as long as it lives.
async function lives({ page, id }) {
  if (page === PAGE) return underWay.has(id);
  return (await navigator.locks?.query())?.held.some(({ name }) => name === page);
}

const locked = (work) => (navigator.locks ? navigator.locks.request("ivigil-chair-queue", work) : work());

async function drain(mine) {
  let told;
  let halts = shut();
  for (const { place, entry } of await store.waiting(scope)) {
    if (unread(entry)) continue; // a person has to look; the rest goes on
    if (halts && !entry.halt) continue; // it waits until the screen is unlocked; a stop does not wait for it
    if (entry.id !== mine && !entry.waited) {
      if (await lives(entry)) return told; // its own page is about to send it
      await store.change(scope, place, Object.assign(entry, { waited: true }));
    }
    let answer;
    try {
      answer = await attempt(entry);
    } catch (error) {
      if (!(error instanceof Cut)) console.warn("not sent");
      if (!entry.waited) await store.change(scope, place, { ...entry, waited: true });
      if (error.message === "shut" && !entry.halt) {
        halts = true;
        continue;
      }
      cut(true);
      return told;
    }
    if (entry.id === mine) told = answer;
    if (answer.outcome !== "written") refused.add(entry.id);
    if (answer.outcome === "written" || !entry.waited) await store.remove(place);
    else await store.change(scope, place, { ...entry, faults: answer.faults?.length ? answer.faults : [UNREAD], judge: answering() });
  }
  return told;
}

// Whether the version that answers has said that it cannot read it; another one may.
const unread = ({ faults, judge }) => Boolean(faults) && judge === answering();

async function attempt(entry) {
  try {
    return await post(entry);
  } catch (error) {
    if (error instanceof Cut && error.message === "again") return post(entry);
    if (error instanceof Cut) throw error;
    throw new Cut("no");
  }
}

// --- forms

async function entered(event) {
  const { target: form, submitter } = event;
  if (!form.matches("form.entry") || !scope || !store.works()) return;
  event.preventDefault();
  const typed = fieldsOf(form, submitter);
  const text = JSON.stringify(typed);
  const one = last.text === text ? DOUBLE_TAP : form.closest("#halts") ? QUICK : 0;
  if (last.form === form && performance.now() - last.at < one) return;
  last = { form, text, at: performance.now() };
  stay();
  const { id } = form.elements;
  sessionStorage.setItem(TAPPED, id.value);
  const entry = {
    id: id.value,
    kind: form.action.split("/").at(-1),
    halt: form.action.includes("/halt/"),
    fields: typed,
    occurred_at: new Date().toISOString(),
    page: PAGE,
    version: Number(device.version ?? 1), // of the form, which may be older than this module
    waited: false,
  };
  document.body.dataset.holds = "yes";
  id.value = crypto.randomUUID(); // the next tap is another entry, whatever becomes of this one
  underWay.add(entry.id);
  try {
    await enter(form, submitter, entry);
  } finally {
    underWay.delete(entry.id);
    if (!going) show().catch(() => {});
  }
}

function fieldsOf(form, submitter) {
  const texts = [...new FormData(form, submitter)].filter(([, value]) => typeof value === "string");
  const { id: _, form_token: __, ...fields } = Object.fromEntries(texts);
  return fields;
}

async function enter(form, submitter, entry) {
  const natively = () => {
    form.elements.id.value = entry.id;
    asForm(form, submitter);
  };
  try {
    await store.add(scope, entry);
  } catch {
    return natively(); // nothing can be kept here: the form goes as it is
  } finally {
    sessionStorage.removeItem(TAPPED);
  }
  const slow = setTimeout(() => show().catch(() => {}), SOON);
  const answer = await flush(entry.id).finally(() => clearTimeout(slow));
  if (answer && answer.outcome !== "written") return natively(); // the page that says why
  const kept = (await store.waiting(scope)).find((each) => each.entry.id === entry.id);
  if (!kept) {
    done.set(entry.id, summary(entry)); // by this tab or another one
    return go(entry.id);
  }
  if (!kept.entry.waited) await store.change(scope, kept.place, { ...kept.entry, waited: true });
  if (JSON.stringify(fieldsOf(form, submitter)) === JSON.stringify(entry.fields)) {
    form.reset();
    form.closest("details.panel")?.removeAttribute("open");
  }
  await show();
  document.getElementById("waiting")?.scrollIntoView({ block: "nearest" });
}

function asForm(form, submitter) {
  if (submitter?.name) {
    const named = Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value });
    form.append(named);
  }
  if (!form.isConnected) document.body.append(Object.assign(form, { hidden: true })); // it went while it was sent
  form.submit();
}

let owed = []; // ids that the next page tells
let going = false; // it is on its way
addEventListener("pageshow", () => ((owed = []), (going = false)));

function go(...ids) {
  const told = [...new Set([...owed, ...ids])];
  if (going && owed.length === told.length) return; // the page on its way tells them all
  [owed, going] = [told, true];
  tell(told);
  location.assign(told.length ? `${home}?done=${told.join(",")}` : home);
}

// A tap comes before the page that was on its way, which would end this one and lose it.
function stay() {
  if (going) stop();
  going = false;
}

// What was saved is told at once: the page that tells it may be long in coming.
function tell(ids) {
  const entries = ids.map((id) => done.get(id)).filter(Boolean);
  if (entries.length) saved(say("saved", { entries: entries.join("; ") }));
}

// --- what waits

async function show() {
  const box = document.getElementById("waiting");
  if (!box || !scope) return;
  const all = await store.waiting(scope);
  const mine = all.filter(shown);
  bar(all);
  const { others } = await store.counted(device.user);
  box.hidden = !mine.length && !others;
  if (mine.length || underWay.size) document.body.dataset.holds = "yes";
  else delete document.body.dataset.holds;
  box.replaceChildren();
  if (mine.length) {
    box.append(element("h2", say(mine.length === 1 ? "waiting-one" : "waiting-many", { count: mine.length })));
    box.append(element("p", say("kept")));
    const list = element("ul");
    for (const { place, entry } of mine) list.append(line(place, entry));
    box.append(list, button(say("again"), () => tick(true)));
  }
  if (others) box.append(element("p", say("others", { count: others })));
}

const shown = ({ entry }) => !shut() || entry.halt;

function line(place, entry) {
  const made = element("li", summary(entry));
  if (entry.faults) {
    made.append(element("p", say("unreadable", { faults: entry.faults.map(fault).join("; ") })));
    made.append(button(say("remove"), async () => (await store.remove(place), show())));
  }
  return made;
}

const fault = (found) => say(found.field ? "fault" : "other-version", found);

function summary(entry) {
  const panel = document.getElementById(`panel-${entry.kind}`);
  const said = Object.entries(entry.fields)
    .filter(([name, value]) => value && name !== "at" && !(entry.kind === "slow" && name === "rate"))
    .map(([name, value]) => told([...(panel?.querySelectorAll(`[name="${CSS.escape(name)}"]`) ?? [])], value));
  const what = said.filter(Boolean).join(", ");
  return `${time(entry.occurred_at)} ${say(`kind-${entry.kind}`, entry.fields)}${what ? `: ${what}` : ""}`;
}

// The time of day where the plan is, whatever zone the device is set to.
const time = (moment) =>
  new Date(Date.parse(moment) + Number(device.offset ?? 0) * 60_000).toISOString().slice(11, 16);

// A value as the form of its kind shows it: with label and unit, by what was chosen; ids are for machines.
function told(fields, value) {
  const button = fields.find((each) => each.type === "submit" && each.value === value);
  if (button) return button.textContent;
  const field = fields.find((each) => each.type !== "submit");
  const label = field?.labels?.[0]?.textContent ?? "";
  if (field?.type === "checkbox") return label;
  const chosen = [...(field?.options ?? [])].find((option) => option.value === value)?.textContent;
  const unit = field?.closest(".with-unit")?.querySelector(".unit")?.textContent ?? "";
  return chosen ?? (UUID.test(value) ? "" : `${label} ${value} ${unit}`.trim());
}

// --- stop and slow

// The bar as it is after what waits here, of which the server does not know.
function bar(waiting) {
  const place = document.getElementById("halts");
  const spare = document.getElementById("spare-halts")?.content;
  const rate = waiting.filter(({ entry }) => !unread(entry)).reduce((before, { entry }) => rateAfter(entry) ?? before, null);
  if (!place || !spare || rate === null) return;
  const below = (place.dataset.rates ?? "").split(" ").filter((each) => each && Number(each) < rate);
  const slower = below.sort((one, other) => other - one)[0];
  const made = place.cloneNode(false);
  made.append(halt(spare, "halt-stop"));
  if (slower) made.append(halt(spare, "halt-slow", slower));
  else if (rate !== 0) made.append(halt(spare, "halt-pause"));
  renew(place, made);
}

// What flows after an entry; NaN: something, nobody here knows how much; null: it tells nothing of it.
function rateAfter({ kind, fields }) {
  if (["pause", "disconnect", "stop", "completed"].includes(kind)) return 0;
  if (!["slow", "rate", "resume", "start"].includes(kind)) return null;
  return fields.rate ? Number(fields.rate.replace(",", ".")) : NaN;
}

function halt(spare, id, rate = "") {
  const form = spare.getElementById(id).cloneNode(true);
  const [button, { elements }] = [form.querySelector("button"), form];
  elements.id.value = crypto.randomUUID();
  elements.form_token.value = token;
  if (elements.rate) elements.rate.value = rate;
  button.textContent = button.textContent.replace("{rate}", rate);
  return form;
}

// --- the forms to record

// They come anew when somebody else's entry, or the time, has changed what comes up; not while one is in use.
async function record() {
  const old = document.getElementById("record");
  const inUse = () => old?.querySelector(".panel[open]");
  if (!old || inUse() || document.getElementById("halts")?.dataset.record === old.dataset.of) return;
  const answer = await fetch(path, {
    headers: { "X-Ivigil-Part": "record", Accept: "text/html" },
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (foreign(answer) || !answer.ok) return;
  const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("record");
  if (!made || inUse()) return;
  renew(old, made);
  old.dispatchEvent(new CustomEvent("ivigil:fresh", { bubbles: true }));
}

// A link to a panel opens it and leads into its first field, so that what is typed or scanned next goes there.
function led(event) {
  const kind = event.target.closest?.("a[href^='#']")?.hash.slice(1);
  const panel = kind && document.getElementById(`panel-${kind}`);
  if (!panel) return;
  event.preventDefault();
  panel.open = true;
  document.getElementById(kind).scrollIntoView();
  const fields = [...panel.querySelectorAll(".inside :is(input:not([type=hidden]), select, textarea, button)")];
  fields.find((each) => each.checkVisibility())?.focus({ preventScroll: true });
}

// A panel that takes what a scanner types is ready for it as soon as it is open.
function unfolded({ target }) {
  if (target.matches?.(".panel[open]") && !target.contains(document.activeElement?.closest(".inside")))
    target.querySelector(SCANNED)?.focus({ preventScroll: true });
}

const saved = (text) => above("saved", "status", text);
const alarm = (text) => above("unkept", "alert", text);

function above(id, role, text) {
  const told = document.getElementById(id) ?? Object.assign(element("p"), { id });
  told.setAttribute("role", role);
  told.textContent = text;
  document.querySelector(".chair")?.before(told);
}

const element = (name, text = "") => Object.assign(document.createElement(name), { textContent: text });
const button = (text, work) => {
  const made = Object.assign(element("button", text), { type: "button", className: "plain" });
  made.addEventListener("click", work);
  return made;
};

// --- the connection

const cut = (is) => document.body.classList.toggle("cut", is);

async function tick(now = false) {
  if (!scope || (document.hidden && !now)) return;
  const before = (await store.waiting(scope)).filter((each) => !unread(each.entry) && shown(each));
  if (!before.length || ticking) return; // a server that does not answer piles up nothing
  ticking = true;
  await flush().finally(() => (ticking = false));
  const left = new Set((await store.waiting(scope)).map(({ place }) => place));
  const gone = before.filter(({ place, entry }) => !left.has(place) && !refused.has(entry.id)).map(({ entry }) => entry);
  sent = [...sent, ...gone.map(({ id }) => id)].slice(-SHOWN);
  if (gone.length) saved(say("saved", { entries: gone.map(summary).join("; ") }));
  await show();
}

async function keep() {
  if (offlinePage || performance.now() - remembered < REMEMBER) return;
  remembered = performance.now();
  const main = document.querySelector("main").cloneNode(true);
  for (const part of [main, ...[...main.querySelectorAll("template")].map(({ content }) => content)])
    for (const field of part.querySelectorAll("[name=form_token]")) field.value = "";
  for (const panel of main.querySelectorAll(".panel[open]")) panel.removeAttribute("open");
  const banner = document.querySelector(".banner")?.innerHTML ?? "";
  await store.remember(scope, home, { main: main.innerHTML, banner, title: document.title }).catch(() => {});
}

// A page that ended between a tap and its keeping: whoever tapped has to know.
async function unkept() {
  const tapped = sessionStorage.getItem(TAPPED);
  sessionStorage.removeItem(TAPPED);
  if (tapped && !(await store.waiting(scope)).some(({ entry }) => entry.id === tapped)) alarm(say("unkept"));
}

// The connection is back: the whole page instead of what was remembered, unless somebody types here.
function whole() {
  if (offlinePage && !underWay.size && !document.querySelector(".panel[open]")) go(...sent);
}

// The empty page that the service worker keeps is filled with what this device last knew.
async function restore() {
  const shown = await store.recall(location.pathname);
  if (!shown) return false;
  document.querySelector("main").innerHTML = shown.main;
  document.title = shown.title;
  const banner = Object.assign(document.createElement("div"), { className: "banner", innerHTML: shown.banner });
  document.querySelector("main").before(banner);
  for (const field of document.querySelectorAll("form.entry [name=id]")) field.value = crypto.randomUUID();
  document.querySelector(".done")?.remove();
  if (new URLSearchParams(location.search).has("done")) saved(say("saved-unseen"));
  cut(true);
  return true;
}

async function begin() {
  if (!store.works() || (offlinePage && !(await restore()))) return;
  device = { ...document.getElementById("device").dataset };
  scope = store.scopeOf(device);
  path = device.path;
  home = device.page ?? path;
  navigator.locks?.request(PAGE, () => new Promise(() => {}));
  document.addEventListener("submit", entered);
  document.addEventListener("ivigil:fresh", (event) => {
    if (!["now", "locked"].includes(event.target.id)) return;
    cut(false);
    keep();
    store.waiting(scope).then(bar);
    record().catch(() => {}); // no answer: again with the next one
    tick().then(whole);
  });
  document.addEventListener("click", led);
  document.addEventListener("toggle", unfolded, true);
  addEventListener("offline", () => cut(true));
  addEventListener("online", () => tick(true));
  setInterval(tick, AGAIN);
  goesBy(() => go(...sent));
  await unkept();
  await show();
  if (!offlinePage) await keep();
  await tick(true);
  navigator.serviceWorker?.register("/chair/worker.js", { scope: "/chair/" }).catch(() => {});
  document.documentElement.dataset.chair = "ready";
}

begin();
