// The conditions of a selection, each with a button that takes it away. Texts are set as text, never as HTML.

function render({ model, el }) {
  el.classList.add("mfkit-chips");
  el.setAttribute("role", "list");
  el.setAttribute("aria-label", "Conditions of the selection");

  const draw = () => {
    const place = [...el.children].findIndex((chip) => chip.contains(document.activeElement));
    el.replaceChildren(...model.get("conditions").map(({ key, text, whole }) => {
      const chip = document.createElement("span");
      chip.className = "mfkit-chip";
      chip.setAttribute("role", "listitem");
      const name = document.createElement("bdi");
      name.textContent = text;
      name.title = whole;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "×";
      remove.title = "Take this condition away";
      remove.setAttribute("aria-label", `Take away: ${text}`);
      remove.addEventListener("click", () => model.send({ kind: "remove", value: key }));
      chip.append(name, remove);
      return chip;
    }));
    // Who took one away with the keyboard goes on with the next, and after the last with the way back.
    const next = el.children[place] ?? el.lastElementChild ?? el.closest(".mfkit-panel");
    if (place >= 0) next?.querySelector("button:enabled")?.focus();
    el.hidden = !model.get("conditions").length;
  };
  model.on("change:conditions", draw);
  draw();
  return () => model.off("change:conditions", draw);
}

export default { render };
