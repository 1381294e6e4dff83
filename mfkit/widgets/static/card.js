// All that is known of one item, in a dialog over the page: text alone, and a picture that mfkit drew.

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const said = (text, properties = {}) => element("bdi", { textContent: text, ...properties });

function render({ model, el, signal }) {
  const title = element("h3", { dir: "auto" });
  const button = (text, label, action) => {
    const made = element("button", { type: "button", textContent: text, title: label, ariaLabel: label });
    made.addEventListener("click", action);
    return made;
  };
  const step = (by) => () => model.send({ kind: "step", by });
  const bar = element(
    "header", {}, title, button("‹", "Previous file", step(-1)), button("›", "Next file", step(1)),
    button("×", "Close", () => dialog.close()),
  );
  const picture = element("img", { alt: "" });
  const note = element("p", { className: "mfkit-note" });
  const facts = element("div", { className: "mfkit-facts" });
  const dialog = element(
    "dialog", { className: "mfkit-card" }, bar,
    element("div", { className: "mfkit-card-body" }, element("figure", {}, picture, note), facts),
  );
  dialog.setAttribute("aria-label", "Details of a file");
  el.append(dialog);

  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1)();
    if (event.key === "ArrowRight") step(1)();
  });

  const group = ({ name, rows }) => element(
    "section", {}, element("h4", { textContent: name }),
    element("dl", {}, ...rows.flatMap(([label, value, origin]) => [
      element("dt", { textContent: label }),
      element("dd", {}, said(value), ...(origin ? [" ", element("small", { textContent: origin })] : [])),
    ])),
  );
  const draw = () => {
    const { title: name = "", groups = [] } = model.get("_content");
    title.replaceChildren(said(name, { title: name }));
    facts.replaceChildren(...groups.map(group));
  };

  let address;
  const show = () => {
    if (address) URL.revokeObjectURL(address);
    const bytes = model.get("_picture");
    address = bytes?.byteLength ? URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })) : undefined;
    picture.hidden = !address;
    if (address) picture.src = address; else picture.removeAttribute("src");
    note.textContent = model.get("_note");
    note.hidden = !note.textContent;
  };
  const open = (message) => {
    if (message?.kind !== "show") return;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector(".mfkit-card-body").scrollTop = 0;
  };

  model.on("change:_content", draw);
  model.on("change:_picture change:_note", show);
  model.on("msg:custom", open);
  draw();
  show();
  return () => {
    model.off("change:_content", draw);
    model.off("change:_picture change:_note", show);
    model.off("msg:custom", open);
    if (address) URL.revokeObjectURL(address);
  };
}

export default { render };
