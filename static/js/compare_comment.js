// Comment from a difference: words selected in the newer text lead to the review of that version with the words quoted there.
const GONE = "td.old, td.ln, del, tr[data-kind=removed], [data-diff=removed]";
const AROUND = 200;
const LONGEST = 1500;

const elementOf = (node) => (node instanceof Element ? node : node.parentElement);

// The selection inside the newer text, or null: what was removed has no place in the version under review.
function chosenRange() {
  const selection = window.getSelection();
  if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const ends = [range.startContainer, range.endContainer].map(elementOf);
  if (ends.some((end) => !end?.closest(".diff-table, .diff-doc") || end.closest(GONE))) return null;
  return range;
}

function wordsOf(range) {
  const part = range.cloneContents();
  for (const gone of part.querySelectorAll(GONE)) gone.remove();
  return part.textContent;
}

function beside(range, isBefore) {
  const box = elementOf(isBefore ? range.startContainer : range.endContainer).closest("td, .diff-doc");
  const other = document.createRange();
  other.selectNodeContents(box);
  if (isBefore) other.setEnd(range.startContainer, range.startOffset);
  else other.setStart(range.endContainer, range.endOffset);
  const words = wordsOf(other);
  return isBefore ? words.slice(-AROUND) : words.slice(0, AROUND);
}

function comment() {
  const link = document.querySelector("a[data-review-of]");
  const range = chosenRange();
  if (!link || !range || !wordsOf(range).trim()) return false;
  const asked = new URLSearchParams({
    quote: wordsOf(range).trim().slice(0, LONGEST),
    before: beside(range, true),
    after: beside(range, false),
  });
  const { path } = elementOf(range.startContainer).closest("[data-path]")?.dataset ?? {};
  if (path) asked.set("path", path);
  window.location.assign(`${link.href}?${asked}#comment-form`);
  return true;
}

document.addEventListener("fleet:selected", (event) => {
  if (document.querySelector("a[data-review-of]")) event.detail.range = chosenRange();
});

document.addEventListener("fleet:chosen", comment);

document.addEventListener("fleet:key", (event) => {
  if (event.detail === "c" && comment()) event.preventDefault();
});
