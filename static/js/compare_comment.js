// Comment from a difference: selected words lead to the review of the newer version with the words quoted there. Words of the
// older side are quoted as what was removed from the base.
const UNSAID = "td.ln";
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

function wordsOf(range, otherSide) {
  const part = range.cloneContents();
  for (const gone of part.querySelectorAll(`${UNSAID}, ${otherSide}`)) gone.remove();
  return part.textContent;
}

function beside(range, isBefore, otherSide) {
  const box = elementOf(isBefore ? range.startContainer : range.endContainer).closest("td, .diff-doc");
  const other = document.createRange();
  other.selectNodeContents(box);
  if (isBefore) other.setEnd(range.startContainer, range.startOffset);
  else other.setStart(range.endContainer, range.endOffset);
  const words = wordsOf(other, otherSide);
  return isBefore ? words.slice(-AROUND) : words.slice(0, AROUND);
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
