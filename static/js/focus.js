// Where the focus goes after a part of the page was replaced.
function firstError(root) {
  return root.querySelector("[aria-invalid=true]:not([type=hidden])") ?? root.querySelector("[role=alert]");
}

function focusOn(element) {
  if (!element) return;
  if (!element.matches("a[href], button, input, select, textarea, [tabindex]")) element.tabIndex = -1;
  element.focus({ preventScroll: false });
}

document.addEventListener("htmx:afterSettle", (event) => {
  const { xhr, target } = event.detail;
  // An outer swap takes its target out of the page; the fresh one has the same id.
  const fresh = target.isConnected ? target : document.getElementById(target.id);
  if (!fresh) return;
  if (xhr?.status === 422) {
    focusOn(firstError(fresh));
    return;
  }
  const wanted = fresh.matches("[data-focus]") ? fresh : fresh.querySelector("[data-focus]");
  const isLost = document.activeElement === null || document.activeElement === document.body;
  if (wanted && isLost) focusOn(wanted);
});

// A form that came back whole, without htmx.
focusOn(document.querySelector("main [aria-invalid=true]:not([type=hidden])"));

// What scrolls sideways must be reachable by keyboard, or its hidden part cannot be read.
const SCROLLERS = "pre, .code, .table-wrap, .doc table, .sidebar, .pane-follow";

function reachScrollers() {
  for (const box of document.querySelectorAll(SCROLLERS)) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (scrolls && !box.hasAttribute("tabindex")) box.tabIndex = 0;
  }
}

reachScrollers();
document.addEventListener("htmx:afterSettle", reachScrollers);
window.addEventListener("resize", reachScrollers);
