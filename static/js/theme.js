// Switch the theme without loading the page again; the form does the same without this file.
document.documentElement.dataset.js = "";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-theme-switch]")) return;
  event.preventDefault();
  const theme = event.submitter?.value ?? "auto";
  const body = new FormData(form);
  body.set("theme", theme);
  const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
  if (!answer.ok) {
    form.submit();
    return;
  }
  document.documentElement.dataset.theme = theme;
  for (const button of form.querySelectorAll("button[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
  const menu = form.closest("details");
  const shown = menu?.querySelector("summary use");
  shown?.setAttribute("href", shown.getAttribute("href").replace(/#.*$/, `#theme-${theme}`));
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
