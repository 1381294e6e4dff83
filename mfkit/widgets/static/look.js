// What all panels need of the page beside their style sheet. Shows nothing.

const ROOTS = ".mfkit-explorer, .mfkit-panel";

// Ctrl+S and the like are meant for the page or the browser. Not so with Enter, Backspace and the arrows, which run,
// merge and move the notebook's cells, nor A, M and Z, which choose all of them, merge two, and undo what was done.
const passes = ({ key, ctrlKey, metaKey }) =>
  /^F\d+$/.test(key) || ((ctrlKey || metaKey) && /^[^amz]$/i.test(key));

// What is typed into a panel is not meant for the notebook, in which a letter cuts or inserts a cell.
const keep = (event) => { if (!passes(event)) event.stopPropagation(); };

// On its way down a key finds its panel, wherever that came to be; on its way up it ends there. The same function
// is never added twice.
const find = ({ target }) => target.closest(ROOTS)?.addEventListener("keydown", keep);

// What ipywidgets has no word for: that the count tells of its changes, and which button of a switch is pressed.
const SAID = ".mfkit-count, .mfkit-panel .widget-toggle-button";
const said = new WeakSet();
const say = (element) => {
  if (said.has(element)) return;
  said.add(element);
  if (element.matches(".mfkit-count")) { element.ariaLive = "polite"; return; }
  const press = () => { element.ariaPressed = String(element.classList.contains("mod-active")); };
  new MutationObserver(press).observe(element, { attributeFilter: ["class"] });
  press();
};

// The style sheet begins an animation where one comes into sight, which shows nothing.
const seen = ({ animationName, target }) => { if (animationName === "mfkit-seen") say(target); };

function render() {
  document.addEventListener("keydown", find, true);
  document.addEventListener("animationstart", seen);
  document.querySelectorAll(SAID).forEach(say);  // which came before this script
}

export default { render };
