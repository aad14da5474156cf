// Single keys for reading: "/" searches, "j" and "k" move through rows, "n" and "p" through pages or runs, "u" goes up,
// "?" shows the keys. None changes data. Any other key is offered to the scripts of the page as "fleet:key", whose detail is
// the key; who takes it prevents the default.
const TEXT_FIELDS = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select";
const OFF = "fleet-single-keys-off";

function isOff() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

function isTyping(element) {
  return element instanceof HTMLElement && (element.isContentEditable || element.matches(TEXT_FIELDS));
}

function rows() {
  return [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
}

function linkOf(row) {
  return row.querySelector("[data-row-link]") ?? row.querySelector("a[href]");
}

function moveBy(step) {
  const all = rows();
  if (all.length === 0) return false;
  const current = all.findIndex((row) => row.contains(document.activeElement));
  const wanted = current === -1 ? (step > 0 ? 0 : all.length - 1) : current + step;
  const link = all[wanted] ? linkOf(all[wanted]) : null;
  link?.focus();
  link?.scrollIntoView({ block: "nearest" });
  return Boolean(link);
}

function openSheet() {
  const sheet = document.getElementById("key-sheet");
  if (!sheet || sheet.open) return false;
  sheet.showModal();
  return true;
}

function focusSearch() {
  const box = document.getElementById("site-search");
  box?.focus();
  box?.select();
  return Boolean(box);
}

function follow(selector) {
  const link = document.querySelector(`main ${selector}`);
  link?.click();
  return Boolean(link);
}

const ACTIONS = { "/": focusSearch, "?": openSheet, j: () => moveBy(1), k: () => moveBy(-1), n: () => follow("a[rel=next]"), p: () => follow("a[rel=prev]"), u: () => follow("a[data-up]") };

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isOff()) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (ACTIONS[event.key]?.() || (!event.repeat && isTakenByPage(event.key))) event.preventDefault();
});

function isTakenByPage(key) {
  return !document.dispatchEvent(new CustomEvent("fleet:key", { detail: key, cancelable: true }));
}

// The search box and its results: arrows move, Escape closes. What arrives after it was closed is not shown.
let areResultsClosed = false;

document.addEventListener("input", (event) => {
  if (event.target instanceof Element && event.target.id === "site-search") areResultsClosed = false;
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (areResultsClosed && event.detail.target?.id === "quick-results") event.detail.shouldSwap = false;
});

document.addEventListener("keydown", (event) => {
  const search = event.target instanceof Element ? event.target.closest(".bar-search") : null;
  if (!search) return;
  const box = search.querySelector("input[type=search]");
  const links = [...search.querySelectorAll("#quick-results a[href]")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "Escape") {
    areResultsClosed = true;
    search.querySelector("#quick-results").replaceChildren();
    box.focus();
  } else if (event.key === "ArrowDown" && links.length > 0) {
    links[Math.min(at + 1, links.length - 1)].focus();
    event.preventDefault();
  } else if (event.key === "ArrowUp" && at >= 0) {
    (at === 0 ? box : links[at - 1]).focus();
    event.preventDefault();
  }
});

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const opener = event.target.closest("[data-opens='key-sheet']");
  if (opener && openSheet()) event.preventDefault();
  if (!event.target.closest(".bar-search")) document.getElementById("quick-results")?.replaceChildren();
});

function showChoice() {
  for (const box of document.querySelectorAll("[data-single-keys]")) box.checked = !isOff();
}

document.addEventListener("change", (event) => {
  if (!(event.target instanceof Element) || !event.target.matches("[data-single-keys]")) return;
  try {
    if (event.target.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } catch {
    // A browser that stores nothing keeps the keys on.
  }
  showChoice();
});

showChoice();
