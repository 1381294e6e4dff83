// A page of rows, as plain text: whatever a file is called reaches the page through textContent alone.

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// Isolated, so that a mark that turns the writing direction stays inside its own cell.
const cell = (text, kind) => {
  const made = element("td", { textContent: text, title: text, dir: "auto", className: kind });
  if (kind.includes("mfkit-path")) {
    // A path that is too long loses its beginning: a box that runs from the right, its text does not.
    made.dir = "rtl";
    made.replaceChildren(element("bdi", { textContent: text, dir: "auto" }));
  }
  return made;
};

function render({ model, el, signal }) {
  el.classList.add("mfkit-table");
  el.classList.toggle("mfkit-unchoosable", !model.get("_choosable"));
  const head = element("tr");
  const body = element("tbody");
  const table = element("table", {}, element("thead", {}, head), body);
  const note = element("p", { className: "mfkit-note" });
  const menu = element("div", { className: "mfkit-menu", popover: "auto" });
  el.append(table, note, menu);
  menu.addEventListener("toggle", ({ newState }) => {
    // Not where a click elsewhere has closed it. The button is another one when a column has come or gone.
    const lost = document.activeElement === document.body || menu.contains(document.activeElement);
    if (newState === "closed" && lost) head.querySelector(".mfkit-columns button")?.focus({ preventScroll: true });
  });

  const set = (name, value) => { model.set(name, value); model.save_changes(); };
  const order = () => model.get("order");
  const chosen = () => model.get("chosen");

  const box = (label, checked, change) => {
    const made = element("input", { type: "checkbox", checked, ariaLabel: label, title: label });
    made.addEventListener("change", () => change(made.checked));
    return made;
  };

  const heading = ({ key, heading: text, kind, sorts }) => {
    const made = element("th", { scope: "col", className: kind });
    if (!sorts) { made.textContent = text; return made; }
    const { by, descending } = order();
    const here = by === key;
    if (here) made.ariaSort = descending ? "descending" : "ascending";
    const arrow = here ? (descending ? " ▾" : " ▴") : "";
    const button = element("button", { type: "button", textContent: text + arrow });
    button.dataset.key = key;
    button.addEventListener("click", () => {
      // The first click puts first what one looks for: the largest, the newest, the letter A. The third
      // goes back to what was added last.
      const first = kind === "number" || key === "date";
      // As it is now: the heading may have been drawn for another order of the same rows.
      const { by, descending } = order();
      if (by !== key) set("order", { by: key, descending: first });
      else if (descending === first) set("order", { by: key, descending: !first });
      else set("order", {});
    });
    made.append(button);
    return made;
  };

  const drawHead = () => {
    const active = head.contains(document.activeElement) ? document.activeElement : undefined;
    const focused = active?.dataset.key
      ? `button[data-key="${active.dataset.key}"]` : active && `.${active.parentElement.className} > *`;
    const all = box("Choose all rows of this page", false, (on) => {
      const here = model.get("_rows").map((row) => row.id);
      const others = chosen().filter((id) => !here.includes(id));
      set("chosen", on ? [...others, ...here] : others);
    });
    all.className = "mfkit-all";
    const columns = element("button", { type: "button", textContent: "⋮", title: "Columns", ariaLabel: "Columns" });
    columns.addEventListener("click", () => {
      menu.togglePopover();
      const { bottom, right } = columns.getBoundingClientRect();
      menu.style.top = `${Math.max(0, Math.min(bottom, innerHeight - menu.offsetHeight))}px`;
      menu.style.left = `${Math.max(0, right - menu.offsetWidth)}px`;
      menu.querySelector("input")?.focus();
    });
    head.replaceChildren(
      element("th", { className: "mfkit-choose" }, all),
      ...model.get("_columns").filter(({ key }) => !model.get("hidden").includes(key)).map(heading),
      element("th", { className: "mfkit-columns" }, columns),
    );
    if (focused) head.querySelector(focused)?.focus();
    markAll();
  };

  const drawMenu = () => {
    const hidden = model.get("hidden");
    const place = [...menu.children].findIndex((label) => label.contains(document.activeElement));
    menu.replaceChildren(...model.get("_columns").slice(1).map(({ key, heading: text }) => element(
      "label", {},
      box(text, !hidden.includes(key), (on) => {
        const now = model.get("hidden").filter((one) => one !== key);
        set("hidden", on ? now : [...now, key]);
      }),
      text,
    )));
    menu.children[place]?.querySelector("input").focus();
  };

  const markAll = () => {
    const rows = model.get("_rows");
    const here = rows.filter(({ id }) => chosen().includes(id)).length;
    const all = head.querySelector(".mfkit-all");
    if (!all) return;
    all.checked = rows.length > 0 && here === rows.length;
    all.indeterminate = here > 0 && here < rows.length;
    all.disabled = !rows.length;
  };

  const drawRows = () => {
    const rows = model.get("_rows");
    note.textContent = model.get("_note");
    note.hidden = !note.textContent;
    table.hidden = !rows.length;
    const kinds = model.get("_kinds");
    body.replaceChildren(...rows.map(({ id, cells }) => {
      const name = cell(cells[0] ?? "", kinds[0]);
      const open = element("button", { type: "button", title: cells[0], dir: "auto" });
      if (kinds[0].includes("mfkit-path")) {
        open.dir = "rtl";
        open.append(element("bdi", { textContent: cells[0] ?? "", dir: "auto" }));
      } else open.textContent = cells[0] ?? "";
      open.addEventListener("click", () => model.send({ kind: "open", id }));
      name.replaceChildren(open);
      const choose = box(`Choose ${cells[0]}`, chosen().includes(id), (on) => {
        const others = chosen().filter((one) => one !== id);
        set("chosen", on ? [...others, id] : others);
      });
      const row = element(
        "tr", { ariaSelected: String(chosen().includes(id)) }, element("td", { className: "mfkit-choose" }, choose), name,
        ...cells.slice(1).map((text, place) => cell(text, kinds[place + 1])), element("td"),
      );
      row.dataset.id = id;
      return row;
    }));
    markAll();
  };

  const mark = () => {
    for (const row of body.rows) {
      const on = chosen().includes(row.dataset.id);
      row.ariaSelected = String(on);
      row.querySelector("input").checked = on;
    }
    markAll();
  };

  // An order that leaves the rows as they are changes its arrow alone.
  const point = () => {
    const { by, descending } = order();
    for (const button of head.querySelectorAll("button[data-key]")) {
      const here = button.dataset.key === by;
      const { heading: text } = model.get("_columns").find(({ key }) => key === button.dataset.key);
      button.parentElement.ariaSort = here ? (descending ? "descending" : "ascending") : null;
      button.textContent = text + (here ? (descending ? " ▾" : " ▴") : "");
    }
  };

  // Headings change with the rows, not before them, so that both always belong together.
  const draw = () => { drawHead(); drawRows(); };
  model.on("change:_rows change:_note", draw);
  model.on("change:order", point);
  model.on("change:hidden", drawMenu);
  model.on("change:chosen", mark);
  drawMenu();
  draw();
  return () => {
    model.off("change:_rows change:_note", draw);
    model.off("change:order", point);
    model.off("change:hidden", drawMenu);
    model.off("change:chosen", mark);
  };
}

export default { render };
