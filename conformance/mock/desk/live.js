// The page is whole without this. With it, what it shows is fetched anew every second, and the parts that differ are put in
// place of the old ones, with the focus where it was; forms are sent without leaving the page.
"use strict";

const every = 1000, longest = 8000, patience = 5000, quiet = 10000; // milliseconds

const by = id => document.getElementById(id);
const pause = by("pause");
let paused = false, failures = 0, tag = "", timer, polling = false, sending = false;

// html is what each row was made of, since a row may have been marked since.
const html = new WeakMap();

function merge(text, answered) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const here = by(part.id);
    if (here) (part.dataset.live === "rows" ? mergeRows : mergeText)(here, part);
  }
  if (answered) by("notice").replaceChildren(...fresh.querySelectorAll("#notice > *"));
  announce();
}

function mergeText(here, fresh) {
  if (here.innerHTML !== fresh.innerHTML) here.replaceChildren(...fresh.childNodes);
}

// mergeRows leaves rows that are as they were where they are, and never moves one: that would take the focus away.
function mergeRows(here, fresh) {
  const wanted = new Set(Array.from(fresh.children, row => row.dataset.key));
  for (const row of Array.from(here.children)) if (!wanted.has(row.dataset.key)) remove(here, row);
  let at = here.firstElementChild;
  for (const row of Array.from(fresh.children)) {
    const source = row.outerHTML;
    if (at?.dataset.key !== row.dataset.key) {
      row.classList.add("new");
      here.insertBefore(row, at);
    } else if ((html.get(at) ?? at.outerHTML) === source) {
      at = at.nextElementSibling;
      continue;
    } else {
      const act = held(at);
      const next = at.nextElementSibling;
      at.replaceWith(row);
      if (act !== null) focus(row, act, here);
      at = next;
    }
    html.set(row, source);
  }
}

// held tells which control of a row has the focus; null: none of them.
function held(row) {
  const active = document.activeElement;
  return row.contains(active) ? active.dataset.act ?? active.id ?? "" : null;
}

function focus(row, act, list) {
  const controls = row ? Array.from(row.querySelectorAll("a, button, select")) : [];
  const target = controls.find(one => act && (one.dataset.act === act || one.id === act)) ?? controls[0] ?? list.closest("section").querySelector("h2");
  target.focus({ preventScroll: controls.length > 0 });
}

// remove takes a row away. Focus in it goes on to the one that comes in its place.
function remove(list, row) {
  const act = held(row);
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (act !== null) focus(next, act, list);
}

// announce tells a screen reader how things are, now and then, and only if that has changed.
let announced = by("summary").textContent, last = Date.now();
function announce() {
  const summary = by("summary").textContent;
  if (paused || summary === announced || Date.now() - last < quiet) return;
  by("announcement").textContent = announced = summary;
  last = Date.now();
}

async function ask(address, options) {
  return fetch(address, { cache: "no-store", signal: AbortSignal.timeout(patience), ...options });
}

async function poll() {
  clearTimeout(timer);
  if (paused || polling || sending || document.hidden) return;
  polling = true;
  try {
    const answer = await ask(document.body.dataset.here, { headers: tag ? { "If-None-Match": tag } : {} });
    const text = await answer.text();
    if (answer.ok && !paused && !sending) {
      tag = answer.headers.get("ETag") ?? "";
      merge(text, false);
    }
    failures = 0;
  } catch {
    failures++;
  }
  if (!paused) tell(failures ? "The mock does not answer. This is how things were before." : "");
  polling = false;
  announce();
  again();
}

function again() {
  clearTimeout(timer);
  if (!paused) timer = setTimeout(poll, Math.min(every * 2 ** failures, longest));
}

function tell(text) {
  const connection = by("connection");
  if (connection.textContent !== text) connection.textContent = by("announcement").textContent = text;
}

document.addEventListener("submit", async event => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  if (sending) return;
  sending = true;
  try {
    const answer = await ask(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)) });
    if (!answer.headers.get("Content-Type")?.startsWith("text/html")) throw new Error("no page");
    tag = "";
    merge(await answer.text(), true);
  } catch {
    by("notice").textContent = "It may not have been done: the mock did not answer as it should.";
  }
  sending = false;
  again();
});

pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  tell(paused ? "Paused." : "");
  poll();
});
pause.hidden = false;
document.addEventListener("visibilitychange", poll);
again();
