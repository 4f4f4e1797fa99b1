// Which version of Ivigil made this page, and which one answers now. A page never takes parts of another version.
// It says that there is one, and goes on to it by itself once nobody touches it, nothing is typed and nothing waits.

const QUIET = 5_000;
const RELOADED = "ivigil-reloaded";
const BUILD = document.querySelector("meta[name=build]")?.content ?? "";

let last = BUILD;
let newer = "";
let touched = -Infinity;
let onward = () => location.reload();

/** How a page goes on to the newer version, if not by a reload. */
export const goesBy = (way) => (onward = way);

/** The version that answered last. */
export const answering = () => last;

/** Whether Ivigil itself answered, and nothing between it and us. */
export const ours = (answer) => answer.headers.has("x-ivigil-build");

/** Whether an answer is of another version than this page; then the page says so. */
export function foreign(answer) {
  if (!ours(answer)) return false;
  last = answer.headers.get("x-ivigil-build");
  tell(last === BUILD ? "" : last);
  return last !== BUILD;
}

function tell(made) {
  if (made === newer) return;
  newer = made;
  const told = document.getElementById("newer");
  if (told) told.hidden = !newer;
}

function changed(control) {
  if (control.matches("[type=checkbox], [type=radio]")) return control.checked !== control.defaultChecked;
  if (!control.matches("select")) return control.value !== control.defaultValue;
  const kept = [...control.options].findLastIndex((option) => option.defaultSelected);
  return control.selectedIndex !== Math.max(kept, 0);
}

// Nothing would be lost or come as a surprise.
function idle() {
  const controls = [...document.querySelectorAll("main input, main select, main textarea")];
  return (
    performance.now() - touched > QUIET &&
    !document.querySelector("[data-holds], .panel[open]") &&
    !document.activeElement?.matches("input, select, textarea") &&
    !controls.some(changed)
  );
}

function reload() {
  try {
    if (sessionStorage.getItem(RELOADED) === newer) return; // once: two servers may answer in turn
    sessionStorage.setItem(RELOADED, newer);
  } catch {
    return;
  }
  onward();
}

const button = document.querySelector("#newer button"); // none: the page answers a form and cannot be asked for again
button?.addEventListener("click", () => onward());
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => (touched = performance.now()), true);
setInterval(() => newer && button && idle() && reload(), 500);
if (!import.meta.url.includes(BUILD)) tell(import.meta.url); // replaced between the page and its modules
