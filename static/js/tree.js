// The taxonomy as an ARIA tree: keys, type-ahead, branches that load when they open, and more rows where there are many.
// Without this file each row is a link and a box, and the same forms do everything.
const TYPE_AHEAD_MS = 700;
let typed = "";
let typedAt = 0;
let lastSelected = null;
// The categories of which more rows are shown, each as often as more were asked for.
const widened = [...document.querySelectorAll("[data-state] [name=more]")].map((field) => field.value);

const nodesIn = (list) => [...list.children].filter((item) => item.matches("[data-node]"));
const groupOf = (item) => item.querySelector(":scope > .taxo-group");
const above = (item) => item.parentElement.closest("[data-node]");
const boxOf = (item) => item.querySelector(":scope > .taxo-row input[type=checkbox]");
const labelOf = (item) => item.querySelector(":scope > .taxo-row [data-label]");

// What a screen reader calls the row: its name, what the draft does with it and (when it is closed) inside it, its facts.
function nameOf(item) {
  const isOpen = item.getAttribute("aria-expanded") === "true";
  const parts = ["[data-label]", ".taxo-mark", ...(isOpen ? [] : [".taxo-inside"]), ".taxo-facts"].map((part) => item.querySelector(`:scope > .taxo-row ${part}`));
  const words = parts.map((part) => (part ? part.textContent.replace(/\s+/g, " ").trim() : ""));
  return words.filter(Boolean).join(", ");
}

function visible(tree) {
  return [...tree.querySelectorAll("[data-node]")].filter((item) => !item.parentElement.closest("[aria-expanded=false]"));
}

function dress(list, level) {
  const items = nodesIn(list);
  const rest = items.find((item) => "rest" in item.dataset);
  const size = rest ? items.length - 1 + Number(rest.dataset.hidden) : items.length;
  items.forEach((item, index) => {
    item.setAttribute("role", "treeitem");
    item.setAttribute("aria-level", level);
    item.setAttribute("aria-setsize", size);
    item.setAttribute("aria-posinset", index + 1);
    if (!item.hasAttribute("tabindex")) item.tabIndex = -1;
    if (item.dataset.branch) item.setAttribute("aria-expanded", String("open" in item.dataset));
    item.setAttribute("aria-label", nameOf(item));
    for (const control of item.querySelectorAll(":scope > .taxo-row :is(a, input)")) control.tabIndex = -1;
    const box = boxOf(item);
    if (box) {
      item.setAttribute("aria-selected", String(box.checked));
      item.draggable = true;
    }
    const group = groupOf(item);
    if (group) {
      group.setAttribute("role", "group");
      dress(group, level + 1);
    }
  });
}

function focusOn(item) {
  for (const other of item.closest("[data-tree]").querySelectorAll("[data-node][tabindex='0']")) other.tabIndex = -1;
  item.tabIndex = 0;
  item.focus();
}

async function open(item) {
  if (!item.dataset.branch || item.hasAttribute("aria-busy") || item.getAttribute("aria-expanded") === "true") return;
  if (!groupOf(item)) {
    item.setAttribute("aria-busy", "true");
    const answer = await fetch(item.dataset.branch, { headers: { "X-Tree-Branch": "1" } });
    item.removeAttribute("aria-busy");
    if (!answer.ok) {
      window.location.assign(labelOf(item).href);
      return;
    }
    const group = document.createElement("ul");
    group.className = "taxo-group";
    group.append(document.createRange().createContextualFragment(await answer.text()));
    group.setAttribute("role", "group");
    item.append(group);
    dress(group, Number(item.getAttribute("aria-level")) + 1);
  }
  item.setAttribute("aria-expanded", "true");
  item.setAttribute("aria-label", nameOf(item));
  remember();
}

