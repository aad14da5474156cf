// Findings and their places: choosing one marks and shows the other. The address names the chosen finding (?finding=…), so
// the server marks the same without JavaScript and after a reload.
function namedFinding() {
  const number = new URLSearchParams(window.location.search).get("finding");
  return number ? document.getElementById(`finding-${number}`) : null;
}

function marked() {
  return document.querySelectorAll("[data-marked], .finding[aria-current]");
}

function clear() {
  for (const element of marked()) {
    element.removeAttribute("data-marked");
    element.removeAttribute("aria-current");
  }
}

// Every block of the text from the finding's first to its last line; the place itself when no block starts there.
function blocksOf(finding) {
  const place = document.getElementById(finding.dataset.place);
  const first = Number(finding.dataset.line);
  const last = Number(finding.dataset.endLine ?? first);
  const inside = [...document.querySelectorAll("[data-document] [id][data-line]")].filter((block) => {
    const line = Number(block.dataset.line);
    return line >= first && line <= last;
  });
  return inside.length > 0 && last > first ? inside : [place].filter(Boolean);
}

function isInView(element) {
  const box = element.getBoundingClientRect();
  return box.top >= 60 && box.bottom <= window.innerHeight;
}

// A field of the front matter has no box of its own, so there is nothing to scroll to but its first part.
function boxOf(element) {
  return element.getClientRects().length > 0 ? element : (element.firstElementChild ?? element);
}

function show(place) {
  const element = boxOf(place);
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!isInView(element)) element.scrollIntoView({ block: "center", behavior: isCalm ? "auto" : "smooth" });
}

function openAround(element) {
  for (let box = element.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
}

function markFinding(finding) {
  clear();
  openAround(finding);
  finding.setAttribute("aria-current", "true");
  const blocks = blocksOf(finding);
  for (const block of blocks) block.setAttribute("data-marked", "");
  return blocks[0];
}

function follow(isFirst) {
  const element = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
  if (!element) {
    if (!isFirst && !namedFinding()) clear();
    return;
  }
  if (element.matches(".finding")) {
    markFinding(element);
    show(element);
    if (!isFirst) element.focus({ preventScroll: true });
    return;
  }
  const named = namedFinding();
  const finding =
    named?.dataset.place === element.id
      ? named
      : document.querySelector(`.finding[data-place="${CSS.escape(element.id)}"]`);
  if (finding) markFinding(finding);
  else clear();
  show(element);
}

document.addEventListener("click", (event) => {
  const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!(event.target instanceof Element) || !isPlain) return;
  const choice = event.target.closest("[data-finding-link]");
  if (choice) {
    event.preventDefault();
    if (choice.href !== window.location.href) window.history.pushState({}, "", choice.href);
    follow(false);
    return;
  }
  const link = event.target.closest("a[href^='#']");
  if (!link) return;
  // The same address again is no change of the address, yet the reader asks to be led there again.
  if (link.hash === window.location.hash) {
    event.preventDefault();
    follow(false);
  }
});

window.addEventListener("hashchange", () => follow(false));
window.addEventListener("popstate", () => follow(false));
document.addEventListener("htmx:afterSettle", () => follow(true));
follow(true);
