// Rows dragged onto a place, or cut and put there by keys: what the button "Move there" says. While something is carried, each place that cannot
// take it is marked with the reason, which is said when the pointer comes there and when it is let go there. Where a name is taken, that
// is said too, and the drop makes the step: the draft offers ways out.
const PATIENCE_MS = 10_000;
const form = document.querySelector("[data-tree-form]");
const said = document.querySelector("[data-drag-said]");
// What is dragged: its boxes, the reasons of places that cannot take it (a promise), and such a place under the pointer.
let drag = null;
// What was cut by keys: its boxes, and the reasons as above.
let cut = null;

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
  await moveTo(place.dataset, drag);
}

// Make the step "Move there" of what is carried; where the place cannot take it, say why. What the draft makes has no address yet that is its own.
async function moveTo({ key, path, target }, { boxes, reasons }) {
  const reason = (await reasons).reasons[key ?? ""];
  if (reason) {
    say(`Not moved. ${reason}`);
    return;
  }
  choose(boxes);
  form.elements.target.value = target ?? path;
  form.requestSubmit(form.querySelector("button[name=do][value=move]"));
}

function choose(boxes) {
  const chosen = new Set(boxes);
  // What a search found beside these rows is not carried.
  document.querySelector("[data-every]:checked")?.click();
  for (const box of document.querySelectorAll("[data-tree] input[type=checkbox]")) {
    if (box.checked !== chosen.has(box)) box.click();
  }
}

function onEnd() {
  if (drag?.refused) say(`Not moved. ${rowOf(drag.refused).dataset.refused}`);
  drag = null;
  clearDrops();
  unmark();
  if (cut) {
    const taken = cut;
    taken.reasons.then((reasons) => cut === taken && mark(reasons));
  }
  for (const top of document.querySelectorAll("[data-top]")) delete top.dataset.shown;
}

// Keys as in a list of files. None of them is a letter alone, which goes to the next row that begins so.
const ROW = "fleet-tree-row";

function selected(item) {
  const boxes = [...document.querySelectorAll("[data-tree] input:checked")];
  return boxes.length ? boxes : [...item.querySelectorAll(":scope > .taxo-row input[type=checkbox]")];
}

function takeUp(item) {
  letGo();
  const boxes = selected(item);
  if (!boxes.length) return;
  const taken = { boxes, reasons: reasonsFor(boxes) };
  cut = taken;
  for (const box of boxes) box.closest("[data-node]").dataset.cut = "";
  taken.reasons.then((reasons) => cut === taken && mark(reasons));
  say(`${boxes.length} ${boxes.length === 1 ? "row" : "rows"} cut. Go to a place and press Ctrl+V, or Ctrl+Shift+V for the top of the tree; Escape lets go.`);
}

function letGo() {
  for (const item of document.querySelectorAll("[data-cut]")) delete item.dataset.cut;
  cut = null;
  unmark();
}

async function insert(item, isAtTop) {
  const place = isAtTop ? null : item.closest("[data-node][data-kind=category], [data-node][data-target]");
  if (!cut) say("Nothing is cut. Press Ctrl+X on a row first.");
  else if (!place && !isAtTop) say("Go to a category first.");
  else await moveTo(place?.dataset ?? { path: "/" }, cut);
}

// The row alone is selected, and its name waits to be typed over; Enter makes the step, Escape goes back to the row.
function rename(item) {
  const [box] = item.querySelectorAll(":scope > .taxo-row input[type=checkbox]");
  if (!box) return;
  choose([box]);
  const name = form.elements.slug;
  name.value = item.dataset.path.split("/").at(-1);
  name.focus();
  name.select();
  name.onblur = () => {
    name.onkeydown = name.onblur = null;
  };
  name.onkeydown = (event) => {
    if (event.key === "Escape") item.focus();
    else if (event.key === "Enter") form.requestSubmit(form.querySelector("button[name=do][value=rename]"));
    else return;
    event.preventDefault();
  };
}

function press(button, otherwise, item) {
  if (!button) {
    say(otherwise);
    return;
  }
  sessionStorage.setItem(ROW, item.dataset.key ?? "");
  form.requestSubmit(button);
}

const KEYS = {
  "Control+x": takeUp,
  "Control+v": (item) => insert(item, false),
  "Control+Shift+v": (item) => insert(item, true),
  "Control+Enter": (item) => {
    choose(selected(item));
    form.requestSubmit(form.querySelector("button[name=aim][value=move]"));
  },
  "Control+z": (item) => press(form.querySelector("[data-step=back]"), "Your draft has no step to take out.", item),
  "Control+y": (item) => press(form.querySelector("[data-step=again]"), "No step was taken out of your draft.", item),
  F2: rename,
  Escape: () => {
    if (cut) say("Let go.");
    letGo();
  },
};
KEYS["Control+Shift+z"] = KEYS["Control+y"];

function onShortcut(event) {
  const item = event.target instanceof Element && event.target.matches("[data-node]") ? event.target : null;
  const isCommand = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const act = event.altKey ? null : KEYS[`${isCommand ? "Control+" : ""}${isCommand && event.shiftKey ? "Shift+" : ""}${key}`];
  if (!item || !act) return;
  act(item);
  event.preventDefault();
  event.stopPropagation();
}

const last = sessionStorage.getItem(ROW);
if (last) document.querySelector(`[data-tree] [data-key="${CSS.escape(last)}"]`)?.focus();
sessionStorage.removeItem(ROW);

// Where the top is shown while something is dragged, there was room for it before: no row moves away under the pointer.
for (const top of document.querySelectorAll("[data-top]")) top.hidden = false;
form.addEventListener("dragstart", onStart);
form.addEventListener("dragenter", onOver);
form.addEventListener("dragover", onOver);
form.addEventListener("dragleave", clearDrops);
form.addEventListener("drop", onDrop);
form.addEventListener("dragend", onEnd);
form.addEventListener("keydown", onShortcut);
document.addEventListener("pointerdown", () => say(""));
document.addEventListener("keydown", () => say(""));
