// Select words of a text by keyboard alone, in any element with data-select-text: "s" goes into it, arrows up and down
// choose a block, left and right a word, with Shift more words, Escape nothing. Enter says "fleet:chosen" to whoever
// comments. data-select-blocks are the blocks, data-select-skip what belongs to no selection, data-select-help the id of
// the sentence that explains it. In a difference data-select-old and data-select-new are what stands on one side only; words
// are of one side. What is selected is said in #selection-said.
const LONGEST_SAID = 300;
const MOST_STEPS = 400;

const textBox = () => document.querySelector("[data-select-text]");

const elementOf = (node) => (node instanceof Element ? node : node.parentElement);

function isSkipped(node) {
  const { selectSkip } = textBox().dataset;
  return Boolean(selectSkip && elementOf(node)?.closest(selectSkip));
}

// The sides of a difference that the ends of a range stand on.
function sidesOf(range) {
  const { selectOld, selectNew } = textBox().dataset;
  const ends = [range.startContainer, range.endContainer].map(elementOf);
  const isOn = (side) => Boolean(side) && ends.some((end) => end.closest(side));
  return { isOld: isOn(selectOld), isNew: isOn(selectNew) };
}

// The words of a range, without what belongs to no selection and what stands on the other side.
function wordsOf(range) {
  const { selectSkip, selectOld, selectNew } = textBox().dataset;
  const { isOld, isNew } = sidesOf(range);
  const part = range.cloneContents();
  for (const gone of [selectSkip, isOld && !isNew ? selectNew : selectOld].filter(Boolean)) {
    for (const element of part.querySelectorAll(gone)) element.remove();
  }
  return part.textContent.trim();
}

// The selection when it lies in blocks of the text, or null.
function chosenRange() {
  const selection = window.getSelection();
  const text = textBox();
  if (!text || !selection || selection.rangeCount === 0 || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const ends = [range.startContainer, range.endContainer];
  const isInside = ends.every((end) => text.contains(end) && elementOf(end).closest(text.dataset.selectBlocks));
  const { isOld, isNew } = sidesOf(range);
  return isInside && !(isOld && isNew) && !ends.some(isSkipped) && wordsOf(range) ? range : null;
}

// What of a block has a box on the page: a row of a grid has none of its own, but its cells have.
const boxOf = (block) => [block, ...block.children].find((one) => one.getClientRects().length > 0);

function blocks() {
  const text = textBox();
  return [...text.querySelectorAll(text.dataset.selectBlocks)].filter(
    (block) => boxOf(block) && block.textContent.trim() && !isSkipped(block)
  );
}

function blockAt() {
  const selection = window.getSelection();
  if (!selection || selection.rangeCount === 0) return -1;
  return blocks().findLastIndex((block) => block.contains(selection.getRangeAt(0).startContainer));
}

function say() {
  const box = document.getElementById("selection-said");
  const range = chosenRange();
  const what = range && sidesOf(range).isOld ? "Selected of the older text" : "Selected";
  if (box) box.textContent = range ? `${what}: ${wordsOf(range).slice(0, LONGEST_SAID)}` : "";
}

let isWhole = false;

function chooseBlock(number) {
  const all = blocks();
  const block = all[Math.max(0, Math.min(number, all.length - 1))];
  if (!block) return;
  window.getSelection().selectAllChildren(block);
  boxOf(block).scrollIntoView({ block: "nearest" });
  isWhole = true;
}

// Take steps until the selection is one that may be made and is wanted; where there is none, it stays as it was.
function stepUntilChosen(step, isWanted = () => true) {
  const selection = window.getSelection();
  const before = selection.rangeCount > 0 ? selection.getRangeAt(0).cloneRange() : null;
  for (let number = 0; number < MOST_STEPS; number += 1) {
    const { focusNode, focusOffset } = selection;
    step(selection);
    if (chosenRange() && isWanted(wordsOf(chosenRange()))) {
      elementOf(selection.focusNode)?.scrollIntoView({ block: "nearest" });
      return;
    }
    if (selection.focusNode === focusNode && selection.focusOffset === focusOffset) break;
  }
  selection.removeAllRanges();
  if (before) selection.addRange(before);
}

function chooseWord(isForward) {
  if (isWhole) window.getSelection().collapseToStart();
  const isFirst = isWhole;
  isWhole = false;
  stepUntilChosen((selection) => {
    if (!isFirst && isForward) {
      if (!selection.isCollapsed) selection.collapseToEnd();
      selection.modify("move", "forward", "word");
      selection.modify("move", "backward", "word");
    } else if (!isFirst) {
      if (!selection.isCollapsed) selection.collapseToStart();
      selection.modify("move", "backward", "word");
    }
    selection.modify("extend", "forward", "word");
  }, (words) => /[\p{L}\p{N}]/u.test(words));
}

function extend(isForward) {
  if (isWhole) chooseWord(true);
  else stepUntilChosen((selection) => selection.modify("extend", isForward ? "forward" : "backward", "word"));
}

function selectByKey({ key, shiftKey }) {
  const isSideways = key === "ArrowRight" || key === "ArrowLeft";
  if (key === "ArrowDown" || key === "ArrowUp") chooseBlock(blockAt() + (key === "ArrowDown" ? 1 : -1));
  else if (isSideways && shiftKey) extend(key === "ArrowRight");
  else if (isSideways) chooseWord(key === "ArrowRight");
  else if (key === "Escape") window.getSelection().removeAllRanges();
  else if (key === "Enter" && chosenRange()) document.dispatchEvent(new CustomEvent("fleet:chosen"));
  else return false;
  say();
  return true;
}

function goIntoText() {
  const text = textBox();
  if (!text) return false;
  text.focus({ preventScroll: true });
  const first = blocks().findIndex((block) => boxOf(block).getBoundingClientRect().bottom > 80);
  chooseBlock(Math.max(first, 0));
  say();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.target === textBox() && selectByKey(event)) event.preventDefault();
});

