// Pictures of a group, side by side or one after the other. All of them are zoomed to the same place, whatever their
// number of pixels. Texts are set as text, never as HTML.

const ZOOMS = [1, 2, 4, 8, 16];

function render({ model, el }) {
  el.classList.add("mfkit-compare");
  const button = (text, label, action) => {
    const node = element("button", { type: "button", textContent: text, title: label, ariaLabel: label });
    node.addEventListener("click", action);
    return node;
  };
  const step = (by) => model.send({ kind: "step", by });
  const place = element("span", { className: "mfkit-compare-place" });
  place.setAttribute("aria-live", "polite");
  const mode = button("One at a time", "Switch between side by side and one at a time (F)", () => setMode(!flip));
  const level = element("span", { className: "mfkit-compare-zoom" });
  const bar = element("div", { className: "mfkit-compare-bar" },
    button("‹", "Previous group (P)", () => step(-1)), place, button("›", "Next group (N)", () => step(1)), mode,
    element("span", { className: "mfkit-compare-zooms" },
      button("−", "Zoom out (−)", () => setZoom(-1)), level, button("+", "Zoom in (+)", () => setZoom(1))));
  const frames = element("div", { className: "mfkit-compare-frames", tabIndex: 0, role: "group" });
  frames.setAttribute("aria-label", "Pictures of the group");
  const note = element("p", { className: "mfkit-note" });
  note.setAttribute("role", "status");
  el.append(bar, frames, note);

  let flip = false;
  let shown = 0;  // picture that is shown in the mode "one at a time"
  let zoom = 0;
  let center = { x: 0.5, y: 0.5 };  // share of the width and height
  let drawn = "";  // ids of the group whose pictures are in the page
  const urls = new Map();

  const files = () => model.get("group").files ?? [];

  // All pictures fill their frame at zoom 1. Zooming moves the same share of each picture to the middle of its frame.
  const transform = () => {
    const scale = ZOOMS[zoom];
    level.textContent = `${scale} ×`;
    for (const image of frames.querySelectorAll("img")) {
      const box = image.parentElement;
      const ratio = Math.min(box.clientWidth / image.naturalWidth, box.clientHeight / image.naturalHeight) || 1;
      const width = image.naturalWidth * ratio * scale, height = image.naturalHeight * ratio * scale;
      const offset = (size, frame, share) => (size <= frame ? (frame - size) / 2
        : Math.min(0, Math.max(frame - size, frame / 2 - share * size)));
      const left = offset(width, box.clientWidth, center.x), top = offset(height, box.clientHeight, center.y);
      Object.assign(image.style, { width: `${width}px`, height: `${height}px`, transform: `translate(${left}px, ${top}px)` });
    }
    frames.classList.toggle("mfkit-zoomed", zoom > 0);
  };
  const setZoom = (by, point) => {
    zoom = Math.max(0, Math.min(zoom + by, ZOOMS.length - 1));
    if (point) center = point;
    transform();
  };
  const shareOf = (image, { clientX, clientY }) => {
    const { left, top, width, height } = image.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  };

  const setMode = (on) => {
    flip = on;
    mode.textContent = flip ? "Side by side" : "One at a time";
    showFrames();
  };
  const showFrames = () => {
    frames.classList.toggle("mfkit-flip", flip);
    [...frames.children].forEach((frame, at) => { frame.hidden = flip && at !== shown; });
    transform();
  };
  const flipBy = (by) => {
    if (!files().length) return;
    shown = (shown + by + files().length) % files().length;
    if (flip) showFrames(); else setMode(true);
  };

  const frameOf = ({ id, at, name, path }) => {
    const box = element("div", { className: "mfkit-compare-picture" },
      element("span", { className: "mfkit-compare-wait", textContent: "Loading …" }));
    box.dataset.id = id;
    const keep = element("input", { type: "checkbox" });
    keep.addEventListener("change", () => {
      model.send({ kind: "keep", number: model.get("group").number, at, keep: keep.checked });
    });
    const label = element("label", {}, keep, element("b", { textContent: "Keep" }));
    return element("figure", {}, box, element("figcaption", {}, label,
      element("bdi", { className: "mfkit-compare-name", textContent: name, title: path }),
      element("span", { className: "mfkit-compare-values" }), element("small")));
  };

  const draw = () => {
    const { number, total, more } = model.get("group");
    bar.hidden = frames.hidden = !files().length;
    note.textContent = model.get("note") || (more ? `${more} more files are not shown.` : "");
    note.hidden = !note.textContent;
    place.textContent = `Group ${number} of ${total}`;
    const key = files().map(({ id, path }) => `${id} ${path}`).join("\n");
    if (key !== drawn) {
      drawn = key;
      shown = zoom = 0;
      center = { x: 0.5, y: 0.5 };
      for (const url of urls.values()) URL.revokeObjectURL(url);
      urls.clear();
      frames.replaceChildren(...files().map(frameOf));
      if (files().length) model.send({ kind: "pictures" });
      showFrames();
    }
    files().forEach(({ keep, suggestion, values }, at) => {
      const frame = frames.children[at];
      frame.classList.toggle("mfkit-kept", keep);
      frame.querySelector("input").checked = keep;
      const texts = values.map(([text, differs]) => element(differs ? "b" : "span", { textContent: text, dir: "auto" }));
      frame.querySelector(".mfkit-compare-values").replaceChildren(
        ...texts.flatMap((text, index) => (index ? [" · ", text] : [text])));
      frame.querySelector("small").textContent = suggestion;
    });
  };

  const receive = ({ kind, id, error }, buffers) => {
    if (kind === "redraw") draw();
    const boxes = [...frames.querySelectorAll(".mfkit-compare-picture")].filter((box) => box.dataset.id === id);
    if (kind !== "picture" || !boxes.length) return;
    if (!buffers[0]?.byteLength) {
      for (const box of boxes) { const wait = box.querySelector(".mfkit-compare-wait"); if (wait) wait.textContent = error; }
      return;
    }
    if (urls.has(id)) URL.revokeObjectURL(urls.get(id));
    const src = URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" }));
    urls.set(id, src);
    for (const box of boxes) {
      const image = element("img", { alt: "", draggable: false });
      // The old picture stays until the new one can be painted.
      image.addEventListener("load", () => { box.replaceChildren(image); transform(); });
      image.src = src;
    }
  };

  let pan;
  frames.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.tagName !== "IMG") return;
    pan = { image: event.target, start: shareOf(event.target, event), from: center, moved: false };
    frames.setPointerCapture(event.pointerId);
  });
  frames.addEventListener("pointermove", (event) => {
    if (!pan) return;
    const here = shareOf(pan.image, event);
    const x = here.x - pan.start.x, y = here.y - pan.start.y;
    if (Math.abs(x) + Math.abs(y) > 0.004) pan.moved = true;
    if (!zoom || !pan.moved) return;
    const inside = (value) => Math.min(1, Math.max(0, value));
    center = { x: inside(center.x - x), y: inside(center.y - y) };
    transform();
  });
  frames.addEventListener("pointerup", (event) => {
    if (pan && !pan.moved) setZoom(zoom ? -zoom : 2, shareOf(pan.image, event));
    pan = undefined;
  });
  el.addEventListener("keydown", (event) => {
    if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = {
      ArrowLeft: () => flipBy(-1), ArrowRight: () => flipBy(1), "+": () => setZoom(1), "-": () => setZoom(-1),
      f: () => setMode(!flip), n: () => step(1), p: () => step(-1),
    };
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    act();
    event.preventDefault();
  });
  const resized = new ResizeObserver(transform);
  resized.observe(frames);

  model.on("change:group change:note", draw);
  model.on("msg:custom", receive);
  draw();
  return () => {
    model.off("change:group change:note", draw);
    model.off("msg:custom", receive);
    resized.disconnect();
    for (const url of urls.values()) URL.revokeObjectURL(url);
  };
}

export default { render };
