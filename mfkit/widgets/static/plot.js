// Draws a Plotly figure that the kernel sends as JSON, in the page's colours.
//
// Plotly's JavaScript comes from the kernel, compressed, once per page: the first plot asks, all wait for the
// same answer. After a reload of the page the plots come back from the kernel and ask anew.

const styles = new Map();
let drawings = 0;

function page(model) {
  const key = Symbol.for(`mfkit.plotly.${model.get("_version")}.${model.get("_bundle")}`);
  if (!globalThis[key]) {
    const state = { asked: false, done: false };
    state.promise = new Promise((resolve, reject) => {
      state.settle = (packed) => {
        if (state.done) return;
        state.done = true;
        state.packed = packed;
        evaluate(packed).then(resolve, reject);
      };
    });
    globalThis[key] = state;
  }
  return globalThis[key];
}

async function unpacked(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function evaluate(packed) {
  const source = await unpacked(packed);
  // A module of our own around it, so that it finds neither an AMD loader nor someone else's exports.
  const wrapped = `const module = { exports: {} };\n${source}\nexport default module.exports;`;
  const url = URL.createObjectURL(new Blob([wrapped], { type: "text/javascript" }));
  const before = Object.getOwnPropertyDescriptor(globalThis, "Plotly");
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
    // The bundle makes itself a global; another one on the page keeps its place.
    if (before) Object.defineProperty(globalThis, "Plotly", before);
    else delete globalThis.Plotly;
  }
}

function plotly(model, signal) {
  const state = page(model);
  if (!state.done) {
    const bundle = model.get("_bundle");
    const take = (message, buffers) => {
      if (message?.kind === "plotly" && message.bundle === bundle) state.settle(buffers[0]);
    };
    const ask = () => state.done || model.send({ kind: "plotly" });
    model.on("msg:custom", take);
    if (!state.asked) ask();
    state.asked = true;
    // The one that asked may be gone by now, closed with its cell.
    const again = setTimeout(ask, 10_000);
    signal.addEventListener("abort", () => { clearTimeout(again); model.off("msg:custom", take); });
  }
  return state.promise;
}

function mapStyle(text) {
  // One object per style for ever: to Plotly another object is another style, to be loaded anew.
  if (!styles.has(text)) styles.set(text, JSON.parse(text));
  return styles.get(text);
}

// The first one comes when the library has answered, for which the page does not wait.
const hasFigure = (model) => model.get("_figure") !== "{}";

function figureOf(model, el) {
  const { data = [], layout = {} } = JSON.parse(model.get("_figure"));
  const css = getComputedStyle(el);
  const color = css.getPropertyValue("--jp-ui-font-color1").trim();
  if (color) layout.font = { ...layout.font, color };
  const ground = css.getPropertyValue("--jp-layout-color1").trim();
  if (ground) {
    const font = { ...layout.hoverlabel?.font, color };
    layout.hoverlabel = { ...layout.hoverlabel, bgcolor: ground, font };
  }
  if (layout.map) {
    if (model.get("_map_style")) layout.map.style = mapStyle(model.get("_map_style"));
    // A world narrower than its box repeats, and every place on it: fill the width, if the height allows.
    const filling = Math.min(Math.log2(el.clientWidth / 512), layout.meta?.closest ?? 0);
    layout.map.zoom = Math.max(layout.map.zoom, filling);
  }
  // What a person drew to select is done with when the answer comes.
  const over = { selections: [], selectionrevision: (drawings += 1) };
  return { data, layout: { ...layout, ...over, autosize: true, uirevision: model.get("_revision") } };
}

function download(name, type, parts) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// A page that shows the figure anywhere, without a kernel and without internet.
async function saveHtml({ data, layout }, title, ground, packed) {
  // Neither a tag in a name nor anything else in the figure ends the script.
  const figure = JSON.stringify([data, layout]).replaceAll("<", "\\u003c");
  const heading = document.createElement("title");
  heading.textContent = title;
  download(`${title}.html`, "text/html", [
    `<!DOCTYPE html><meta charset="utf-8">${heading.outerHTML}<body style="background: ${ground}">`,
    '<div id="plot"></div><script>',
    await unpacked(packed), `</script><script>Plotly.newPlot("plot", ...${figure});</script>`,
  ]);
}

// Resolves when the page has nothing else to do, or has had no rest for a while.
const idle = () => new Promise((done) => {
  if (globalThis.requestIdleCallback) requestIdleCallback(done, { timeout: 500 });
  else setTimeout(done, 50);
});

