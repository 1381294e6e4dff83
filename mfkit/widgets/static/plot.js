// Draws a Plotly figure that the kernel sends as JSON, in the page's colors.
//
// Plotly's JavaScript comes from the kernel, compressed, once per page: the first plot requests it, and all plots wait
// for the same answer. After a reload of the page the plots are restored from the kernel and request it again.

const styles = new Map();
let drawings = 0;

function page(model) {
  const key = Symbol.for(`mfkit.plotly.${model.get("plotly_version")}.${model.get("bundle")}`);
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
  // Wrapped in a module, so that it finds neither an AMD loader nor the exports of another script.
  const wrapped = `const module = { exports: {} };\n${source}\nexport default module.exports;`;
  const url = URL.createObjectURL(new Blob([wrapped], { type: "text/javascript" }));
  const before = Object.getOwnPropertyDescriptor(globalThis, "Plotly");
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
    // The bundle defines a global. Another Plotly on the page must keep its own.
    if (before) Object.defineProperty(globalThis, "Plotly", before);
    else delete globalThis.Plotly;
  }
}

function plotly(model, signal) {
  const state = page(model);
  if (!state.done) {
    const bundle = model.get("bundle");
    const take = (message, buffers) => {
      if (message?.kind === "plotly" && message.bundle === bundle) state.settle(buffers[0]);
    };
    const ask = () => state.done || model.send({ kind: "plotly" });
    model.on("msg:custom", take);
    if (!state.asked) ask();
    state.asked = true;
    // The plot that sent the request may have been closed with its cell.
    const retry = setTimeout(ask, 10_000);
    signal.addEventListener("abort", () => { clearTimeout(retry); model.off("msg:custom", take); });
  }
  return state.promise;
}

function mapStyle(text) {
  // Keep one object per style: Plotly loads the style again for another object.
  if (!styles.has(text)) styles.set(text, JSON.parse(text));
  return styles.get(text);
}

// The first figure arrives after the first query. The page does not wait for it.
const hasFigure = (model) => model.get("figure_json") !== "{}";

function figureOf(model, el) {
  const { data = [], layout = {} } = JSON.parse(model.get("figure_json"));
  const css = getComputedStyle(el);
  const color = css.getPropertyValue("--jp-ui-font-color1").trim();
  if (color) layout.font = { ...layout.font, color };
  const background = css.getPropertyValue("--jp-layout-color1").trim();
  if (background) {
    const font = { ...layout.hoverlabel?.font, color };
    layout.hoverlabel = { ...layout.hoverlabel, bgcolor: background, font };
  }
  if (layout.map) {
    if (model.get("map_style")) layout.map.style = mapStyle(model.get("map_style"));
    // A wide map is higher, and fills its width if all places remain visible.
    const height = Math.round(Math.min(Math.max(layout.height, el.clientWidth * 0.48), 480));
    const higher = Math.log2(height / layout.height);
    layout.height = height;
    const fillZoom = Math.min(Math.log2(el.clientWidth / 512), (layout.meta?.max_zoom ?? 0) + higher);
    layout.map.zoom = Math.max(layout.map.zoom, fillZoom);
  }
  // The shape that the user drew to select is removed when the new figure arrives.
  const overrides = { selections: [], selectionrevision: (drawings += 1) };
  return { data, layout: { ...layout, ...overrides, autosize: true, uirevision: model.get("view_revision") } };
}

function download(name, type, parts) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// Save a page that shows the figure without a kernel and without an internet connection.
async function saveHtml({ data, layout }, title, background, packed) {
  // No tag in a name or elsewhere in the figure can end the script.
  const figure = JSON.stringify([data, layout]).replaceAll("<", "\\u003c");
  const heading = document.createElement("title");
  heading.textContent = title;
  download(`${title}.html`, "text/html", [
    `<!DOCTYPE html><meta charset="utf-8">${heading.outerHTML}<body style="background: ${background}">`,
    '<div id="plot"></div><script>',
    await unpacked(packed), `</script><script>Plotly.newPlot("plot", ...${figure});</script>`,
  ]);
}

// Resolves when the page is idle, or after half a second.
const idle = () => new Promise((done) => {
  if (globalThis.requestIdleCallback) requestIdleCallback(done, { timeout: 500 });
  else setTimeout(done, 50);
});

// Sends a brush over the x axis as soon as the mouse button is released. Plotly itself waits for up to 100 ms. The
// returned function is called for Plotly's event, and returns whether that brush was already sent.
function sendBrushes(plot, send, signal) {
  const minDrag = 8;  // pixels, as in Plotly
  let from, sent;
  const position = (x) => {
    const { xaxis } = plot._fullLayout;
    const offset = x - plot.getBoundingClientRect().left - xaxis._offset;
    return xaxis.p2d(Math.max(0, Math.min(xaxis._length, offset)));
  };
  plot.addEventListener("mousedown", ({ button, clientX, target }) => {
    const begins = button === 0 && plot._fullLayout.dragmode === "select" && target.closest(".nsewdrag");
    from = begins ? clientX : undefined;
    sent = undefined;
  }, { capture: true, signal });
  document.addEventListener("mouseup", ({ clientX }) => {
    if (from !== undefined && Math.abs(clientX - from) >= minDrag) {
      sent = plot.dataset.drawn;
      send("brush", [position(from), position(clientX)]);
    }
    from = undefined;
  }, { capture: true, signal });
  return (redraw) => {
    const wasSent = sent !== undefined;
    if (wasSent && sent !== plot.dataset.drawn) redraw();  // the new figure came first, so the brush is still visible
    sent = undefined;
    return wasSent;
  };
}

