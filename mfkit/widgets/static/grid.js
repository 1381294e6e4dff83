// A page of rows. File names are set with textContent only, so markup in them is never interpreted.

const element = (name, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
};

// Each cell is isolated, so that a mark for the writing direction affects only its own cell.
const cell = (text, style) => {
  const node = element("td", { textContent: text, title: text, dir: "auto", className: style });
  if (style.includes("mfkit-path")) {
    // A long path is cut at the beginning: the box runs from right to left, its text does not.
    node.dir = "rtl";
    node.replaceChildren(element("bdi", { textContent: text, dir: "auto" }));
  }
  return node;
};

function render({ model, el, signal }) {
  el.classList.add("mfkit-table");
  el.classList.toggle("mfkit-unselectable", !model.get("selectable"));
  const head = element("tr");
  const body = element("tbody");
  const table = element("table", {}, element("thead", {}, head), body);
  const note = element("p", { className: "mfkit-note" });
  const menu = element("div", { className: "mfkit-menu", popover: "auto" });
  el.append(table, note, menu);
  menu.addEventListener("toggle", ({ newState }) => {
    // Unless a click elsewhere closed it. The button is a new element if a column was shown or hidden.
    const focusLost = document.activeElement === document.body || menu.contains(document.activeElement);
    if (newState === "closed" && focusLost) head.querySelector(".mfkit-columns button")?.focus({ preventScroll: true });
  });

  const set = (name, value) => { model.set(name, value); model.save_changes(); };
  const order = () => model.get("order");
  const chosen = () => model.get("chosen");

  const box = (label, checked, change) => {
    const node = element("input", { type: "checkbox", checked, ariaLabel: label, title: label });
    node.addEventListener("change", () => change(node.checked));
    return node;
  };

  const heading = ({ key, heading: text, style, sorts }) => {
    const node = element("th", { scope: "col", className: style });
    if (!sorts) { node.textContent = text; return node; }
    const { by, descending } = order();
    const here = by === key;
    if (here) node.ariaSort = descending ? "descending" : "ascending";
    const arrow = here ? (descending ? " ▾" : " ▴") : "";
    const button = element("button", { type: "button", textContent: text + arrow });
    button.dataset.key = key;
    button.addEventListener("click", () => {
      // The first click sorts the largest, the newest or the letter A first. The third one restores the
      // default order.
      const first = style === "number" || key === "date";
      // Read again, because the heading may have been drawn for another order of the same rows.
      const { by, descending } = order();
      if (by !== key) set("order", { by: key, descending: first });
      else if (descending === first) set("order", { by: key, descending: !first });
      else set("order", {});
    });
    node.append(button);
    return node;
  };

  const drawHead = () => {
    const active = head.contains(document.activeElement) ? document.activeElement : undefined;
    const focused = active?.dataset.key
      ? `button[data-key="${active.dataset.key}"]` : active && `.${active.parentElement.className} > *`;
    const all = box("Choose all rows on this page", false, (on) => {
      const here = model.get("rows").map((row) => row.id);
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
      ...model.get("headings").filter(({ key }) => !model.get("hidden").includes(key)).map(heading),
      element("th", { className: "mfkit-columns" }, columns),
    );
    if (focused) head.querySelector(focused)?.focus();
    updateSelectAll();
  };

  const drawMenu = () => {
    const hidden = model.get("hidden");
    const index = [...menu.children].findIndex((label) => label.contains(document.activeElement));
    menu.replaceChildren(...model.get("headings").slice(1).map(({ key, heading: text }) => element(
      "label", {},
      box(text, !hidden.includes(key), (on) => {
        const now = model.get("hidden").filter((one) => one !== key);
        set("hidden", on ? now : [...now, key]);
      }),
      text,
    )));
    menu.children[index]?.querySelector("input").focus();
  };

  const updateSelectAll = () => {
    const rows = model.get("rows");
    const here = rows.filter(({ id }) => chosen().includes(id)).length;
    const all = head.querySelector(".mfkit-all");
    if (!all) return;
    all.checked = rows.length > 0 && here === rows.length;
    all.indeterminate = here > 0 && here < rows.length;
    all.disabled = !rows.length;
  };

  const drawRows = () => {
    const rows = model.get("rows");
    note.textContent = model.get("note");
    note.hidden = !note.textContent;
    table.hidden = !rows.length;
    const styles = model.get("styles");
    body.replaceChildren(...rows.map(({ id, cells, remarks = {} }) => {
      const name = cell(cells[0] ?? "", styles[0]);
      const open = element("button", { type: "button", title: cells[0], dir: "auto" });
      if (styles[0].includes("mfkit-path")) {
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
        ...cells.slice(1).map((text, index) => {
          const made = cell(text, styles[index + 1]);
          if (remarks[index + 1]) {
            made.classList.add("mfkit-muted");
            made.title = remarks[index + 1];
          }
          return made;
        }),
        element("td"),
      );
      row.dataset.id = id;
      return row;
    }));
    updateSelectAll();
  };

  const updateChosen = () => {
    for (const row of body.rows) {
      const on = chosen().includes(row.dataset.id);
      row.ariaSelected = String(on);
      row.querySelector("input").checked = on;
    }
    updateSelectAll();
  };

  // If a new order leaves the rows as they are, only the arrow changes.
  const updateArrows = () => {
    const { by, descending } = order();
    for (const button of head.querySelectorAll("button[data-key]")) {
      const here = button.dataset.key === by;
      const { heading: text } = model.get("headings").find(({ key }) => key === button.dataset.key);
      button.parentElement.ariaSort = here ? (descending ? "descending" : "ascending") : null;
      button.textContent = text + (here ? (descending ? " ▾" : " ▴") : "");
    }
  };

  // Headings are drawn together with the rows, so that both always match.
  const draw = () => { drawHead(); drawRows(); };
  model.on("change:rows change:note", draw);
  model.on("change:order", updateArrows);
  model.on("change:hidden", drawMenu);
  model.on("change:chosen", updateChosen);
  drawMenu();
  draw();
  return () => {
    model.off("change:rows change:note", draw);
    model.off("change:order", updateArrows);
    model.off("change:hidden", drawMenu);
    model.off("change:chosen", updateChosen);
  };
}

export default { render };
