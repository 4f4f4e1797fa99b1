// Signing out drops this device's keys of the person; first, what waits here is told. A page that asks for a sign-in
// tells that a session is over, by its time or otherwise: what this device showed goes, what waits stays.

import * as store from "./chair-store.js";
import { texts } from "./texts.js";

const say = texts("leave-texts");

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (new URL(form.action).pathname !== "/sign-out" || form.dataset.told || !store.works()) return;
  event.preventDefault();
  const user = form.closest("[data-user]")?.dataset.user; // on a locked screen nobody is named
  const { own } = await store.counted(user).catch(() => ({ own: 0 }));
  if (own && !form.dataset.asked) {
    form.dataset.asked = "yes";
    const text = say(own === 1 ? "one" : "many", { count: own });
    form.append(Object.assign(document.createElement("p"), { role: "alert", className: "fault", textContent: text }));
    return;
  }
  await store.forget(user).catch(() => {}); // without a name: whoever has nothing waiting
  form.dataset.told = "yes";
  form.submit();
});

if (document.querySelector("form[action='/sign-in']") && store.works()) store.close().catch(() => {});
