// Shows the selected range of a chart between two handles, which can be dragged or moved with the arrow keys. The bars
// between the handles stay clickable: only the handles and the strip above them take the pointer.
function brushOf(plot, el, send, signal) {
  const box = document.createElement("div");
  box.className = "mfkit-brush";
  box.hidden = true;
  const part = (name, label) => {
    const one = document.createElement("div");
    one.className = `mfkit-brush-${name}`;
    one.tabIndex = 0;
    one.setAttribute("role", "slider");
    one.setAttribute("aria-label", label);
    box.append(one);
    return one;
  };
  const parts = [part("move", "Move the range"), part("low", "Start of the range"), part("high", "End of the range")];
  el.append(box);
  let range;
  const place = () => {
    box.hidden = !range || !plot._fullLayout;
    if (box.hidden) return;
    const { xaxis, yaxis } = plot._fullLayout;
    const [left, right] = range.map((x) => xaxis._offset + Math.max(0, Math.min(xaxis._length, xaxis.d2p(x))));
    Object.assign(box.style, {
      left: `${left}px`, width: `${Math.max(2, right - left)}px`, top: `${yaxis._offset}px`, height: `${yaxis._length}px`,
    });
    for (const one of parts) {
      const { ticktext = [], tickvals = [] } = xaxis;
      const at = one === parts[2] ? range[1] : range[0];
      one.setAttribute("aria-valuenow", at.toFixed(2));
      const near = tickvals.findLastIndex((tick) => tick <= at);
      one.setAttribute("aria-valuetext", String(ticktext[near] ?? at.toFixed(1)).replaceAll("<br>", ""));
    }
  };
  const moved = (one, [low, high], by) => {
    const next = [one === parts[2] ? low : low + by, one === parts[1] ? high : high + by];
    return next[0] <= next[1] ? next : next.reverse();
  };
  for (const one of parts) {
    let from;
    one.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      event.stopPropagation();
      one.setPointerCapture(event.pointerId);
      from = { x: event.clientX, range: [...range] };
    }, { signal });
    const shifted = (event) => {
      const { xaxis } = plot._fullLayout;
      return moved(one, from.range, xaxis.p2d(event.clientX - from.x) - xaxis.p2d(0));
    };
    one.addEventListener("pointermove", (event) => {
      if (!from) return;
      range = shifted(event);
      place();
    }, { signal });
    one.addEventListener("pointerup", (event) => {
      if (!from) return;
      const changed = Math.abs(event.clientX - from.x) >= 3;
      range = changed ? shifted(event) : from.range;
      from = undefined;
      if (changed) send("resize", range);
      place();
    }, { signal });
    one.addEventListener("pointercancel", () => { from = undefined; }, { signal });
    one.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const width = plot.data[0]?.width?.[Math.floor(plot.data[0].width.length / 2)] ?? 1;
      send("resize", moved(one, range, step * width * 1.2));
    }, { signal });
  }
  return { place, show: (ends) => { range = ends; place(); } };
}