// The next rows of a large category take the place of the row that offers them; what is selected stays selected.
async function more(item) {
  if (item.hasAttribute("aria-busy")) return;
  item.setAttribute("aria-busy", "true");
  const answer = await fetch(item.dataset.more, { headers: { "X-Tree-Branch": "1" } });
  item.removeAttribute("aria-busy");
  if (!answer.ok) {
    window.location.assign(labelOf(item).href);
    return;
  }
  const list = item.parentElement;
  const fresh = document.createRange().createContextualFragment(await answer.text());
  for (const row of fresh.querySelectorAll("[data-key]")) {
    const old = list.querySelector(`:scope > [data-key="${CSS.escape(row.dataset.key)}"]`);
    if (old && boxOf(old)) boxOf(row).checked = boxOf(old).checked;
    old?.remove();
  }
  const first = fresh.querySelector("[data-node]");
  item.replaceWith(fresh);
  dress(list, Number(item.getAttribute("aria-level")));
  widened.push(item.dataset.path);
  remember();
  focusOn(first ?? nodesIn(list)[0] ?? list.closest("[data-node]"));
}

function close(item) {
  if (item.hasAttribute("aria-expanded")) {
    item.setAttribute("aria-expanded", "false");
    item.setAttribute("aria-label", nameOf(item));
  }
  remember();
}

// What is open stands in the address, in the form and in the links that show the tree again: no answer folds it up.
function remember() {
  const paths = [...document.querySelectorAll("[data-tree] [aria-expanded=true]")].map((item) => item.dataset.path);
  const address = new URL(window.location.href);
  const answersForm = document.querySelector("[data-tree-form]");
  const isTreePage = answersForm && address.pathname === answersForm.dataset.treeForm;
  if (isTreePage && !address.searchParams.get("q")) window.history.replaceState(window.history.state, "", opened(address, paths));
  for (const link of document.querySelectorAll("a[data-keeps-open]")) link.href = opened(new URL(link.href), paths);
  const state = document.querySelector("[data-state]");
  if (!state) return;
  for (const field of state.querySelectorAll("[name=at], [name=more]")) field.remove();
  for (const [name, value] of [...paths.map((path) => ["at", path]), ...widened.map((path) => ["more", path])]) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    state.append(field);
  }
}

function opened(address, paths) {
  address.searchParams.delete("at");
  for (const path of paths) address.searchParams.append("at", path);
  address.searchParams.delete("more");
  for (const path of widened) address.searchParams.append("more", path);
  return address.href;
}

function toggle(item) {
  return item.getAttribute("aria-expanded") === "true" ? close(item) : open(item);
}

function tell() {
  const said = document.querySelector("[data-selected]");
  const boxes = [...document.querySelectorAll("[data-tree] input:checked")];
  const every = document.querySelector("[data-every]:checked");
  const single = every ? boxes.filter((box) => box.name !== "skill") : boxes;
  const told = [...(every ? [`All ${every.value} skills found`] : []), ...(single.length ? [every ? `${single.length} more` : String(single.length)] : [])];
  if (said) said.textContent = told.length ? `${told.join(" and ")} selected.` : "Nothing selected.";
  tellMerge(new Set([...boxes.map((box) => box.name), ...(every ? ["skill"] : [])]).size > 1);
  // What speaks against a name depends on what is selected.
  const name = document.getElementById("step-slug");
  if (name?.value) name.dispatchEvent(new CustomEvent("reconsider"));
}

// Places and skills together cannot be merged: the buttons say so before they are pressed.
function tellMerge(isMixed) {
  const why = document.querySelector("[data-merge-why]");
  if (!why) return;
  why.textContent = isMixed ? "Merge categories with a category, or skills with a skill; not both at once." : "";
  for (const button of document.querySelectorAll("button[data-merge]")) {
    button.disabled = isMixed;
    if (isMixed) button.setAttribute("aria-describedby", why.id);
    else button.removeAttribute("aria-describedby");
  }
}

function select(items, on) {
  for (const item of items) {
    const box = boxOf(item);
    if (!box) continue;
    box.checked = on ?? !box.checked;
    if (box.checked) lastSelected = item;
    item.setAttribute("aria-selected", String(box.checked));
  }
  tell();
}