document.addEventListener("fleet:key", (event) => {
  if (event.detail === "s" && goIntoText()) event.preventDefault();
});

// Which of some blocks hold words of a range, of nested ones the innermost and the one that the range begins in.
function heldBlocks(range, blocks) {
  const holds = (block) => {
    if (!range.intersectsNode(block)) return false;
    const inside = range.cloneRange();
    const whole = document.createRange();
    whole.selectNodeContents(block);
    if (inside.compareBoundaryPoints(Range.START_TO_START, whole) < 0) inside.setStart(whole.startContainer, whole.startOffset);
    if (inside.compareBoundaryPoints(Range.END_TO_END, whole) > 0) inside.setEnd(whole.endContainer, whole.endOffset);
    return inside.toString().trim() !== "" || inside.cloneContents().querySelector("img") !== null;
  };
  const held = blocks.filter(holds);
  const begin = held.filter((block) => block.contains(range.startContainer)).at(-1);
  return held.filter((block) => block === begin || !held.some((other) => other !== block && block.contains(other)));
}

// Whoever comments asks by "fleet:held" with a range and blocks, and finds those that hold words of it in the event.
document.addEventListener("fleet:held", ({ detail }) => {
  detail.held = heldBlocks(detail.range, detail.blocks);
});

// A button beside what the mouse selected says "fleet:chosen" as well. Whoever comments answers "fleet:selected" with the range.
function hideButton() {
  document.querySelector(".comment-here")?.remove();
}

function showButton() {
  hideButton();
  const asked = new CustomEvent("fleet:selected", { detail: { range: null } });
  document.dispatchEvent(asked);
  if (!asked.detail.range) return;
  const box = asked.detail.range.getBoundingClientRect();
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button comment-here";
  button.textContent = "Comment";
  button.style.top = `${box.bottom + window.scrollY + 6}px`;
  button.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - 120)) + window.scrollX}px`;
  button.addEventListener("mousedown", (event) => event.preventDefault());
  button.addEventListener("click", () => document.dispatchEvent(new CustomEvent("fleet:chosen")));
  document.body.append(button);
}

document.addEventListener("mouseup", (event) => {
  if (!event.target.closest?.(".comment-here")) window.setTimeout(showButton, 0);
});

function setUp() {
  const text = textBox();
  if (!text || text.hasAttribute("tabindex")) return;
  text.tabIndex = 0;
  text.setAttribute("role", "document");
  text.setAttribute("aria-describedby", text.dataset.selectHelp);
}

document.addEventListener("htmx:afterSettle", setUp);
setUp();
