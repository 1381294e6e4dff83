// A piece of code as text, with a button that copies it.

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
  const say = (word) => {
    copy.textContent = word;
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  };
  copy.addEventListener("click", () => {
    const select = () => {
      // Without a secure address the browser has no clipboard for pages: select, for the keyboard to copy.
      getSelection().selectAllChildren(text);
      say(document.execCommand("copy") ? "Copied" : "Press Ctrl+C");
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text.textContent).then(() => say("Copied"), select);
    else select();
  });
  model.on("change:text", draw);
  draw();
  return () => model.off("change:text", draw);
}

export default { render };
