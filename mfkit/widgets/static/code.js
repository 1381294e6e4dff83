// Code as text, with a button that copies it.

function render({ model, el }) {
  el.classList.add("mfkit-code");
  const text = document.createElement("pre");
  text.tabIndex = 0;
  text.dir = "ltr";
  const copy = document.createElement("button");
  copy.type = "button";
  copy.textContent = "Copy";
  el.append(text, copy);
  const draw = () => { text.textContent = model.get("text"); };
  const report = (result) => {
    copy.textContent = result;
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  };
  copy.addEventListener("click", () => {
    const select = () => {
      // Pages without a secure address have no clipboard. Select the text, so that the user can copy it.
      getSelection().selectAllChildren(text);
      report(document.execCommand("copy") ? "Copied" : "Press Ctrl+C");
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text.textContent).then(() => report("Copied"), select);
    else select();
  });
  model.on("change:text", draw);
  draw();
  return () => model.off("change:text", draw);
}

export default { render };
