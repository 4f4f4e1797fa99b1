// What this device keeps of the chair: entries that wait to be sent, and the last page that it saw.
//
// Both are encrypted (AES-GCM) under a key of one person, patient and plan that no script can read out; at
// sign-out the person's keys are thrown away, and once a session is over all that no waiting entry needs. The scope is bound into each box: one put elsewhere does not open.

const NAME = "ivigil-chair";
const STORES = { keys: {}, queue: { autoIncrement: true }, known: {} };

export const scopeOf = ({ user, patient, plan }) => `${user}|${patient}|${plan}`;
export const works = () => Boolean(globalThis.indexedDB && globalThis.crypto?.subtle);

let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(STORES)) asked.result.createObjectStore(name, options);
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close(); // a newer page changes it: never hold it up
      asked.result.onclose = () => (opened = undefined);
      resolve(asked.result);
    };
    asked.onerror = () => {
      opened = undefined;
      reject(asked.error);
    };
  });
  return opened;
}

// One transaction; resolves once it is on disk.
async function within(stores, mode, work) {
  const made = (await database()).transaction(stores, mode, { durability: "strict" });
  return new Promise((resolve, reject) => {
    let result;
    made.oncomplete = () => resolve(result?.result);
    made.onerror = made.onabort = () => reject(made.error);
    result = work(made);
  });
}

async function keyOf(scope, make) {
  const found = await within("keys", "readonly", (tx) => tx.objectStore("keys").get(scope));
  if (found || !make) return found;
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await within("keys", "readwrite", (tx) => tx.objectStore("keys").add(key, scope)).catch(() => {});
  return keyOf(scope, false); // of two tabs at once, one made it
}

async function sealed(scope, name, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = new TextEncoder().encode(`${scope}|${name}`);
  const plain = new TextEncoder().encode(JSON.stringify(value));
  const box = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, await keyOf(scope, true), plain);
  return { scope, name, iv, box };
}

async function unsealed({ scope, name, iv, box }) {
  const key = await keyOf(scope, false);
  if (!key) return undefined;
  const additionalData = new TextEncoder().encode(`${scope}|${name}`);
  try {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, box);
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return undefined;
  }
}

async function boxes() {
  let found;
  await within("queue", "readonly", (tx) => {
    const store = tx.objectStore("queue");
    found = [store.getAllKeys(), store.getAll()];
  });
  return found[0].result.map((place, at) => ({ place, ...found[1].result[at] }));
}

// Keep an entry until it is sent; its place in the queue. It is never put beside a key that has just gone.
export async function add(scope, entry) {
  const box = await sealed(scope, entry.id, entry);
  const place = await within(["keys", "queue"], "readwrite", (tx) => {
    const told = {};
    tx.objectStore("keys").count(scope).onsuccess = ({ target }) => {
      if (target.result) tx.objectStore("queue").add(box).onsuccess = (event) => (told.result = event.target.result);
    };
    return told;
  });
  return place ?? add(scope, entry);
}

// Change an entry that is kept, in its place.
export async function change(scope, place, entry) {
  const box = await sealed(scope, entry.id, entry);
  await within("queue", "readwrite", (tx) => tx.objectStore("queue").put(box, place));
}

export const remove = (place) => within("queue", "readwrite", (tx) => tx.objectStore("queue").delete(place));

// The entries of a scope in the order in which they were made: [{place, entry}].
export async function waiting(scope) {
  const mine = (await boxes()).filter((each) => each.scope === scope);
  const read = await Promise.all(mine.map(async (each) => ({ place: each.place, entry: await unsealed(each) })));
  return read.filter((each) => each.entry);
}

// How many entries wait that are of another person, or of this person (user id).
export async function counted(user) {
  const all = await boxes();
  const own = all.filter((each) => each.scope.startsWith(`${user}|`)).length;
  return { own, others: all.length - own };
}

// Keep what a page shows, for when there is no connection.
export async function remember(scope, path, shown) {
  const box = await sealed(scope, path, shown);
  await within("known", "readwrite", (tx) => tx.objectStore("known").put(box, path));
}

export async function recall(path) {
  const box = await within("known", "readonly", (tx) => tx.objectStore("known").get(path));
  return box && unsealed(box);
}

// The session is over: nothing that was shown stays, and of the keys only those of entries that wait, for the same
// person to send after signing in again.
export const close = () =>
  within(["keys", "queue", "known"], "readwrite", (tx) => {
    tx.objectStore("known").clear();
    tx.objectStore("queue").getAll().onsuccess = ({ target }) => {
      const busy = new Set(target.result.map(({ scope }) => scope));
      const keys = tx.objectStore("keys");
      keys.getAllKeys().onsuccess = (event) => {
        for (const scope of event.target.result) if (!busy.has(scope)) keys.delete(scope);
      };
    };
  });

// Throw away the keys of a person, and with them all that they open; of everybody with nothing waiting if none is
// named.
export async function forget(user) {
  const queued = await boxes();
  const busy = new Set(queued.map((each) => each.scope));
  const of = (scope) => (user ? scope.startsWith(`${user}|`) : !busy.has(scope));
  let asked;
  await within(["keys", "known"], "readonly", (tx) => {
    const known = tx.objectStore("known");
    asked = [tx.objectStore("keys").getAllKeys(), known.getAllKeys(), known.getAll()];
  });
  const [scopes, paths, shown] = asked.map((each) => each.result);
  await within(["keys", "queue", "known"], "readwrite", (tx) => {
    for (const scope of scopes) if (of(scope)) tx.objectStore("keys").delete(scope);
    for (const { place, scope } of queued) if (of(scope)) tx.objectStore("queue").delete(place);
    paths.forEach((path, at) => of(shown[at].scope) && tx.objectStore("known").delete(path));
  });
}
