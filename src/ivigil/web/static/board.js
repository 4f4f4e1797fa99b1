// Says aloud who newly needs somebody, and keeps their number in the title of the tab.

const TITLE = document.title;
let before = new Map();

function told() {
  const found = new Map();
  for (const place of document.querySelectorAll("[data-first]")) found.set(place.id, place.dataset.first);
  return found;
}

function tell() {
  const now = told();
  const fresh = [...now].filter(([id, text]) => before.get(id) !== text).map(([, text]) => text);
  const place = document.getElementById("board-told");
  if (place && fresh.length) place.textContent = fresh.join(". ");
  document.title = now.size ? `(${now.size}) ${TITLE}` : TITLE;
  before = now;
}

before = told();
document.title = before.size ? `(${before.size}) ${TITLE}` : TITLE;
document.addEventListener("ivigil:fresh", tell);
