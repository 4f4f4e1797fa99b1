// Makes a part of the page like a fresh one, in place. What is in use stays: the focus, what is open, what is typed.
//
// Elements of before and now are the same by id, by data-key, or by what they are: a form by where it sends what.

const FIELDS = "input, select, textarea";
const NOT_SENT = ["id", "form_token"]; // of a form: made anew each time

/** Makes `old` like `made`. A form that somebody types in is kept even if it is gone: it alone. */
export function renew(old, made) {
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const typing = active?.matches(FIELDS) ? (active.closest("form") ?? active) : null;
  merge(old, made, { active, typing });
  if (active?.isConnected && active !== document.activeElement) active.focus({ preventScroll: true });
  for (const each of old.getAnimations({ subtree: true })) {
    if (each.animationName?.startsWith("aged")) each.currentTime = 0; // the sheet's own timer begins anew
  }
}

function key(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName;
  if (node.id) return `#${node.id}`;
  if (node.dataset.key) return `${node.nodeName} ${node.dataset.key}`;
  if (node.matches("form")) return formKey(node);
  if (node.matches("details")) return `details ${node.querySelector("summary")?.textContent}`;
  if (node.matches("button, input, select, textarea, option")) return `${node.nodeName} ${node.name ?? ""} ${node.type === "submit" ? node.value : ""}`;
  return `${node.nodeName} ${node.classList[0] ?? ""}`;
}

function formKey(form) {
  const fields = [...form.querySelectorAll("input[type=hidden]")].filter(({ name }) => !NOT_SENT.includes(name));
  return `form ${form.getAttribute("action")} ${fields.map(({ name, value }) => `${name}=${value}`).join(" ")}`;
}

function merge(old, made, use) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== made.data) old.data = made.data;
    return;
  }
  if (old.isEqualNode(made) || (old === use.active && old.matches(FIELDS))) return;
  for (const { name, value } of [...made.attributes]) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!made.hasAttribute(name) && !lasts(old, name)) old.removeAttribute(name);
  children(old, made, use);
}

const lasts = (element, name) => name === "open" && element.matches("details"); // whoever opened it closes it

function children(old, made, use) {
  const before = grouped(old.childNodes);
  const left = new Set(old.childNodes);
  let at = old.firstChild;
  for (const fresh of [...made.childNodes]) {
    const same = before.get(key(fresh))?.shift();
    if (same) left.delete(same);
    if (same) merge(same, fresh, use);
    if (same && (same === at || same.contains(use.active))) {
      at = same.nextSibling; // never moved: it would lose the focus
      continue;
    }
    const next = at?.nextSibling ?? null;
    const node = same ?? taken(fresh, use);
    if (at && at.parentNode !== old) at = next; // it was the form that went along
    old.insertBefore(node, at);
  }
  for (const node of left) {
    if (use.typing && node.contains(use.typing)) alone(node, use.typing);
    else node.remove();
  }
}

function grouped(nodes) {
  const found = new Map();
  for (const node of nodes) found.set(key(node), [...(found.get(key(node)) ?? []), node]);
  return found;
}

// A fresh element; the form that somebody types in goes along to where it is now.
function taken(fresh, { typing }) {
  const node = document.adoptNode(fresh);
  if (node.nodeType !== Node.ELEMENT_NODE || !typing?.matches("form")) return node;
  if (formKey(node) === formKey(typing)) return typing;
  [...node.querySelectorAll("form")].find((form) => formKey(form) === formKey(typing))?.replaceWith(typing);
  return node;
}

// Of what is there no more only the form that somebody types in.
function alone(node, typing) {
  for (let each = typing; each !== node; each = each.parentNode) {
    for (const other of [...each.parentNode.childNodes]) if (other !== each) other.remove();
  }
}
