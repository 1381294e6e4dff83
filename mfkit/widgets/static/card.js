// Dialog with the metadata of an item, as text, and a preview that mfkit has drawn.

function render({ model, el, signal }) {
  const title = element("h3", { dir: "auto" });
  const button = (text, label, action) => {
    const node = element("button", { type: "button", textContent: text, title: label, ariaLabel: label });
    node.addEventListener("click", action);
    return node;
  };
  const step = (by) => () => model.send({ kind: "step", by });
  const bar = element(
    "div", { className: "mfkit-card-head" }, title, button("‹", "Previous file", step(-1)), button("›", "Next file", step(1)),
    button("×", "Close", () => dialog.close()),
  );
  const preview = element("img", { alt: "" });
  const note = element("p", { className: "mfkit-note" });
  const metadata = element("div", { className: "mfkit-metadata" });
  const dialog = element(
    "dialog", { className: "mfkit-card" }, bar,
    element("div", { className: "mfkit-card-body" }, element("figure", {}, preview, note), metadata),
  );
  dialog.setAttribute("aria-label", "File details");
  el.append(dialog);

  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1)();
    if (event.key === "ArrowRight") step(1)();
  });

  const drawMetadata = () => {
    const { title: name = "", groups = [] } = model.get("content");
    title.replaceChildren(isolated(name, { title: name }));
    metadata.replaceChildren(...metadataGroups(groups));
  };

  let address;
  const drawPreview = () => {
    if (address) URL.revokeObjectURL(address);
    const bytes = model.get("preview");
    address = bytes?.byteLength ? URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })) : undefined;
    preview.hidden = !address;
    if (address) preview.src = address; else preview.removeAttribute("src");
    note.textContent = model.get("note");
    note.hidden = !note.textContent;
  };
  const open = (message) => {
    if (message?.kind !== "show") return;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector(".mfkit-card-body").scrollTop = 0;
  };

  model.on("change:content", drawMetadata);
  model.on("change:preview change:note", drawPreview);
  model.on("msg:custom", open);
  drawMetadata();
  drawPreview();
  return () => {
    model.off("change:content", drawMetadata);
    model.off("change:preview change:note", drawPreview);
    model.off("msg:custom", open);
    if (address) URL.revokeObjectURL(address);
  };
}

export default { render };
