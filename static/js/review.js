// A review by mouse or keyboard: comment on selected words (select_by_key.js selects them by keyboard), mark parts as seen,
// choose a decision. No key decides anything: "a", "r" and "x" choose, and the button sends. Without this file every form
// works by itself.
const AROUND = 300;

const textBox = () => document.querySelector("[data-review-text]");

// What the reader selected inside the document, or null.
function chosenRange() {
  const selection = window.getSelection();
  const text = textBox();
  if (!text || !selection || selection.rangeCount === 0 || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  return text.contains(range.commonAncestorContainer) ? range : null;
}

// The words of a range, without the marks that lead to comments and what is said beside fields.
function wordsOf(range) {
  const part = range.cloneContents();
  for (const gone of part.querySelectorAll(textBox().dataset.selectSkip)) gone.remove();
  return part.textContent;
}

// What stands beside a range, in the front matter or in the text: between the two the page shows what no source says.
function beside(range, isBefore) {
  const node = isBefore ? range.startContainer : range.endContainer;
  const element = node instanceof Element ? node : node.parentElement;
  const other = document.createRange();
  other.selectNodeContents(element?.closest("[data-review-side]") ?? textBox());
  if (isBefore) other.setEnd(range.startContainer, range.startOffset);
  else other.setStart(range.endContainer, range.endOffset);
  const words = wordsOf(other);
  return isBefore ? words.slice(-AROUND) : words.slice(0, AROUND);
}

// The lines of the source on which the first and the last block begin that hold words of a range.
function linesOf(range) {
  const asked = new CustomEvent("fleet:held", { detail: { range, blocks: [...textBox().querySelectorAll("[data-line]")], held: [] } });
  document.dispatchEvent(asked);
  const lines = asked.detail.held.map((block) => Number(block.dataset.line));
  return lines.length ? [Math.min(...lines), Math.max(...lines)] : ["", ""];
}

// The number of the last part that begins at or before a node.
function partAt(node) {
  let found = -1;
  [...document.querySelectorAll("#review-parts [data-part-of]")].forEach((button, number) => {
    const place = button.dataset.partOf ? document.getElementById(button.dataset.partOf) : null;
    if (!place) return;
    const isAfter = node.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING;
    if (!isAfter || place.contains(node) || node.contains?.(place)) found = number;
  });
  return found;
}

function comment() {
  const form = document.getElementById("comment-form");
  if (!form) return false;
  const range = chosenRange();
  if (range && wordsOf(range).trim()) {
    for (const note of form.querySelectorAll("[data-removed], [data-cut]")) note.remove();
    form.elements.quote.value = wordsOf(range).trim();
    form.elements.before.value = beside(range, true);
    form.elements.after.value = beside(range, false);
    [form.elements.first_line.value, form.elements.last_line.value] = linesOf(range);
    form.elements.lines_of.value = form.elements.number.value;
    form.elements.path.value = "";
    const number = String(partAt(range.startContainer));
    const options = [...form.elements.about.options].map((option) => option.value);
    form.elements.about.value = options.includes(number) ? number : "";
    if (!form.elements.has_suggestion.checked) form.elements.suggestion.value = form.elements.quote.value;
    else showSource(form);
  }
  document.querySelector(".comment-here")?.remove();
  form.elements.body.focus();
  form.scrollIntoView({ block: "nearest" });
  return true;
}

// What a suggestion replaces is said below it, marks and all, or why nothing can; it begins with that, unless somebody wrote
// something meanwhile.
async function showSource(form) {
  const { suggestion, quote } = form.elements;
  const shown = quote.value;
  const said = form.querySelector("#comment-replaces");
  said.textContent = "";
  if (!shown.trim()) return;
  const was = suggestion.value;
  const answer = await fetch(suggestion.dataset.sourceFrom, { method: "POST", body: new FormData(form) }).catch(() => null);
  const isAnswer = answer && !answer.redirected && (answer.ok || answer.status === 422);
  if (!isAnswer || !form.isConnected || quote.value !== shown) return;
  const source = await answer.text();
  said.textContent = answer.ok ? `These words take the place of:\n${source}` : source;
  const isUntouched = !was.trim() || was === shown;
  if (answer.ok && isUntouched && suggestion.value === was && quote.value === shown) suggestion.value = source;
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof Element) || !["comment-suggests", "comment-about", "comment-quote"].includes(box.id)) return;
  if (box.form.elements.has_suggestion.checked) showSource(box.form);
  else box.form.querySelector("#comment-replaces").textContent = "";
});

// Words quoted by hand are looked for everywhere: what stood beside an earlier selection says nothing of them.
document.addEventListener("input", (event) => {
  if (!(event.target instanceof Element) || event.target.id !== "comment-quote") return;
  for (const name of ["before", "after", "first_line", "last_line"]) event.target.form.elements[name].value = "";
});

document.addEventListener("fleet:selected", (event) => {
  if (document.getElementById("comment-form")) event.detail.range = chosenRange();
});

document.addEventListener("fleet:chosen", comment);

// "v": the part that is being read was seen; lead to the next one that was not.
let isLedOn = false;

