// Range slider with two handles under a small histogram. A change is sent when a handle is released.

const NS = "http://www.w3.org/2000/svg";

function render({ model, el }) {
  el.classList.add("mfkit-range");
  const head = document.createElement("div");
  const title = document.createElement("span");
  const state = document.createElement("span");
  const bars = document.createElementNS(NS, "svg");
  const track = document.createElement("div");
  const ends = ["low", "high"].map((name) => {
    const input = document.createElement("input");
    input.type = "range";
    input.name = name;
    input.step = 1;
    input.setAttribute("aria-label", `${model.get("label")}: ${name === "low" ? "from" : "up to"}`);
    return input;
  });
  const [low, high] = ends;
  title.textContent = model.get("label");
  state.className = "mfkit-state";
  state.setAttribute("aria-live", "polite");
  head.className = "mfkit-range-head";
  track.className = "mfkit-track";
  bars.setAttribute("preserveAspectRatio", "none");
  bars.setAttribute("aria-hidden", "true");
  head.append(title, state);
  track.append(bars, ...ends);
  const beside = document.createElement("div");
  beside.className = "mfkit-buckets";
  el.append(head, track, beside);

  const paint = () => {
    const [from, to] = [Number(low.value), Number(high.value)];
    const last = model.get("counts").length;
    const first = model.get("lower_labels")[from] ?? "";
    const end = model.get("upper_labels")[to] ?? "";
    if (from === 0 && to === last) state.textContent = "Any";
    else if (to === last) state.textContent = `From ${first}`;
    else if (from === 0) state.textContent = `Up to ${end}`;
    else state.textContent = first === end ? first : `${first} to ${end}`;
    low.setAttribute("aria-valuetext", from === 0 ? "Any" : first);
    high.setAttribute("aria-valuetext", to === last ? "Any" : end);
    [...bars.children].forEach((bar, index) => {
      bar.classList.toggle("mfkit-in", index >= from && index < to);
    });
    // If both handles are at the right end, the left one must be on top.
    low.style.zIndex = from > last / 2 ? 2 : 1;
    high.style.zIndex = from > last / 2 ? 1 : 2;
  };

  // "1 GB to 3 GB: 12 files", or "2014: 12 files" if a bin is one value.
  const hoverText = (index, count) => {
    const [from, to] = [model.get("lower_labels")[index], model.get("upper_labels")[index + 1]];
    const range = from === to ? from : to === "Any" ? `From ${from}` : `${from} to ${to}`;
    return `${range}: ${count.toLocaleString("en-US")} ${count === 1 ? "file" : "files"}`;
  };

  const draw = () => {
    const counts = model.get("counts");
    const most = Math.max(1, ...counts);
    bars.setAttribute("viewBox", `0 0 ${Math.max(1, counts.length)} 1`);
    bars.replaceChildren(...counts.map((count, index) => {
      const bar = document.createElementNS(NS, "rect");
      // A few files next to a million must remain visible.
      const height = count ? Math.max(0.06, Math.sqrt(count / most)) : 0;
      for (const [name, value] of Object.entries({ x: index + 0.06, y: 1 - height, width: 0.88, height })) {
        bar.setAttribute(name, value);
      }
      const text = document.createElementNS(NS, "title");
      text.textContent = hoverText(index, count);
      bar.append(text);
      return bar;
    }));
    for (const input of ends) {
      input.min = 0;
      input.max = counts.length;
      input.disabled = !counts.length;
    }
    low.value = model.get("low");
    high.value = model.get("high");
    paint();
  };

  for (const input of ends) {
    input.addEventListener("input", () => {
      // At least one bin stays selected.
      if (input === low) low.value = Math.min(Number(low.value), Number(high.value) - 1);
      else high.value = Math.max(Number(high.value), Number(low.value) + 1);
      paint();
    });
    input.addEventListener("change", () => {
      // A message instead of model state, so that an answer to an older change cannot undo this one.
      model.send({ kind: "range", value: [Number(low.value), Number(high.value)] });
    });
  }
  // Items that have no place on the slider, such as those without a date.
  const drawBuckets = () => {
    const focused = beside.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    const note = document.createElement("span");
    note.textContent = model.get("note");
    beside.replaceChildren(...model.get("buckets").map(({ key, text, selected }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.title = selected ? "Remove this condition" : "Select these files";
      button.dataset.key = key;
      button.setAttribute("aria-pressed", String(selected));
      button.addEventListener("click", () => model.send({ kind: "bucket", value: key }));
      return button;
    }), ...(note.textContent ? [note] : []));
    if (focused) [...beside.children].find((one) => one.dataset.key === focused)?.focus();
  };

  const events = "change:counts change:lower_labels change:upper_labels change:low change:high";
  model.on(events, draw);
  model.on("change:buckets change:note", drawBuckets);
  draw();
  drawBuckets();
  return () => { model.off(events, draw); model.off("change:buckets change:note", drawBuckets); };
}

export default { render };
