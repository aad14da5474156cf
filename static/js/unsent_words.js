// Words that were typed into a form of a review and not sent yet stay in this browser: by person and review (data-keep-for on
// a box around the forms) and form (data-keep on it). They come back after a reload, a crash or a lost session, and go when
// they were sent or thrown away. Without this file, or where a browser stores nothing, every form works as it is.
const PREFIX = "fleet-unsent:";
const SENT = "fleet-sent";
const KEPT_DAYS = 30;
const WORDS = "textarea, input[type=text], input:not([type])";
const BESIDE = ["before", "after", "path", "first_line", "last_line", "lines_of"].map((name) => `input[name=${name}]`).join();
const CHOICES = `input[type=checkbox], select, ${BESIDE}`;

const isText = (field) => field.matches(WORDS);
const fieldsOf = (form) => [...form.querySelectorAll(`${WORDS}, ${CHOICES}`)].filter((field) => field.name);
const valueOf = (field) => (field.type === "checkbox" ? field.checked : field.value);

function keyOf(form) {
  const owner = form.closest("[data-keep-for]")?.dataset.keepFor;
  return owner ? `${PREFIX}${owner}:${form.dataset.keep}` : "";
}

function withStore(use) {
  try {
    return use(window.localStorage);
  } catch {
    // A browser that stores nothing, or no more, keeps no words.
    return null;
  }
}

function forget(form) {
  withStore((store) => store.removeItem(keyOf(form)));
  form.querySelector(".unsent")?.remove();
}

// Whether somebody wrote something here that the server has not got: a quote alone is quickly made again.
function isWorthKeeping(form) {
  return fieldsOf(form).some(
    (field) => isText(field) && field.name !== "quote" && field.name !== "suggestion" && field.value.trim() !== field.defaultValue.trim()
  ) || Boolean(form.querySelector("[name=has_suggestion]:checked") && form.elements.suggestion?.value !== form.elements.suggestion?.defaultValue);
}

function keep(form) {
  if (!isWorthKeeping(form)) {
    forget(form);
    return;
  }
  const values = Object.fromEntries(fieldsOf(form).map((field) => [field.name, valueOf(field)]));
  withStore((store) => store.setItem(keyOf(form), JSON.stringify({ at: Date.now(), values })));
}

function kept(form) {
  const found = withStore((store) => JSON.parse(store.getItem(keyOf(form)) ?? "null"));
  return found && typeof found.values === "object" ? found.values : null;
}

function putBack(form, values) {
  for (const field of fieldsOf(form)) {
    if (!(field.name in values)) continue;
    if (field.type === "checkbox") field.checked = values[field.name] === true;
    else if (field.tagName !== "SELECT" || [...field.options].some((option) => option.value === values[field.name])) {
      field.value = String(values[field.name]);
    }
  }
}

function say(form, words, actions) {
  form.querySelector(".unsent")?.remove();
  const line = document.createElement("p");
  line.className = "unsent cluster small";
  const said = document.createElement("span");
  said.textContent = words;
  line.append(said);
  for (const [label, act] of actions) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.dataset.size = "small";
    button.textContent = label;
    button.addEventListener("click", act);
    line.append(button);
  }
  form.prepend(line);
}

function throwAway(form) {
  forget(form);
  form.reset();
  form.querySelector("textarea")?.focus();
}

// Bring back what was typed; words quoted for a new comment are not overwritten, but asked about.
function offer(form) {
  const values = kept(form);
  if (!values || form.querySelector(".unsent")) return;
  const isSame = fieldsOf(form).every((field) => !isText(field) || field.value === values[field.name]);
  if (isSame) return;
  const away = ["Throw it away", () => throwAway(form)];
  const quote = form.elements.quote?.value ?? "";
  const isOther = quote && quote !== values.quote;
  const back = () => {
    putBack(form, values);
    const details = form.closest("details");
    if (details) details.open = true;
    say(form, "What you typed and did not send is back.", [away]);
  };
  if (isOther || isWorthKeeping(form)) say(form, "You began another comment here.", [["Bring it back", back], away]);
  else back();
}

function forgetTheOld() {
  withStore((store) => {
    const keys = Array.from({ length: store.length }, (_, number) => store.key(number));
    for (const key of keys.filter((one) => one?.startsWith(PREFIX))) {
      const at = JSON.parse(store.getItem(key) ?? "null")?.at ?? 0;
      if (Date.now() - at > KEPT_DAYS * 86_400_000) store.removeItem(key);
    }
  });
}

function offerAll() {
  for (const form of document.querySelectorAll("form[data-keep]")) offer(form);
}

const formOf = (element) => (element instanceof Element ? element.closest("form[data-keep]") : null);

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    const form = formOf(event.target);
    if (form) keep(form);
  });
}

// Sent: the server answered with the page. A refusal (422), an error, or a way to the sign-in keeps the words.
document.addEventListener("htmx:beforeSwap", (event) => {
  const form = formOf(event.detail.requestConfig?.elt);
  if (form && event.detail.xhr?.status === 200) forget(form);
});

// Sent without htmx: the words go when the very next page is the one they were written on, reached from there. A refusal
// answers at another address; a sign-in, an error page or the way back keep them.
window.addEventListener("submit", (event) => {
  const form = event.defaultPrevented ? null : formOf(event.target);
  if (form) withStore(() => window.sessionStorage.setItem(SENT, JSON.stringify({ from: window.location.pathname, key: keyOf(form) })));
});

function forgetTheSent() {
  withStore((store) => {
    const sent = JSON.parse(window.sessionStorage.getItem(SENT) ?? "null");
    window.sessionStorage.removeItem(SENT);
    if (!sent || sent.from !== window.location.pathname || !document.referrer) return;
    const isAnswer = performance.getEntriesByType("navigation")[0]?.type === "navigate";
    if (isAnswer && new URL(document.referrer).pathname === sent.from) store.removeItem(sent.key);
  });
}

document.addEventListener("htmx:afterSettle", offerAll);
forgetTheSent();
forgetTheOld();
offerAll();
