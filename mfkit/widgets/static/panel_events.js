// Keyboard and ARIA handling for all panels. Shows nothing.

const ROOTS = ".mfkit-explorer, .mfkit-panel";

// Ctrl+S and similar keys are meant for the page or the browser. Enter, Backspace and the arrows are not, because they
// run, merge and move the notebook's cells; nor are A, M and Z, which select all cells, merge two, and undo changes.
const isForPage = ({ key, ctrlKey, metaKey }) =>
  /^F\d+$/.test(key) || ((ctrlKey || metaKey) && /^[^amz]$/i.test(key));

// Keys pressed in a panel must not reach the notebook, where a letter cuts or inserts a cell.
const keepInPanel = (event) => { if (!isForPage(event)) event.stopPropagation(); };

// In the capture phase a key finds its panel, wherever that was placed; in the bubble phase it stops there. Adding the
// same listener again has no effect.
const attach = ({ target }) => target.closest(ROOTS)?.addEventListener("keydown", keepInPanel);

// ARIA states that ipywidgets cannot set: announce changes of the count, and mark the pressed button of a switch.
const ANNOTATED = ".mfkit-count, .mfkit-panel .widget-toggle-button";
const annotated = new WeakSet();
const annotate = (element) => {
  if (annotated.has(element)) return;
  annotated.add(element);
  if (element.matches(".mfkit-count")) { element.ariaLive = "polite"; return; }
  const updatePressed = () => { element.ariaPressed = String(element.classList.contains("mod-active")); };
  new MutationObserver(updatePressed).observe(element, { attributeFilter: ["class"] });
  updatePressed();
};

// The style sheet starts an invisible animation when such an element appears.
const appeared = ({ animationName, target }) => { if (animationName === "mfkit-appear") annotate(target); };

function render() {
  document.addEventListener("keydown", attach, true);
  document.addEventListener("animationstart", appeared);
  document.querySelectorAll(ANNOTATED).forEach(annotate);  // elements older than this script
}

export default { render };