function typeAhead(tree, item, letter, now) {
  typed = now - typedAt > TYPE_AHEAD_MS ? letter : typed + letter;
  typedAt = now;
  const items = visible(tree);
  const from = items.indexOf(item) + (typed.length === 1 ? 1 : 0);
  const ordered = [...items.slice(from), ...items.slice(0, from)];
  const hit = ordered.find((each) => labelOf(each).textContent.trim().toLowerCase().startsWith(typed.toLowerCase()));
  if (hit) focusOn(hit);
}

// What the keys of a tree with several selected rows do with Shift and Ctrl; true when a key was one of them.
function onSelectionKey(event, item, items) {
  const at = items.indexOf(item);
  const isCommand = event.ctrlKey || event.metaKey;
  const range = (from, to) => items.slice(Math.min(from, to), Math.max(from, to) + 1);
  if (isCommand && event.key.toLowerCase() === "a") {
    const isAll = items.every((each) => each.getAttribute("aria-selected") !== "false");
    select(items, !isAll);
  } else if (isCommand && event.shiftKey && ["Home", "End"].includes(event.key)) {
    select(range(at, event.key === "Home" ? 0 : items.length - 1), true);
    focusOn(event.key === "Home" ? items[0] : items.at(-1));
  } else if (event.shiftKey && !isCommand && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    const next = items[event.key === "ArrowDown" ? at + 1 : at - 1];
    if (next) {
      focusOn(next);
      select([next]);
    }
  } else if (event.shiftKey && !isCommand && event.key === " ") {
    select(range(Math.max(items.indexOf(lastSelected), 0), at), true);
  } else {
    return false;
  }
  event.preventDefault();
  event.stopPropagation();
  return true;
}

async function onKey(event) {
  const item = event.target.closest("[data-node]");
  if (!item || event.target !== item || event.altKey) return;
  const tree = item.closest("[data-tree]");
  const items = visible(tree);
  if (boxOf(item) && onSelectionKey(event, item, items)) return;
  if (event.ctrlKey || event.metaKey) return;
  const at = items.indexOf(item);
  const isOpen = item.getAttribute("aria-expanded") === "true";
  const moves = { ArrowDown: items[at + 1], ArrowUp: items[at - 1], Home: items[0], End: items.at(-1) };
  if (event.key in moves) {
    if (moves[event.key]) focusOn(moves[event.key]);
  } else if (event.key === "ArrowRight") {
    if (isOpen) {
      const first = groupOf(item)?.querySelector("[data-node]");
      if (first) focusOn(first);
    } else {
      await open(item);
    }
  } else if (event.key === "ArrowLeft") {
    if (isOpen) close(item);
    else if (above(item)) focusOn(above(item));
  } else if (event.key === "Enter") {
    if (item.dataset.branch) toggle(item);
    else labelOf(item).click();
  } else if (event.key === " ") {
    select([item]);
  } else if (event.key === "*") {
    nodesIn(item.parentElement).forEach(open);
  } else if (event.key.length === 1 && event.key.trim()) {
    typeAhead(tree, item, event.key, event.timeStamp);
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

function onClick(event) {
  const item = event.target.closest("[data-node]");
  if (!item) return;
  if (event.target.matches("input")) {
    select([item], event.target.checked);
  } else if (item.dataset.branch && event.target.closest("[data-toggle], [data-label]") && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    toggle(item);
    focusOn(item);
  } else if (item.dataset.more && event.target.closest("[data-label]") && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    more(item);
  }
}

for (const tree of document.querySelectorAll("[data-tree]")) {
  tree.setAttribute("role", "tree");
  if (tree.querySelector("input[type=checkbox]")) tree.setAttribute("aria-multiselectable", "true");
  dress(tree, 1);
  const first = tree.querySelector("[data-node]");
  if (first) first.tabIndex = 0;
  tree.addEventListener("keydown", onKey);
  tree.addEventListener("click", onClick);
}
document.querySelector("[data-every]")?.addEventListener("change", tell);
if (document.querySelector("[data-tree] input:checked, [data-every]:checked")) tell();