function seen() {
  const all = [...document.querySelectorAll("#review-parts [data-part-of]")];
  const reached = all.filter((one) => {
    const place = one.dataset.partOf ? document.getElementById(one.dataset.partOf) : null;
    return place && place.getBoundingClientRect().top < window.innerHeight * 0.4;
  });
  const isNew = (one) => one.getAttribute("aria-pressed") === "false";
  const wanted = reached.findLast(isNew) ?? all.find(isNew);
  if (!wanted) return false;
  isLedOn = true;
  wanted.click();
  return true;
}

function leadOn() {
  isLedOn = false;
  const next = document.querySelector("#review-parts [aria-pressed=false]");
  const place = next?.dataset.partOf ? document.getElementById(next.dataset.partOf) : null;
  (place ?? next)?.scrollIntoView({ block: "start" });
}

function choose(name) {
  const radio = document.getElementById(`decision-${name}`);
  if (!radio) return false;
  radio.checked = true;
  const form = radio.form;
  (name === "approve" ? form.querySelector("button[type=submit]") : form.elements.reason).focus();
  return true;
}

const ACTIONS = {
  c: comment,
  v: seen,
  a: () => choose("approve"),
  r: () => choose("request_changes"),
  x: () => choose("reject"),
};

document.addEventListener("fleet:key", (event) => {
  if (ACTIONS[event.detail]?.()) event.preventDefault();
});

// A fresh body keeps where the reader was: in the text after a comment was kept, and in the other pane.
let cameFromComment = false;
let paneTop = 0;
let pageTop = 0;

document.addEventListener("htmx:beforeRequest", (event) => {
  cameFromComment = event.detail.elt?.id === "comment-form";
});

document.addEventListener("htmx:beforeSwap", () => {
  paneTop = document.querySelector(".pane-follow")?.scrollTop ?? 0;
  pageTop = window.scrollY;
});

document.addEventListener("htmx:afterSettle", (event) => {
  const { xhr } = event.detail;
  setUp();
  if (isLedOn) {
    leadOn();
    return;
  }
  if (xhr?.status === 422) return;
  const pane = document.querySelector(".pane-follow");
  if (pane) pane.scrollTop = paneTop;
  window.scrollTo({ top: pageTop, behavior: "instant" });
  const led = document.activeElement?.closest("[data-focus]");
  (led?.closest("#decision") ?? led)?.scrollIntoView({ block: "nearest", behavior: "instant" });
  if (cameFromComment) textBox()?.focus({ preventScroll: true });
  cameFromComment = false;
});

// A decision is taken back as long as its form stands. What becomes of it is always said beside it: that it is asked for,
// that no answer came, or that the time is over. A form whose answer is on its way stays, so that the answer is heard.
let isAsking = false;
let hasFailed = false;

const undoOf = (event) => (event.detail.elt instanceof Element ? event.detail.elt.closest("form.undo") : null);

function sayOfUndo(what) {
  const line = document.getElementById("undo-said");
  if (line) line.textContent = line.dataset[what] ?? "";
  return line;
}

function endUndo(form) {
  const hadFocus = form.contains(document.activeElement);
  form.remove();
  const line = sayOfUndo(hasFailed ? "lost" : "over");
  if (!line || !hadFocus) return;
  line.tabIndex = -1;
  line.focus({ preventScroll: true });
}

function countDown(form, endsAt) {
  if (!form.isConnected) return;
  const left = endsAt - performance.now();
  if (left <= 0 && !isAsking) {
    endUndo(form);
    return;
  }
  const words = form.querySelector("[data-undo-left]");
  const seconds = Math.max(Math.ceil(left / 1000), 0);
  words.textContent = `for ${seconds} second${seconds === 1 ? "" : "s"}`;
  window.setTimeout(() => countDown(form, endsAt), Math.max(left - (seconds - 1) * 1000, 50));
}

document.addEventListener("htmx:beforeSend", (event) => {
  if (!undoOf(event)) return;
  isAsking = true;
  sayOfUndo("asking");
});

for (const kind of ["htmx:sendError", "htmx:responseError", "htmx:sendAbort", "htmx:timeout"]) {
  document.addEventListener(kind, (event) => {
    if (!undoOf(event)) return;
    isAsking = false;
    hasFailed = true;
    sayOfUndo("failed");
  });
}

// A key that is held down, or the second press of a double click, was meant for what stood here before.
document.addEventListener("keydown", (event) => {
  if (event.repeat && event.target instanceof Element && event.target.matches("form.undo button")) event.preventDefault();
});

document.addEventListener(
  "click",
  (event) => {
    const button = event.target instanceof Element ? event.target.closest("form.undo button") : null;
    if (!button || event.detail < 2 || isAsking) return;
    event.preventDefault();
    sayOfUndo("doubled");
  },
  true
);

function setUp() {
  const form = document.querySelector("[data-undo-seconds]");
  if (!form) return;
  const endsAt = performance.now() + Number(form.dataset.undoSeconds) * 1000;
  delete form.dataset.undoSeconds;
  isAsking = false;
  hasFailed = false;
  countDown(form, endsAt);
}

setUp();