// MapLibre repeats a world that is narrower than its box, so the box must not be wider than the world.
function oneWorld(zoom, width) {
  const part = Math.min(1, (512 * 2 ** zoom) / width);
  return [(1 - part) / 2, (1 + part) / 2];
}

// Stop a map where it is released, so that its cells are queried at once. MapLibre lets it glide for up to 0.4 s, and
// Plotly enables dragging again at every change.
function disableGliding(map) {
  const pan = map?.dragPan;
  if (!pan || Object.hasOwn(pan, "enable")) return;
  pan.enable = pan.enable.bind(pan, { maxSpeed: 0 });
  if (pan.isEnabled()) pan.enable();
}

// Plotly sets a map's position and style again, for which MapLibre repaints the old state before the new one. Suppress
// this until the new circles are there: without a graphics card each repaint takes 25 ms or more.
function holdRepaints(map) {
  const element = map.getContainer(), canvas = map.getCanvas();
  let repaintRequested = false;
  const release = () => {
    clearTimeout(timer);
    map.off("sourcedata", onSourceData);
    delete map.triggerRepaint;
    delete map.resize;
    if (repaintRequested) map.triggerRepaint();
  };
  const onSourceData = ({ sourceDataType }) => { if (sourceDataType === "content") release(); };
  const timer = setTimeout(release, 100);  // if the circles do not change
  map.on("sourcedata", onSourceData);
  map.triggerRepaint = () => { repaintRequested = true; };
  map.resize = () => {  // it clears the canvas
    if (canvas.clientWidth === element.clientWidth && canvas.clientHeight === element.clientHeight) return map;
    release();
    return map.resize();
  };
}

// Send what the user does to a figure to the kernel.
function listen(plot, send, redraw, signal) {
  const wasSent = sendBrushes(plot, send, signal);
  plot.on("plotly_click", ({ points, event }) => {
    const value = points[0]?.customdata ?? null;
    // Clicks on a treemap are handled below, where its own reaction can be prevented.
    if (value !== null && points[0].data.type !== "treemap") send(event?.altKey ? "exclude" : "click", value);
  });
  plot.on("plotly_treemapclick", ({ points, event }) => {
    send(event?.altKey ? "exclude" : "click", points[0]?.customdata ?? null);
    return false;
  });
  plot.on("plotly_selected", (event) => {
    const [drawn, corners] = [event?.lassoPoints?.map, event?.range?.map];
    if (drawn) send("lasso", drawn.map(([longitude, latitude]) => [latitude, longitude]));
    else if (corners) {
      const [west, east] = corners.map(([longitude]) => longitude).sort((a, b) => a - b);
      const [south, north] = corners.map(([, latitude]) => latitude).sort((a, b) => a - b);
      send("box", [south, west, north, east]);
    } else if (event?.range?.x && !wasSent(redraw)) send("brush", event.range.x);
  });
  // The pointer shows which marks can be clicked.
  plot.on("plotly_hover", ({ points }) => {
    plot.classList.toggle("mfkit-over", points.some((point) => (point.customdata ?? null) !== null));
  });
  plot.on("plotly_unhover", () => plot.classList.remove("mfkit-over"));
}

// If a figure needs another bundle of Plotly, the plot is created again.
function render({ model, el, signal }) {
  let shown;
  const begin = () => {
    shown?.abort();
    shown = new AbortController();
    el.replaceChildren();
    show({ model, el, signal: shown.signal });
  };
  model.on("change:bundle", begin);
  signal.addEventListener("abort", () => { model.off("change:bundle", begin); shown.abort(); });
  begin();
}

