// A list of values with counts, check boxes and buttons that exclude a value. Texts are set as text, never as HTML.

const SEARCHABLE = 10;  // longer lists get a search field
const TYPING_PAUSE = 250;  // milliseconds

// A circle with a bar, as on a no-entry sign.
function excludeSign() {
  const sign = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  sign.setAttribute("viewBox", "0 0 16 16");
  sign.setAttribute("aria-hidden", "true");
  path.setAttribute("d", "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11zM5 8h6");
  sign.append(path);
  return sign;
}

function render({ model, el }) {
  el.classList.add("mfkit-facet");
  const box = document.createElement("details");
  const heading = document.createElement("summary");
  const title = document.createElement("span");
  const state = document.createElement("bdi");
  const find = document.createElement("input");
  const list = document.createElement("div");
  const note = document.createElement("p");
  title.textContent = model.get("label");
  state.className = "mfkit-state";
  find.type = "search";
  find.placeholder = "Find";
  find.setAttribute("aria-label", `Find in ${model.get("label")}`);
  list.className = "mfkit-values";
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", model.get("label"));
  note.className = "mfkit-note";
  heading.append(title, state);
  box.append(heading, find, list, note);
  el.append(box);

  const rows = new Map();  // by value, so that the focus stays where it is when the list changes
  const number = new Intl.NumberFormat("en-US");

  // Changes that the kernel has not acknowledged yet. An answer to an older change must not reset their rows.
  const pending = new Map();
  const viewId = crypto.getRandomValues(new Uint32Array(1))[0];  // a list may have several views
  let changes = 0;

  const change = (kind, value, checked) => {
    // Only this value: the kernel knows the other values, the rows that wait for its answer do not.
    changes += 1;
    pending.set(value, { number: changes, chosen: kind === "tick" && checked, excluded: kind === "exclude" && checked });
    model.send({ kind, value, checked, from: [viewId, changes] });
    draw();
  };
  const acknowledge = (message) => {
    if (message?.kind !== "acknowledge" || message.from?.[0] !== viewId) return;
    for (const [value, one] of pending) if (one.number <= message.from[1]) pending.delete(value);
    draw();
  };

  const row = (value) => {
    const row = document.createElement("div");
    const label = document.createElement("label");
    const input = document.createElement("input");
    const name = document.createElement("bdi");
    const count = document.createElement("span");
    input.type = "checkbox";
    input.addEventListener("change", () => change("tick", value, input.checked));
    count.className = "mfkit-files";
    label.append(input, name, count);
    const exclude = document.createElement("button");
    exclude.type = "button";
    exclude.append(excludeSign());
    const toggle = () => change("exclude", value, exclude.getAttribute("aria-pressed") !== "true");
    exclude.addEventListener("click", toggle);
    row.addEventListener("click", (event) => {
      // As in the charts. Without preventDefault, the click would also tick the check box.
      if (!event.altKey || exclude.contains(event.target)) return;
      event.preventDefault();
      toggle();
    });
    row.append(label, exclude);
    return { row, box: input, name, count, exclude };
  };

  const draw = () => {
    const chosen = new Set(model.get("chosen"));
    const excluded = new Set(model.get("excluded"));
    const options = model.get("options");
    const most = Math.max(1, ...options.map(({ files }) => files));
    const kept = new Set(options.map(({ value }) => value));
    for (const value of rows.keys()) if (!kept.has(value)) rows.delete(value);
    let digits = 0;
    const ordered = options.map(({ value, text, full_text, files }) => {
      if (!rows.has(value)) rows.set(value, row(value));
      const one = rows.get(value);
      one.name.textContent = text;
      one.name.title = full_text;
      one.count.textContent = files === null ? "" : number.format(files);
      digits = Math.max(digits, one.count.textContent.length);
      one.box.checked = (pending.get(value) ?? { chosen: chosen.has(value) }).chosen;
      const out = (pending.get(value) ?? { excluded: excluded.has(value) }).excluded;
      const action = out ? "Stop excluding" : "Exclude";
      one.row.classList.toggle("mfkit-out", out);
      one.exclude.setAttribute("aria-pressed", out);
      one.exclude.setAttribute("aria-label", `Exclude ${text}`);
      one.exclude.title = `${action} ${text}`;
      one.row.style.setProperty("--share", `${(100 * (files ?? 0)) / most}%`);
      return one.row;
    });
    list.style.setProperty("--digits", digits);
    // Moving an element removes its focus, so only those in another order are moved.
    ordered.forEach((one, index) => {
      if (list.children[index] !== one) list.insertBefore(one, list.children[index] ?? null);
    });
    while (list.children.length > ordered.length) list.lastChild.remove();
    const texts = options.filter(({ value }) => chosen.has(value)).map(({ text }) => text);
    const others = options.filter(({ value }) => excluded.has(value)).map(({ text }) => `not ${text}`);
    state.textContent = [...texts, ...others].join(", ");
    find.hidden = options.length <= SEARCHABLE && !model.get("search") && !find.value;
    note.textContent = model.get("note");
    note.hidden = !model.get("note");
    box.open = model.get("expanded");
    applySearch();
  };

  const applySearch = () => {
    const query = find.value.trim();
    // The kernel has already searched for this text, in its own way to ignore case.
    const searched = query === model.get("search");
    for (const { row: one, name } of rows.values()) {
      one.hidden = Boolean(query) && !searched && !name.title.toLowerCase().includes(query.toLowerCase());
    }
  };

  // Values that are not loaded are searched by the kernel, at a pause in typing.
  let typing;
  const searchAll = () => {
    const query = find.value.trim();
    if (query === model.get("search") || !(model.get("more") || model.get("search"))) return;
    model.set("search", query);
    model.save_changes();
  };
  find.value = model.get("search");
  find.addEventListener("input", () => {
    applySearch();
    clearTimeout(typing);
    typing = setTimeout(searchAll, TYPING_PAUSE);
  });
  box.addEventListener("toggle", () => {
    if (box.open === model.get("expanded")) return;
    model.set("expanded", box.open);
    model.save_changes();
  });
  const events = "change:options change:chosen change:excluded change:note change:expanded change:search";
  model.on(events, draw);
  model.on("msg:custom", acknowledge);
  draw();
  return () => {
    model.off(events, draw);
    model.off("msg:custom", acknowledge);
    clearTimeout(typing);
  };
}

export default { render };
