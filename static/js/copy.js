// Copies the text of an address to the clipboard: <button data-copy-from="/…"> with its words in [data-copy-label].
async function write(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  if (!isDone) throw new Error("The browser did not copy.");
}

async function copyFrom(button) {
  const label = button.querySelector("[data-copy-label]") ?? button;
  const before = label.textContent;
  try {
    const answer = await fetch(button.dataset.copyFrom, { headers: { Accept: "text/plain" } });
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    await write(await answer.text());
    label.textContent = "Copied";
  } catch {
    label.textContent = "Not copied; use Raw";
  }
  label.setAttribute("role", "status");
  window.setTimeout(() => {
    label.textContent = before;
  }, 2500);
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy-from]") : null;
  if (button) void copyFrom(button);
});
