// Keyboard and ARIA handling for all panels, and the height of the filters. Shows nothing.

const ROOTS = ".mfkit-explorer, .mfkit-panel";

// Ctrl+S and similar keys are meant for the page or the browser. Enter, Backspace and the arrows are not, because they
// run, merge and move the notebook's cells; nor are A, M and Z, which select all cells, merge two, and undo changes.
const isForPage = ({ key, ctrlKey, metaKey }) =>
  /^F\d+$/.test(key) || ((ctrlKey || metaKey) && /^[^amz]$/i.test(key));

// Keys pressed in a panel must not reach the notebook, where a letter cuts or inserts a cell.
const keepInPanel = (event) => { if (!isForPage(event)) event.stopPropagation(); };

// In the capture phase a key finds its panel, wherever that was placed; in the bubble phase it stops there. Adding the
// same listener again has no effect. Notebook 7 handles a key before it reaches the panel, unless the key's target has
// this attribute.
const attach = (event) => {
  const panel = event.target.closest?.(ROOTS);
  if (!panel) return;
  event.target.toggleAttribute("data-lm-suppress-shortcuts", !isForPage(event));
  panel.addEventListener("keydown", keepInPanel);
};

// On a phone the filters begin hidden, because they are longer than the page, unless the page shows them as a drawer.
const PHONE = 560;  // pixels
const hideOnPhone = (button) => {
  const explorer = button.closest(".mfkit-explorer");
  if (!explorer || explorer.clientWidth >= PHONE || !button.matches(".mfkit-show-filters.mod-active")) return;
  if (getComputedStyle(button.closest(".mfkit-filters")).position !== "fixed") button.click();
};

// Roles, names and states that ipywidgets cannot set: landmarks, which screen readers list; changes of the count, which
// they announce; names of sliders, and of buttons that show only a sign, such as "‹"; and the pressed button of a switch.
const LANDMARKS = {
  ".mfkit-explorer": ["region", "Explorer"], ".mfkit-explorer > .mfkit-filters": ["search", "Filters"],
};
const ANNOTATED = [
  ...Object.keys(LANDMARKS), ".mfkit-count", ".mfkit-panel .widget-slider", ".mfkit-panel .jupyter-button",
].join();
const annotated = new WeakSet();
const annotate = (element) => {
  if (annotated.has(element)) return;
  annotated.add(element);
  for (const [selector, [role, ariaLabel]] of Object.entries(LANDMARKS)) {
    if (element.matches(selector)) { Object.assign(element, { role, ariaLabel }); return; }
  }
  if (element.matches(".mfkit-count")) { element.ariaLive = "polite"; return; }
  if (element.matches(".widget-slider")) {
    element.querySelector("[role=slider]")?.setAttribute("aria-label", element.querySelector("label")?.textContent ?? "");
    return;
  }
  if (element.title && /^[^\p{L}\p{N}]+$/u.test(element.textContent)) element.ariaLabel = element.title;
  if (!element.matches(".widget-toggle-button")) return;
  hideOnPhone(element);
  const updatePressed = () => { element.ariaPressed = String(element.classList.contains("mod-active")); };
  new MutationObserver(updatePressed).observe(element, { attributeFilter: ["class"] });
  updatePressed();
};

// The filters beside the charts are as high as the visible part of the page, which CSS alone cannot tell: JupyterLab
// scrolls a notebook below its bars.
const arranged = new WeakSet();
const arrange = (explorer) => {
  if (arranged.has(explorer) || !explorer.clientWidth) return;
  arranged.add(explorer);
  const scroller = explorer.closest(".jp-WindowedPanel-outer, .jp-Notebook");
  const measure = () => {
    const height = scroller?.isConnected ? scroller.clientHeight : innerHeight;
    explorer.style.setProperty("--mfkit-page", `${height}px`);
  };
  new ResizeObserver(measure).observe(scroller ?? document.documentElement);
  addEventListener("resize", measure);
  measure();
};

// The style sheet starts an invisible animation when such an element appears.
const appeared = ({ animationName, target }) => {
  if (animationName !== "mfkit-appear") return;
  annotate(target);
  if (target.matches(".mfkit-explorer")) arrange(target);
};

function render() {
  window.addEventListener("keydown", attach, true);  // before the listeners of the document
  document.addEventListener("animationstart", appeared);
  // Elements older than this script.
  document.querySelectorAll(ANNOTATED).forEach(annotate);
  document.querySelectorAll(".mfkit-explorer").forEach(arrange);
}

export default { render };