// Tells of a brush over the x axis when the button is let go: Plotly itself waits for up to 100 ms. What it then
// says of the same brush is left to the function that is returned, which says whether it was one.
function brushing(plot, tell, signal) {
  const least = 8;  // pixels, from which on it is a drag to Plotly too
  let from, told;
  const place = (x) => {
    const { xaxis } = plot._fullLayout;
    const there = x - plot.getBoundingClientRect().left - xaxis._offset;
    return xaxis.p2d(Math.max(0, Math.min(xaxis._length, there)));
  };
  plot.addEventListener("mousedown", ({ button, clientX, target }) => {
    const begins = button === 0 && plot._fullLayout.dragmode === "select" && target.closest(".nsewdrag");
    from = begins ? clientX : undefined;
    told = undefined;
  }, { capture: true, signal });
  document.addEventListener("mouseup", ({ clientX }) => {
    if (from !== undefined && Math.abs(clientX - from) >= least) {
      told = plot.dataset.drawn;
      tell("brush", [place(from), place(clientX)]);
    }
    from = undefined;
  }, { capture: true, signal });
  return (again) => {
    const known = told !== undefined;
    if (known && told !== plot.dataset.drawn) again();  // the answer was faster, and what was drawn is still there
    told = undefined;
    return known;
  };
}

// A map stays where it is let go, and is asked for at once; MapLibre lets it glide on for up to 0.4 s. Plotly
// enables dragging anew at every change, without a word about that.
function stay(map) {
  const pan = map?.dragPan;
  if (!pan || Object.hasOwn(pan, "enable")) return;
  pan.enable = pan.enable.bind(pan, { maxSpeed: 0 });
  if (pan.isEnabled()) pan.enable();
}

// Plotly tells a map again where it is and how it looks, for which MapLibre paints it as it was, before it paints
// what is new. Until the new discs are there it need not: without a graphics card a painting takes 25 ms or more.
function held(map) {
  const element = map.getContainer(), canvas = map.getCanvas();
  let wanted = false;
  const letGo = () => {
    clearTimeout(late);
    map.off("sourcedata", arrived);
    delete map.triggerRepaint;
    delete map.resize;
    if (wanted) map.triggerRepaint();
  };
  const arrived = ({ sourceDataType }) => { if (sourceDataType === "content") letGo(); };
  const late = setTimeout(letGo, 100);  // where nothing is new
  map.on("sourcedata", arrived);
  map.triggerRepaint = () => { wanted = true; };
  map.resize = () => {  // which empties the canvas
    if (canvas.clientWidth === element.clientWidth && canvas.clientHeight === element.clientHeight) return map;
    letGo();
    return map.resize();
  };
}

// What a person does to a figure, as the kernel is told it.
function listen(plot, tell, again, signal) {
  const knows = brushing(plot, tell, signal);
  plot.on("plotly_click", ({ points }) => {
    const value = points[0]?.customdata ?? null;
    // A treemap tells of its clicks below, where its own answer to them can be held back.
    if (value !== null && points[0].data.type !== "treemap") tell("click", value);
  });
  plot.on("plotly_treemapclick", ({ points }) => {
    tell("click", points[0]?.customdata ?? null);
    return false;
  });
  plot.on("plotly_selected", (event) => {
    const [drawn, corners] = [event?.lassoPoints?.map, event?.range?.map];
    if (drawn) tell("lasso", drawn.map(([longitude, latitude]) => [latitude, longitude]));
    else if (corners) {
      const [west, east] = corners.map(([longitude]) => longitude).sort((a, b) => a - b);
      const [south, north] = corners.map(([, latitude]) => latitude).sort((a, b) => a - b);
      tell("box", [south, west, north, east]);
    } else if (event?.range?.x && !knows(again)) tell("brush", event.range.x);
  });
  // That a mark can be clicked is seen by the pointer.
  plot.on("plotly_hover", ({ points }) => {
    plot.classList.toggle("mfkit-over", points.some((point) => (point.customdata ?? null) !== null));
  });
  plot.on("plotly_unhover", () => plot.classList.remove("mfkit-over"));
}

// Another bundle of Plotly, which a figure may need, begins anew.
function render({ model, el, signal }) {
  let shown;
  const begin = () => {
    shown?.abort();
    shown = new AbortController();
    el.replaceChildren();
    show({ model, el, signal: shown.signal });
  };
  model.on("change:_bundle", begin);
  signal.addEventListener("abort", () => { model.off("change:_bundle", begin); shown.abort(); });
  begin();
}

