// Comment from a difference: selected words lead to the review of the newer version with the words quoted there. Words of the
// older side are quoted as what was removed from the base.
const UNSAID = "td.ln, thead, caption, .diff-head, summary, p.diff-fold";
const BLOCKS = "p, li, td, th, h1, h2, h3, h4, h5, h6, .code-line";
const OLD = "td.old, del, tr[data-kind=removed], [data-diff=removed]";
const NEW = "td.new, ins, tr[data-kind=added], [data-diff=added]";
const AROUND = 200;
const LONGEST = 1500;

const elementOf = (node) => (node instanceof Element ? node : node.parentElement);
const endsOf = (range) => [range.startContainer, range.endContainer].map(elementOf);
const reviewLink = () => document.querySelector("a[data-review-of]");

// Whether a range is of the older side alone: from both sides, the newer one is meant.
function isOldSide(range) {
  const ends = endsOf(range);
  return ends.some((end) => end.closest(OLD)) && !ends.some((end) => end.closest(NEW));
}

// The selection inside the difference, or null: a base of another skill has no place in the review.
function chosenRange() {
  const selection = window.getSelection();
  if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (endsOf(range).some((end) => !end?.closest(".diff-table, .diff-doc"))) return null;
  if (isOldSide(range) && !reviewLink()?.dataset.base) return null;
  return range;
}

// The words of a range on one side; each block is on a line of its own.
function wordsOf(range, otherSide) {
  const part = range.cloneContents();
  for (const gone of part.querySelectorAll(`${UNSAID}, ${otherSide}`)) gone.remove();
  for (const block of part.querySelectorAll(BLOCKS)) {
    block.before("\n");
    block.after("\n");
  }
  return part.textContent.replace(/\n\s*\n/g, "\n");
}

// What stands beside a range on the same side, as far as nothing is folded away or left out.
function beside(range, isBefore, otherSide) {
  const box = elementOf(isBefore ? range.startContainer : range.endContainer).closest(".diff-table tbody, .diff-doc");
  if (!box) return "";
  const other = document.createRange();
  other.selectNodeContents(box);
  if (isBefore) other.setEnd(range.startContainer, range.startOffset);
  else other.setStart(range.endContainer, range.endOffset);
  const words = wordsOf(other, otherSide);
  return isBefore ? words.slice(-AROUND) : words.slice(0, AROUND);
}

const pathOf = (node) => elementOf(node).closest("[data-path]")?.dataset.path ?? "";

// The line of its side on which a block of the difference begins, or 0: of the rendered view, removed blocks alone have older ones.
function lineOf(block, isOld) {
  const row = block.closest(".diff-table tr");
  if (row) return Number(row.querySelectorAll("td.ln")[isOld ? 0 : 1].textContent);
  return Boolean(block.closest("[data-diff=removed]")) === isOld ? Number(block.dataset.line) : 0;
}

// The lines on which the first and the last block begin that hold words of a range, in the file that it begins in.
function linesOf(range, isOld) {
  const cells = `.diff-table :is(td.both, td.${isOld ? "old" : "new"}), .diff-doc [data-line]`;
  const path = pathOf(range.startContainer);
  const blocks = [...document.querySelectorAll(cells)].filter((block) => pathOf(block) === path);
  const asked = new CustomEvent("fleet:held", { detail: { range, blocks, held: [] } });
  document.dispatchEvent(asked);
  const lines = asked.detail.held.map((block) => lineOf(block, isOld)).filter(Boolean);
  return lines.length ? [Math.min(...lines), Math.max(...lines)] : null;
}

function comment() {
  const link = reviewLink();
  const range = chosenRange();
  if (!link || !range) return false;
  const isOld = isOldSide(range);
  const otherSide = isOld ? NEW : OLD;
  if (!wordsOf(range, otherSide).trim()) return false;
  const words = wordsOf(range, otherSide).trim();
  const isCut = words.length > LONGEST;
  // What stands after the part of a selection that an address can hold is the rest of it.
  const after = isCut ? words.slice(LONGEST, LONGEST + AROUND) : beside(range, false, otherSide);
  const asked = new URLSearchParams({
    quote: words.slice(0, LONGEST),
    before: beside(range, true, otherSide),
    after,
  });
  if (isCut) asked.set("cut", String(words.length));
  const { path, oldPath } = elementOf(range.startContainer).closest("[data-path]")?.dataset ?? {};
  if (path) asked.set("path", isOld && oldPath ? oldPath : path);
  const lines = linesOf(range, isOld);
  if (lines) {
    const sent = { first_line: lines[0], last_line: lines[1], lines_of: isOld ? link.dataset.base : link.dataset.head };
    for (const [name, value] of Object.entries(sent)) asked.set(name, String(value));
  }
  if (isOld) asked.set("removed_from", link.dataset.base);
  window.location.assign(`${link.href}?${asked}#comment-form`);
  return true;
}

document.addEventListener("fleet:selected", (event) => {
  if (reviewLink()) event.detail.range = chosenRange();
});

document.addEventListener("fleet:chosen", comment);

document.addEventListener("fleet:key", (event) => {
  if (event.detail === "c" && comment()) event.preventDefault();
});
