// Two handles under a small histogram: from where to where. A choice is told when the handle is let go.

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
  el.append(head, track);

  const paint = () => {
    const [from, to] = [Number(low.value), Number(high.value)];
    const last = model.get("counts").length;
    const first = model.get("froms")[from] ?? "";
    const end = model.get("tos")[to] ?? "";
    if (from === 0 && to === last) state.textContent = "any";
    else if (to === last) state.textContent = `from ${first}`;
    else if (from === 0) state.textContent = `up to ${end}`;
    else state.textContent = first === end ? first : `${first} to ${end}`;
    low.setAttribute("aria-valuetext", from === 0 ? "any" : first);
    high.setAttribute("aria-valuetext", to === last ? "any" : end);
    [...bars.children].forEach((bar, place) => {
      bar.classList.toggle("mfkit-in", place >= from && place < to);
    });
    // Where both handles lie at the right end, the left one must be the one that can be taken.
    low.style.zIndex = from > last / 2 ? 2 : 1;
    high.style.zIndex = from > last / 2 ? 1 : 2;
  };

  const draw = () => {
    const counts = model.get("counts");
    const most = Math.max(1, ...counts);
    bars.setAttribute("viewBox", `0 0 ${Math.max(1, counts.length)} 1`);
    bars.replaceChildren(...counts.map((count, place) => {
      const bar = document.createElementNS(NS, "rect");
      // A few files beside a million are seen all the same.
      const tall = count ? Math.max(0.06, Math.sqrt(count / most)) : 0;
      for (const [name, value] of Object.entries({ x: place + 0.06, y: 1 - tall, width: 0.88, height: tall })) {
        bar.setAttribute(name, value);
      }
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
      // At least one bin stays between them.
      if (input === low) low.value = Math.min(Number(low.value), Number(high.value) - 1);
      else high.value = Math.max(Number(high.value), Number(low.value) + 1);
      paint();
    });
    input.addEventListener("change", () => {
      // A message, not the state: an answer to an older choice that comes meanwhile must not undo this one.
      model.send({ kind: "range", value: [Number(low.value), Number(high.value)] });
    });
  }
  const events = "change:counts change:froms change:tos change:low change:high";
  model.on(events, draw);
  draw();
  return () => model.off(events, draw);
}

export default { render };
