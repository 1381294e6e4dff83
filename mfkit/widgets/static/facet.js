// A list of values with counts, of which several can be ticked. Texts are set as text, never as HTML.

const SEARCHABLE = 10;  // longer lists get a field to find a value in

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
  find.placeholder = "find";
  find.setAttribute("aria-label", `Find in ${model.get("label")}`);
  list.className = "mfkit-values";
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", model.get("label"));
  note.className = "mfkit-note";
  heading.append(title, state);
  box.append(heading, find, list, note);
  el.append(box);

  const rows = new Map();  // by value, so that a list that changes keeps the focus where it is
  const number = new Intl.NumberFormat("en-US");

  // Ticks that the kernel has not heard yet: an answer to an older one must not set their boxes back.
  const pending = new Map();
  const me = crypto.getRandomValues(new Uint32Array(1))[0];  // of several views of one list
  let ticks = 0;

  const tick = (value, checked) => {
    // This one alone: what else is ticked is known to the kernel, not to boxes that wait for its answer.
    ticks += 1;
    pending.set(value, { tick: ticks, checked });
    model.send({ kind: "tick", value, checked, from: [me, ticks] });
  };
  const heard = (message) => {
    if (message?.kind !== "heard" || message.from?.[0] !== me) return;
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
    const wanted = options.map(({ value, text, whole, files }) => {
      if (!rows.has(value)) rows.set(value, row(value));
      const one = rows.get(value);
      one.name.textContent = text;
      one.name.title = whole;
      one.count.textContent = files === null ? "" : number.format(files);
      one.box.checked = pending.get(value)?.checked ?? chosen.has(value);
      one.label.style.setProperty("--share", `${(100 * (files ?? 0)) / most}%`);
      return one.label;
    });
    // Moving an element takes its focus away: only where the order is another one.
    wanted.forEach((label, place) => {
      if (list.children[place] !== label) list.insertBefore(label, list.children[place] ?? null);
    });
    while (list.children.length > wanted.length) list.lastChild.remove();
    const texts = options.filter(({ value }) => chosen.has(value)).map(({ text }) => text);
    state.textContent = texts.join(", ");
    find.hidden = options.length <= SEARCHABLE;
    if (find.hidden) find.value = "";
    note.textContent = model.get("note");
    note.hidden = !model.get("note");
    box.open = model.get("unfolded");
    sift();
  };

  const sift = () => {
    const sought = find.value.trim().toLowerCase();
    for (const { label, name } of rows.values()) {
      label.hidden = Boolean(sought) && !name.title.toLowerCase().includes(sought);
    }
  };

  find.addEventListener("input", sift);
  box.addEventListener("toggle", () => {
    if (box.open === model.get("unfolded")) return;
    model.set("unfolded", box.open);
    model.save_changes();
  });
  model.on("change:options change:chosen change:note change:unfolded", draw);
  model.on("msg:custom", heard);
  draw();
  return () => {
    model.off("change:options change:chosen change:note change:unfolded", draw);
    model.off("msg:custom", heard);
  };
}

export default { render };
