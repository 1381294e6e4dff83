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

function render() {
  document.addEventListener("keydown", find, true);
}

export default { render };