async function show({ model, el, signal }) {
  const plot = document.createElement("div");
  const note = document.createElement("p");
  note.className = "mfkit-note";
  note.hidden = true;
  el.classList.add("mfkit-plot");
  // Not the role "img", which would hide the buttons from screen readers.
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("title"));
  el.append(plot, note);
  const showNote = (text) => { note.textContent = text; note.hidden = !text; };
  const slow = setTimeout(() => showNote("The chart is waiting for the kernel. Run the notebook to see it."), 15_000);
  signal.addEventListener("abort", () => clearTimeout(slow));

  let Plotly;
  try {
    Plotly = await plotly(model, signal);
  } catch (error) {
    showNote(`This browser cannot show charts: ${error.message}`);
    return;
  } finally {
    clearTimeout(slow);
  }
  if (signal.aborted) return;
  showNote("");

  let queue = Promise.resolve();
  let wired = false;
  let moved;
  let dragMode;  // chosen by the user
  let brush;
  let keys;  // updates what the keyboard reaches
  let names;  // writes the names of countries
  let kept;  // the view to which the user moved the map; a redraw must keep it

  const saveView = (view) => { model.set("view", view); model.save_changes(); };
  const zoom = (steps) => (gd) => Plotly.relayout(gd, { "map.zoom": gd._fullLayout.map.zoom + steps });
  // Plotly's own zoom buttons multiply the zoom by 1.05, which has no effect at zoom 0 (the whole world).
  const buttons = {
    zoomIn: { title: "Zoom in", icon: Plotly.Icons.zoom_plus, click: zoom(1) },
    zoomOut: { title: "Zoom out", icon: Plotly.Icons.zoom_minus, click: zoom(-1) },
    ...Object.fromEntries(Object.entries({
      move: ["Move", "pan", "pan"],
      box: ["Select by box", "selectbox", "select"],
      lasso: ["Select by lasso", "lasso", "lasso"],
    }).map(([name, [title, icon, val]]) => [name, {
      title, icon: Plotly.Icons[icon], attr: "dragmode", val,
      click: (gd) => { dragMode = val; Plotly.relayout(gd, { dragmode: val }); },
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
    home: { title: "Show all", icon: Plotly.Icons.home, click: () => { kept = undefined; saveView({}); draw(); } },
  };
  const button = (name) => buttons[name] ? { name, ...buttons[name] } : name;
  const config = {
    ...model.get("plot_config"), modeBarButtons: [model.get("plot_config").modeBarButtons.map(button)], responsive: false,
    toImageButtonOptions: { filename: model.get("title") || "chart" },
  };

  let pending = false;  // a drawing is queued that will show the newest figure
  const draw = () => {
    if (pending) return;
    pending = true;
    queue = queue.then(async () => {
      // The first map takes as long as all other charts of a page together. They should not wait for it.
      if (!wired && model.get("map_style")) await idle();
      pending = false;
      // A plot created in a box without width keeps a wrong size. The observer below calls again.
      if (signal.aborted || !el.clientWidth || !hasFigure(model)) return;
      const { data, layout } = figureOf(model, el);
      if (layout.map && dragMode) layout.dragmode = dragMode;
      if (layout.map && kept?.revision === model.get("view_revision")) Object.assign(layout.map, kept.place);
      if (layout.map) layout.map.domain = { x: oneWorld(layout.map.zoom, el.clientWidth) };
      plot.style.height = `${layout.height}px`;
      if (wired && layout.map) holdRepaints(plot._fullLayout.map._subplot.map);
      await Plotly.react(plot, data, layout, config);
      showNote("");
      disableGliding(plot._fullLayout.map?._subplot?.map);
      if (layout.map && !names) names = countryNames(plot._fullLayout.map._subplot.map, signal);
      names?.();
      brush ??= brushOf(plot, el, (kind, value) => model.send({ kind, value }), signal);
      brush.show(layout.meta?.brush);
      keys ??= chartKeys(plot, el, Plotly, model.get("title"), (kind, value) => model.send({ kind, value }), signal);
      keys();
      plot.dataset.drawn = String(Number(plot.dataset.drawn ?? 0) + 1);
      if (wired) return;
      wired = true;
      listen(plot, (kind, value) => model.send({ kind, value }), draw, signal);
      plot.on("plotly_relayout", (change) => {
        if (!Object.keys(change).some((key) => key.startsWith("map"))) return;
        const { center, zoom } = plot._fullLayout.map;
        kept = { revision: model.get("view_revision"), place: { center: { ...center }, zoom } };
        clearTimeout(moved);
        // After the last of a series of events.
        moved = setTimeout(() => {
          const box = plot._fullLayout.map?._subplot?.map?.getBounds();
          if (!box || !kept) return;
          saveView({ south: box.getSouth(), west: box.getWest(), north: box.getNorth(), east: box.getEast() });
        }, 50);
      });
    }).catch((error) => showNote(`The chart could not be drawn: ${error.message}`));
  };

  // The wheel scrolls the notebook. With Ctrl or Command it zooms the map.
  el.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  }, { capture: true, signal });

  let width = 0;
  const sizes = new ResizeObserver(() => {
    if (!el.clientWidth || el.clientWidth === width) return;
    width = el.clientWidth;
    if (!wired) { draw(); return; }
    queue = queue.then(() => Plotly.Plots.resize(plot)).then(() => brush?.place()).catch(() => draw());
    if (plot.layout.map && !kept) draw();  // the zoom at which all places fit into the new width
  });
  sizes.observe(el);
  // The name of a theme changes before its colors are loaded.
  const theme = new MutationObserver(() => [0, 300, 1500].forEach((wait) => setTimeout(draw, wait)));
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  model.on("change:figure_json change:map_style change:view_revision", draw);
  draw();

  signal.addEventListener("abort", () => {
    clearTimeout(moved);
    sizes.disconnect();
    theme.disconnect();
    model.off("change:figure_json change:map_style change:view_revision", draw);
    Plotly.purge(plot);
  });
}

export default { render };
