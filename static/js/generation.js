// A generation's page, live: text is appended as it comes; what else happens makes the course be read again. The page
// works without this by polling. Every event has a number: what is on the page already is not appended again, and what
// came while the course was being read is appended to the fresh one.
const ID = "generation-progress";
const FAILURES_ALLOWED = 3;
const HIDDEN_MILLISECONDS = 3000;

let source = null;
let isOpen = false;
let failures = 0;
let seen = 0;
let moved = 0;
let kept = [];
let timer = 0;
let leaving = 0;
const folds = new Map();

const course = () => document.getElementById(ID);

function appendTo(box, text) {
  const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  box.append(text);
  if (isAtEnd) box.scrollTop = box.scrollHeight;
}

function fieldBox(live, name) {
  const known = [...live.querySelectorAll(".live-field")].find((one) => one.dataset.field === name);
  if (known) return known.querySelector("[data-text]");
  const field = document.createElement("div");
  field.className = "live-field";
  field.dataset.field = name;
  const title = document.createElement("h4");
  title.textContent = name.replaceAll("_", " ");
  const text = document.createElement("pre");
  text.className = "live-text";
  text.dataset.text = "";
  text.tabIndex = 0;
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", title.textContent);
  field.append(title, text);
  live.append(field);
  return text;
}

function show(event) {
  const live = document.querySelector(`[data-live="${CSS.escape(event.key)}"]`);
  if (!live || event.n <= Number(course()?.dataset.last)) return;
  const thoughts = live.querySelector("[data-reasoning]");
  if (event.is_restart) {
    for (const field of live.querySelectorAll(".live-field")) field.remove();
    thoughts.querySelector("[data-text]").textContent = "";
    thoughts.hidden = true;
  }
  if (event.kind === "reasoning") {
    thoughts.hidden = false;
    appendTo(thoughts.querySelector("[data-text]"), event.text);
  } else if (event.kind === "tokens") {
    appendTo(fieldBox(live, event.field), event.text);
  }
}

function readAgain(delay) {
  if (timer) return;
  timer = setTimeout(() => {
    timer = 0;
    window.htmx.trigger(document.body, "generation-moved");
  }, delay);
}

function take(event) {
  if (event.n <= seen) return;
  seen = event.n;
  if (event.kind === "tokens" || event.kind === "reasoning") {
    kept.push(event);
    show(event);
  } else {
    moved = event.n;
    // Many who watch must not all ask in the same moment.
    readAgain(100 + Math.random() * 400);
  }
}

function close() {
  source?.close();
  source = null;
  isOpen = false;
}

function listen() {
  const section = course();
  if (source || !section?.dataset.events || failures >= FAILURES_ALLOWED || !("EventSource" in window)) return;
  seen = Math.max(seen, Number(section.dataset.last));
  source = new EventSource(`${section.dataset.events}?after=${seen}`);
  source.addEventListener("open", () => {
    isOpen = true;
    failures = 0;
  });
  source.addEventListener("message", (message) => take(JSON.parse(message.data)));
  source.addEventListener("error", () => {
    // The browser tries again by itself, from the last number; polling goes on until it is through.
    isOpen = false;
    failures += 1;
    if (source?.readyState === EventSource.CLOSED || failures >= FAILURES_ALLOWED) close();
  });
  for (const name of ["end", "pause"]) {
    source.addEventListener(name, () => {
      close();
      readAgain(50);
    });
  }
}

// A browser keeps few connections to one site: a tab that nobody sees gives its own back, and asks when it is seen again.
document.addEventListener("visibilitychange", () => {
  clearTimeout(leaving);
  if (document.hidden) {
    leaving = setTimeout(close, HIDDEN_MILLISECONDS);
  } else if (!source && course()?.dataset.events) {
    listen();
    readAgain(0);
  }
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  // While people are waited for, the slow poll goes on: who looks after a question is no event of the course.
  const isQuickPoll = elt.id === ID && !requestConfig.triggeringEvent && elt.dataset.pace === "2";
  if (isQuickPoll && isOpen) event.preventDefault();
  // What somebody has begun to type is not taken away; they are told, and decide.
  const form = elt.id === "generation-now" ? elt.querySelector("form[data-answer]") : null;
  if (form && isTyped(form)) {
    event.preventDefault();
    elt.querySelector("[data-stale]").hidden = false;
  }
  // Nor a menu that somebody has open.
  if (elt.id === "prompt-care" && elt.querySelector("details[open]")) event.preventDefault();
});

// What came back with a fault counts as typed, and what the browser put back by itself too.
function isTyped(form) {
  if ("typed" in form.dataset) return true;
  const own = [...form.elements].filter((one) => form.contains(one) && one.type !== "hidden");
  return own.some((one) => ("checked" in one && one.checked !== one.defaultChecked) || (one.matches("input[type=text], input:not([type]), textarea") && one.value !== one.defaultValue));
}

document.addEventListener(
  "toggle",
  (event) => {
    if (event.target instanceof HTMLDetailsElement && event.target.dataset.keep) {
      folds.set(event.target.dataset.keep, event.target.open);
    }
  },
  true,
);

const ends = new Map();

document.addEventListener("htmx:beforeSwap", (event) => {
  ends.clear();
  for (const box of event.detail.target?.querySelectorAll?.("[data-live] .live-text") ?? []) {
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    ends.set(`${box.closest("[data-live]").dataset.live} ${box.parentElement.dataset.field}`, isAtEnd ? Infinity : box.scrollTop);
  }
});

document.addEventListener("htmx:afterSwap", () => {
  for (const fold of document.querySelectorAll("details[data-keep]")) {
    const wanted = folds.get(fold.dataset.keep);
    if (wanted !== undefined && fold.open !== wanted) fold.open = wanted;
  }
  const section = course();
  if (!section) return;
  const last = Number(section.dataset.last);
  seen = Math.max(seen, last);
  // What happened while this course was on its way stands in the next one: the section that had asked for it is gone.
  if (moved > last) readAgain(100);
  kept = kept.filter((one) => one.n > last);
  for (const one of kept) show(one);
  for (const box of section.querySelectorAll("[data-live] .live-text")) {
    const top = ends.get(`${box.closest("[data-live]").dataset.live} ${box.parentElement.dataset.field}`) ?? Infinity;
    box.scrollTop = top === Infinity ? box.scrollHeight : top;
  }
  if (!section.dataset.events) close();
  else listen();
});

for (const box of document.querySelectorAll("[data-live] .live-text")) box.scrollTop = box.scrollHeight;
listen();
