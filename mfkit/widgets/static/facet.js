// A list of values with counts and check boxes. Texts are set as text, never as HTML.

const SEARCHABLE = 10;  // longer lists get a search field
const TYPING_PAUSE = 250;  // milliseconds

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

  // Ticks that the kernel has not acknowledged yet. An answer to an older tick must not reset their boxes.
  const pending = new Map();
  const viewId = crypto.getRandomValues(new Uint32Array(1))[0];  // a list may have several views
  let ticks = 0;

  const tick = (value, checked) => {
    // Only this value: the kernel knows the other ticks, the boxes that wait for its answer do not.
    ticks += 1;
    pending.set(value, { tick: ticks, checked });
    model.send({ kind: "tick", value, checked, from: [viewId, ticks] });
  };
  const acknowledge = (message) => {
    if (message?.kind !== "acknowledge" || message.from?.[0] !== viewId) return;
    for (const [value, one] of pending) if (one.tick <= message.from[1]) pending.delete(value);
    draw();
  };

  const row = (value) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    const name = document.createElement("bdi");
    const count = document.createElement("span");
    input.type = "checkbox";
    input.addEventListener("change", () => tick(value, input.checked));
    count.className = "mfkit-files";
    label.append(input, name, count);
    return { value, label, box: input, name, count };
  };

  const draw = () => {
    const chosen = new Set(model.get("chosen"));
    const options = model.get("options");
    const most = Math.max(1, ...options.map(({ files }) => files));
    const kept = new Set(options.map(({ value }) => value));
    for (const value of rows.keys()) if (!kept.has(value)) rows.delete(value);
    const labels = options.map(({ value, text, full_text, files }) => {
      if (!rows.has(value)) rows.set(value, row(value));
      const one = rows.get(value);
      one.name.textContent = text;
      one.name.title = full_text;
      one.count.textContent = files === null ? "" : number.format(files);
      one.box.checked = pending.get(value)?.checked ?? chosen.has(value);
      one.label.style.setProperty("--share", `${(100 * (files ?? 0)) / most}%`);
      return one.label;
    });
    // Moving an element removes its focus, so only those in another order are moved.
    labels.forEach((label, index) => {
      if (list.children[index] !== label) list.insertBefore(label, list.children[index] ?? null);
    });
    while (list.children.length > labels.length) list.lastChild.remove();
    const texts = options.filter(({ value }) => chosen.has(value)).map(({ text }) => text);
    state.textContent = texts.join(", ");
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
    for (const { label, name } of rows.values()) {
      label.hidden = Boolean(query) && !searched && !name.title.toLowerCase().includes(query.toLowerCase());
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
  const events = "change:options change:chosen change:note change:expanded change:search";
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
