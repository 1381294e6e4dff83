// The conditions of a selection, each with a button that removes it. Texts are set as text, never as HTML.

function render({ model, el }) {
  el.classList.add("mfkit-chips");
  el.setAttribute("role", "list");
  el.setAttribute("aria-label", "Conditions");

  const draw = () => {
    const index = [...el.children].findIndex((chip) => chip.contains(document.activeElement));
    el.replaceChildren(...model.get("conditions").map(({ key, text, full_text }) => {
      const chip = document.createElement("span");
      chip.className = "mfkit-chip";
      chip.setAttribute("role", "listitem");
      const name = document.createElement("bdi");
      name.textContent = text;
      name.title = full_text;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "×";
      remove.title = "Remove this condition";
      remove.setAttribute("aria-label", `Remove: ${text}`);
      remove.addEventListener("click", () => model.send({ kind: "remove", value: key }));
      chip.append(name, remove);
      return chip;
    }));
    // After a removal by keyboard the focus moves to the next chip, or after the last one to the back button.
    const next = el.children[index] ?? el.lastElementChild ?? el.closest(".mfkit-panel");
    if (index >= 0) next?.querySelector("button:enabled")?.focus();
    el.hidden = !model.get("conditions").length;
  };
  model.on("change:conditions", draw);
  draw();
  return () => model.off("change:conditions", draw);
}

export default { render };
