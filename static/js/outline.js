// Marks the section that is being read in the outline. Without it the outline is a list of links.
let watched = [];

function links() {
  return [...document.querySelectorAll("[data-outline] a[href^='#']")];
}

function collect() {
  watched = links()
    .map((link) => ({ link, heading: document.getElementById(decodeURIComponent(link.hash.slice(1))) }))
    .filter(({ heading }) => heading);
}

function markCurrent() {
  const line = 120;
  const passed = watched.filter(({ heading }) => heading.getBoundingClientRect().top <= line);
  const current = passed.at(-1) ?? watched[0];
  for (const { link } of watched) {
    if (link === current?.link) link.setAttribute("aria-current", "location");
    else link.removeAttribute("aria-current");
  }
  const list = current?.link.closest(".sidebar");
  if (list && list.scrollHeight > list.clientHeight) {
    const box = current.link.getBoundingClientRect();
    const frame = list.getBoundingClientRect();
    if (box.top < frame.top || box.bottom > frame.bottom) list.scrollTop += box.top - frame.top - frame.height / 2;
  }
}

let isWaiting = false;
function soon() {
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => {
    isWaiting = false;
    markCurrent();
  });
}

window.addEventListener("scroll", soon, { passive: true });
// Whatever moves the headings without a scroll: fonts that come late, what unfolds, another width.
new ResizeObserver(soon).observe(document.body);
document.addEventListener("htmx:afterSettle", () => {
  collect();
  markCurrent();
});
collect();
markCurrent();
