// Rows dragged onto a place: what the button "Move there" says, by mouse. While something is dragged, each place that cannot
// take it is marked with the reason, which is said when the pointer comes there and when it is let go there. Where a name is taken, that
// is said too, and the drop makes the step: the draft offers ways out.
const PATIENCE_MS = 10_000;
const form = document.querySelector("[data-tree-form]");
const said = document.querySelector("[data-drag-said]");
// What is dragged: its boxes, the reasons of places that cannot take it (a promise), and such a place under the pointer.
let drag = null;

const placeAt = (target) => (target instanceof Element ? target.closest("[data-node][data-kind=category], [data-node][data-target], [data-top]") : null);
const rowOf = (place) => place.querySelector(":scope > .taxo-row") ?? place;
const nameOf = (place) => ("top" in place.dataset ? "The top" : place.dataset.path);

function say(words) {
  if (said.textContent !== words) said.textContent = words;
}

function boxesOf(item) {
  const box = item.querySelector(":scope > .taxo-row input[type=checkbox]");
  return box.checked ? [...document.querySelectorAll("[data-tree] input:checked")] : [box];
}

// Reasons, and hints at what is in the way, by the key of the place; none when the server does not say, for the draft names what is in the way as well.
async function reasonsFor(boxes) {
  const body = new URLSearchParams([["csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value]]);
  for (const box of boxes) body.append(box.name, box.value);
  try {
    const answer = await fetch(form.dataset.refusals, { method: "POST", body, signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.ok ? await answer.json() : { reasons: {}, hints: {} };
  } catch {
    return { reasons: {}, hints: {} };
  }
}

// A place that can take it says so as well, or it would count as disabled with the one that it lies in.
function mark({ reasons, hints }) {
  for (const place of document.querySelectorAll("[data-node][data-kind=category][data-key], [data-node][data-target], [data-top]")) {
    const reason = reasons[place.dataset.key ?? ""];
    place.setAttribute("aria-disabled", String(Boolean(reason)));
    const hint = hints[place.dataset.key ?? ""];
    if (!reason && !hint) continue;
    place.setAttribute("aria-description", reason ?? hint);
    rowOf(place).dataset[reason ? "refused" : "hint"] = reason ?? hint;
  }
}

function unmark() {
  for (const place of document.querySelectorAll("[data-node][aria-disabled], [data-top][aria-disabled]")) {
    place.removeAttribute("aria-disabled");
    place.removeAttribute("aria-description");
    delete rowOf(place).dataset.refused;
    delete rowOf(place).dataset.hint;
  }
}

function clearDrops() {
  for (const item of document.querySelectorAll("[data-drop]")) delete item.dataset.drop;
}

function onStart(event) {
  const item = event.target instanceof Element ? event.target.closest("[data-node]") : null;
  if (!item?.draggable) return;
  say("");
  event.dataTransfer.setData("text/x-tree-key", item.dataset.key);
  const boxes = boxesOf(item);
  const started = { boxes, reasons: reasonsFor(boxes), refused: null };
  drag = started;
  started.reasons.then((reasons) => drag === started && mark(reasons));
  for (const top of document.querySelectorAll("[data-top]")) top.dataset.shown = "";
}

function onOver(event) {
  const place = placeAt(event.target);
  clearDrops();
  if (!drag || !place) return;
  const reason = rowOf(place).dataset.refused;
  drag.refused = reason ? place : null;
  if (reason) {
    say(`${nameOf(place)} cannot take it. ${reason}`);
  } else {
    const hint = rowOf(place).dataset.hint;
    if (hint) say(`${nameOf(place)}: ${hint}`);
    place.dataset.drop = "";
    event.preventDefault();
  }
}

async function onDrop(event) {
  const place = placeAt(event.target);
  if (!drag || !place) return;
  event.preventDefault();
  const { boxes, reasons } = drag;
  const reason = (await reasons).reasons[place.dataset.key ?? ""];
  if (reason) {
    say(`Not moved. ${reason}`);
    return;
  }
  const chosen = new Set(boxes);
  for (const box of document.querySelectorAll("[data-tree] input[type=checkbox]")) {
    if (box.checked !== chosen.has(box)) box.click();
  }
  // What the draft makes has no address yet that is its own.
  form.elements.target.value = place.dataset.target ?? place.dataset.path;
  form.requestSubmit(form.querySelector("button[name=do][value=move]"));
}

function onEnd() {
  if (drag?.refused) say(`Not moved. ${rowOf(drag.refused).dataset.refused}`);
  drag = null;
  clearDrops();
  unmark();
  for (const top of document.querySelectorAll("[data-top]")) delete top.dataset.shown;
}

// Where the top is shown while something is dragged, there was room for it before: no row moves away under the pointer.
for (const top of document.querySelectorAll("[data-top]")) top.hidden = false;
form.addEventListener("dragstart", onStart);
form.addEventListener("dragenter", onOver);
form.addEventListener("dragover", onOver);
form.addEventListener("dragleave", clearDrops);
form.addEventListener("drop", onDrop);
form.addEventListener("dragend", onEnd);
document.addEventListener("pointerdown", () => say(""));
document.addEventListener("keydown", () => say(""));
