// Makes the bars, points, cells, boxes and circles of a chart reachable by keyboard: the arrow keys move from one to the
// next, Enter clicks it, and Alt+Enter excludes it. The hover text marks the current one and is announced to screen readers.
function chartKeys(plot, el, Plotly, title, send, signal) {
  const status = document.createElement("div");
  status.className = "mfkit-announced";
  status.setAttribute("role", "status");
  el.append(status);
  let current;  // the value of a mark as JSON, which a redraw keeps

  // All marks with a value, in reading order. Bars above each other share their value and are one stop.
  const marks = () => {
    const found = new Map();
    const add = (hover, value, left, top) => {
      const key = JSON.stringify(value ?? null);
      if (key !== "null" && !found.has(key)) found.set(key, { hover, value, key, left, top });
    };
    for (const { type, customdata, x, y, z, lat, lon, index, visible, hoverinfo, xaxis, yaxis } of plot._fullData ?? []) {
      if (!customdata || visible !== true || hoverinfo === "skip") continue;
      if (type === "treemap") addBoxes(customdata, add);
      if (type === "scattermap") addCircles(customdata, lat, lon, add);
      if (!xaxis || !yaxis) continue;
      const across = (value) => plot._fullLayout[xaxis.replace("x", "xaxis")].d2p(value);
      const down = (value) => plot._fullLayout[yaxis.replace("y", "yaxis")].d2p(value);
      if (type === "heatmap") {
        [...customdata].forEach((row, at) => [...row].forEach((value, column) => {
          if (!Number.isFinite(z[at][column])) return;
          const place = { curveNumber: index, xval: x[column], yval: y[at] };
          add(() => Plotly.Fx.hover(plot, [place]), value, across(x[column]), down(y[at]));
        }));
      } else {
        [...customdata].forEach((value, at) => {
          const place = { curveNumber: index, pointNumber: at };
          add(() => Plotly.Fx.hover(plot, [place]), value, across(x[at]), down(y[at]));
        });
      }
    }
    // Bars side by side have different ends, so their height says nothing about their order.
    const upright = plot._fullData?.some(({ type, orientation }) => type === "bar" && orientation !== "h");
    return [...found.values()].sort((a, b) => (upright ? 0 : a.top - b.top) || a.left - b.left);
  };

  // The boxes of a treemap: each folder is followed by its subfolders, the largest first. Plotly shows the hover text of a
  // box only for events of the pointer.
  const addBoxes = (customdata, add) => {
    const slices = [...plot.querySelectorAll(".treemaplayer .slice")];
    const sliceOf = new Map(slices.map((slice) => [slice.__data__, slice]));
    let number = 0;
    slices[0]?.__data__.eachBefore((box) => {
      const slice = sliceOf.get(box);
      if (slice) add(() => slice.dispatchEvent(new MouseEvent("mouseover")), customdata[box.data.data.i], number += 1, 0);
    });
  };

  // The visible circles of a map, from left to right.
  const addCircles = (customdata, latitudes, longitudes, add) => {
    const { map } = plot._fullLayout.map._subplot;
    const { clientWidth, clientHeight } = map.getCanvas();
    [...customdata].forEach((value, at) => {
      const { x, y } = map.project([longitudes[at], latitudes[at]]);
      if (x < 0 || y < 0 || x > clientWidth || y > clientHeight) return;
      add(() => Plotly.Fx.hover(plot, { xval: longitudes[at], yval: latitudes[at] }, "map"), value, x, 0);
    });
  };

  let announcing;
  const point = ({ hover, key }) => {
    current = key;
    hover();
    clearTimeout(announcing);
    announcing = setTimeout(announce, 100);  // Plotly shows the text within 50 ms, without an event
  };
  const announce = () => {
    const lines = [...plot.querySelectorAll(".hoverlayer .hovertext text")].flatMap((text) => {
      const parts = [...text.querySelectorAll(".line")];
      return (parts.length ? parts : [text]).map((part) => part.textContent.trim());
    });
    status.textContent = lines.filter(Boolean).join(", ");
  };
  const leave = () => {
    if (!plot._fullData) return;
    if (plot._fullData[0]?.type !== "treemap") Plotly.Fx.unhover(plot);
    for (const slice of plot.querySelectorAll(".treemaplayer .slice")) slice.dispatchEvent(new MouseEvent("mouseout"));
  };

  const MOVES = {
    ArrowLeft: (at) => at - 1, ArrowUp: (at) => at - 1, ArrowRight: (at) => at + 1, ArrowDown: (at) => at + 1,
    Home: () => 0, End: (at, count) => count - 1,
  };
  plot.addEventListener("keydown", (event) => {
    if (event.target !== plot || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const all = marks();
    const at = all.findIndex(({ key }) => key === current);
    if (MOVES[event.key] && all.length) {
      point(all[Math.max(0, Math.min(MOVES[event.key](at, all.length), all.length - 1))]);
    } else if (event.key === "Enter" && at >= 0) send(event.altKey ? "exclude" : "click", all[at].value);
    else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
  }, { signal });
  plot.addEventListener("blur", leave, { signal });
  signal.addEventListener("abort", () => clearTimeout(announcing));

  // The returned function is called after each drawing. It keeps the current mark. Tab skips a chart without marks.
  return () => {
    const all = marks();
    const states = {
      tabindex: "0", role: "application", "aria-label": `${title}: arrow keys move, Enter selects, Alt and Enter exclude`,
    };
    for (const [name, value] of Object.entries(states)) {
      if (all.length) plot.setAttribute(name, value); else plot.removeAttribute(name);
    }
    const kept = document.activeElement === plot && all.find(({ key }) => key === current);
    if (kept) point(kept);
  };
}