async function show({ model, el, signal }) {
  const plot = document.createElement("div");
  const note = document.createElement("p");
  note.className = "mfkit-note";
  note.hidden = true;
  el.classList.add("mfkit-plot");
  // No picture, whose buttons would be hidden from who hears the page.
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("title"));
  el.append(plot, note);
  const say = (sentence) => { note.textContent = sentence; note.hidden = !sentence; };
  const slow = setTimeout(() => say("This chart waits for its kernel; run the notebook to see it."), 15_000);
  signal.addEventListener("abort", () => clearTimeout(slow));

  let Plotly;
  try {
    Plotly = await plotly(model, signal);
  } catch (error) {
    say(`This browser cannot run the charts: ${error.message}`);
    return;
  } finally {
    clearTimeout(slow);
  }
  if (signal.aborted) return;
  say("");

  let queue = Promise.resolve();
  let wired = false;
  let moved;
  let dragging;  // what dragging does, where a person chose it
  let kept;  // where a person moved the map, which a redraw must not undo

  const look = (view) => { model.set("view", view); model.save_changes(); };
  const zoom = (steps) => (gd) => Plotly.relayout(gd, { "map.zoom": gd._fullLayout.map.zoom + steps });
  // Plotly's own zoom buttons multiply the zoom by 1.05: at zoom 0, which shows the world, they do nothing.
  const buttons = {
    zoomIn: { title: "Zoom in", icon: Plotly.Icons.zoom_plus, click: zoom(1) },
    zoomOut: { title: "Zoom out", icon: Plotly.Icons.zoom_minus, click: zoom(-1) },
    ...Object.fromEntries(Object.entries({
      move: ["Move the map", "pan", "pan"],
      box: ["Select by a box", "selectbox", "select"],
      lasso: ["Select by a line around it", "lasso", "lasso"],
    }).map(([name, [title, icon, val]]) => [name, {
      title, icon: Plotly.Icons[icon], attr: "dragmode", val,
      click: (gd) => { dragging = val; Plotly.relayout(gd, { dragmode: val }); },
    }])),
    toSvg: {
      title: "Download as SVG", icon: Plotly.Icons.drawclosedpath,
      click: (gd) => Plotly.downloadImage(gd, { format: "svg", filename: model.get("title") || "chart" }),
    },
    toHtml: {
      title: "Download as HTML",
      icon: { width: 24, height: 24, path: "M9 5 2 12l7 7 1.4-1.4L4.8 12l5.6-5.6zM15 5l7 7-7 7-1.4-1.4 5.6-5.6-5.6-5.6z" },
      click: () => saveHtml(
        figureOf(model, el), model.get("title") || "chart",
        getComputedStyle(el).getPropertyValue("--jp-layout-color1").trim() || "white",
        page(model).packed,
      ),
    },
    home: { title: "Show all", icon: Plotly.Icons.home, click: () => { kept = undefined; look({}); draw(); } },
  };
  const named = (name) => buttons[name] ? { name, ...buttons[name] } : name;
  const config = {
    ...model.get("_config"), modeBarButtons: [model.get("_config").modeBarButtons.map(named)], responsive: false,
    toImageButtonOptions: { filename: model.get("title") || "chart" },
  };

  let waiting = false;  // for a drawing that will show the newest figure
  const draw = () => {
    if (waiting) return;
    waiting = true;
    queue = queue.then(async () => {
      // A first map takes as long as all other charts of a page together, which need not wait for it.
      if (!wired && model.get("_map_style")) await idle();
      waiting = false;
      // A plot made in a box without width keeps a wrong size; the observer below calls again.
      if (signal.aborted || !el.clientWidth || !hasFigure(model)) return;
      const { data, layout } = figureOf(model, el);
      if (layout.map && dragging) layout.dragmode = dragging;
      if (layout.map && kept?.revision === model.get("_revision")) Object.assign(layout.map, kept.place);
      plot.style.height = `${layout.height}px`;
      if (wired && layout.map) held(plot._fullLayout.map._subplot.map);
      await Plotly.react(plot, data, layout, config);
      say("");
      stay(plot._fullLayout.map?._subplot?.map);
      plot.dataset.drawn = String(Number(plot.dataset.drawn ?? 0) + 1);
      if (wired) return;
      wired = true;
      listen(plot, (kind, value) => model.send({ kind, value }), draw, signal);
      plot.on("plotly_relayout", (change) => {
        if (!Object.keys(change).some((key) => key.startsWith("map"))) return;
        const { center, zoom } = plot._fullLayout.map;
        kept = { revision: model.get("_revision"), place: { center: { ...center }, zoom } };
        clearTimeout(moved);
        // When it has come to rest.
        moved = setTimeout(() => {
          const box = plot._fullLayout.map?._subplot?.map?.getBounds();
          if (!box || !kept) return;
          look({ south: box.getSouth(), west: box.getWest(), north: box.getNorth(), east: box.getEast() });
        }, 50);
      });
    }).catch((error) => say(`This chart cannot be drawn: ${error.message}`));
  };

  // The wheel scrolls the notebook; with Ctrl or Command it zooms the map.
  el.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  }, { capture: true, signal });

  let width = 0;
  const sizes = new ResizeObserver(() => {
    if (!el.clientWidth || el.clientWidth === width) return;
    width = el.clientWidth;
    if (wired) queue = queue.then(() => Plotly.Plots.resize(plot)).catch(() => draw());
    else draw();
  });
  sizes.observe(el);
  // The name of a theme changes before its colours are there.
  const theme = new MutationObserver(() => [0, 300, 1500].forEach((wait) => setTimeout(draw, wait)));
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  model.on("change:_figure change:_map_style change:_revision", draw);
  draw();

  signal.addEventListener("abort", () => {
    clearTimeout(moved);
    sizes.disconnect();
    theme.disconnect();
    model.off("change:_figure change:_map_style change:_revision", draw);
    Plotly.purge(plot);
  });
}

export default { render };
