// Say what failed when an answer does not come, wherever on the page the reader is, and let notices and banners be put away.
function say(text) {
  const box = document.getElementById("notices");
  if (!box) return;
  const notice = document.createElement("div");
  notice.className = "notice";
  notice.dataset.kind = "error";
  notice.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button";
  close.dataset.size = "small";
  close.dataset.dismiss = "";
  close.textContent = "Close";
  notice.append(words, close);
  box.dataset.said = "";
  box.replaceChildren(notice);
}

// A poll in the background that fails is tried again by itself and needs no words.
function isPoll(event) {
  const trigger = event.detail.elt?.getAttribute("hx-trigger") ?? "";
  return /\bevery\b/.test(trigger);
}

// What failed before is of no interest once something else is asked for.
document.addEventListener("htmx:beforeRequest", (event) => {
  const box = document.getElementById("notices");
  if (!box || !("said" in box.dataset) || isPoll(event)) return;
  delete box.dataset.said;
  box.replaceChildren();
});

document.addEventListener("htmx:sendError", (event) => {
  if (!isPoll(event)) say("The server did not answer. Nothing was changed here; try again in a moment.");
});

document.addEventListener("htmx:responseError", (event) => {
  if (isPoll(event)) return;
  const { status } = event.detail.xhr;
  if (status === 403) say("You may not do this, or you were signed out. Load the page again to see.");
  else if (status === 404) say("This is no longer there. Load the page again to see what is.");
  else if (status === 429) say("Too many requests. Wait a moment and try again.");
  else say(`The server could not do this (error ${status}). Load the page again to see what was kept.`);
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-dismiss]") : null;
  if (!button) return;
  button.closest(".banner, .notice")?.remove();
  document.getElementById("content")?.focus({ preventScroll: true });
});
