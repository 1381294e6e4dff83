// Dialog that shows one item in full size, with its metadata beside it. Texts are set as text, never as HTML.
//
// Pictures arrive as JPEG that mfkit has drawn. Videos and audio files arrive in chunks of the original file, which
// only the browser's media player reads.

const MAX_MEDIA = 400_000_000;

const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0);

// A map whose shapes the kernel has computed. The browser asks no server.
const smallMap = ({ land, borders, names, x, y }) => {
  const shape = (name, properties, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(properties)) node.setAttribute(key, value);
    if (text) node.textContent = text;
    return node;
  };
  const map = shape("svg", { viewBox: "0 0 240 150", class: "mfkit-small-map", role: "img", "aria-label": "Map" });
  map.append(
    shape("path", { class: "mfkit-land", d: land }), shape("path", { class: "mfkit-borders", d: borders }),
    ...names.map(([name, left, top]) => shape("text", { x: left, y: top }, name)),
    shape("circle", { cx: x, cy: y, r: 4.5 }),
  );
  return map;
};

function render({ model, el }) {
  const title = element("h3", { dir: "auto" });
  const button = (text, label, action) => {
    const node = element("button", { type: "button", textContent: text, title: label, ariaLabel: label });
    node.addEventListener("click", action);
    return node;
  };
  const step = (by) => model.send({ kind: "step", by });
  const zoomButton = button("100 %", "Switch between fit and 100 % (Space)", () => zoom(!zoomed));
  const infoButton = button("Info", "Metadata (I)", () => dialog.classList.toggle("mfkit-no-info"));
  const bar = element(
    "div", { className: "mfkit-card-head" }, title, zoomButton, infoButton, button("‹", "Previous file (←)", () => step(-1)),
    button("›", "Next file (→)", () => step(1)), button("×", "Close (Esc)", () => dialog.close()),
  );
  const stage = element("div", { className: "mfkit-stage", tabIndex: -1 });
  const metadata = element("aside", { className: "mfkit-metadata", tabIndex: 0, ariaLabel: "Metadata" });
  const dialog = element("dialog", { className: "mfkit-card mfkit-lightbox" }, bar,
    element("div", { className: "mfkit-lightbox-body" }, stage, metadata));
  dialog.setAttribute("aria-label", "File");
  el.append(dialog);

  let item = {};  // the item in the dialog
  let image, url, chunks;
  let zoomed = false;

  const release = () => { if (url) URL.revokeObjectURL(url); url = undefined; chunks = undefined; };
  const say = (text) => stage.querySelector(".mfkit-note").replaceChildren(text);

  // Pictures -------------------------------------------------------------------------------------------------------

  const place = () => {
    if (!image?.naturalWidth) return;
    // The thumbnail already has the size of the picture, so that nothing moves when the picture arrives.
    const ratio = image.naturalHeight / image.naturalWidth;
    const full = Math.max(item.width ?? 0, image.naturalWidth) / devicePixelRatio;
    const fit = Math.min(full, stage.clientWidth, stage.clientHeight / ratio);
    image.style.width = `${zoomed ? full : fit}px`;
    stage.classList.toggle("mfkit-zoomed", zoomed);
    zoomButton.textContent = zoomed ? "Fit" : "100 %";
  };

  // The point at which the picture was clicked stays under the pointer.
  const zoom = (on, point) => {
    if (!image) return;
    const before = image.getBoundingClientRect();
    const box = stage.getBoundingClientRect();
    const { x, y } = point ?? { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    const across = (x - before.left) / before.width, down = (y - before.top) / before.height;
    zoomed = on;
    place();
    const after = image.getBoundingClientRect();
    stage.scrollLeft += after.left + across * after.width - x;
    stage.scrollTop += after.top + down * after.height - y;
  };

  const showImage = (bytes) => {
    const address = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    const next = element("img", { alt: item.name ?? "", draggable: false, src: address });
    const { id } = item;
    next.decode().catch(() => {}).then(() => {
      if (id !== item.id || !next.naturalWidth) { URL.revokeObjectURL(address); return; }
      if (image) image.replaceWith(next); else stage.prepend(next);
      release();
      url = address;
      image = next;
      place();
    });
  };

  let pan;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button || !image || event.target !== image) return;
    stage.setPointerCapture(event.pointerId);
    pan = { x: event.clientX, y: event.clientY, left: stage.scrollLeft, top: stage.scrollTop, moved: false };
  });
  stage.addEventListener("pointermove", (event) => {
    if (!pan) return;
    const x = event.clientX - pan.x, y = event.clientY - pan.y;
    if (Math.hypot(x, y) > 4) pan.moved = true;
    stage.scrollLeft = pan.left - x;
    stage.scrollTop = pan.top - y;
  });
  stage.addEventListener("pointerup", (event) => {
    if (pan && !pan.moved) zoom(!zoomed, event);
    pan = undefined;
  });

  // Video and audio ------------------------------------------------------------------------------------------------

  const play = () => {
    if (chunks) return;
    const player = stage.querySelector("video, audio");
    if (player) { if (player.paused) player.play(); else player.pause(); return; }
    chunks = [];
    model.send({ kind: "chunk", id: item.id, offset: 0 });
    say("Loading …");
  };

  const receiveChunk = ({ offset, size, error }, bytes) => {
    if (!chunks) return;
    if (error) { chunks = undefined; say(error); return; }
    chunks.push(bytes);
    const loaded = offset + bytes.byteLength;
    if (loaded < size && bytes.byteLength) {
      say(`Loading ${megabytes(loaded)} of ${megabytes(size)} MB`);
      model.send({ kind: "chunk", id: item.id, offset: loaded });
      return;
    }
    const parts = chunks;
    release();
    url = URL.createObjectURL(new Blob(parts, { type: item.mime }));
    const player = element(item.type === "audio" ? "audio" : "video", { controls: true, autoplay: true, src: url });
    player.addEventListener("error", () => {
      player.remove();
      stage.classList.remove("mfkit-playing");
      say("This browser cannot play the file. Open it in another program.");
    });
    stage.querySelector(".mfkit-play")?.remove();
    say("");
    stage.classList.toggle("mfkit-playing", item.type === "video");
    stage.append(player);
    player.focus();
  };

  // The dialog -----------------------------------------------------------------------------------------------------

  const show = (message) => {
    release();
    item = message;
    image = undefined;
    zoomed = false;
    stage.className = "mfkit-stage";
    const playable = message.type === "video" || message.type === "audio";
    const note = element("p", { className: "mfkit-note", textContent: message.note ?? "" });
    stage.replaceChildren(note);
    if (playable && message.size <= MAX_MEDIA) {
      const label = `▶ Play (${megabytes(message.size)} MB)`;
      stage.append(element("div", { className: "mfkit-play" }, button(label, "Play (Space)", play)));
    } else if (playable) say("This file is too large to be played here. Open it in another program.");
    zoomButton.hidden = message.type !== "image";
    title.replaceChildren(isolated(message.name, { title: message.name }));
    metadata.replaceChildren(...(message.map ? [smallMap(message.map)] : []), ...metadataGroups(message.groups));
    metadata.scrollTop = 0;
    if (!dialog.open) { dialog.showModal(); stage.focus(); }
  };

  const receive = (message, buffers) => {
    if (message.kind === "show") show(message);
    if (message.id !== item.id || !dialog.open) return;
    if (message.kind === "picture") {
      if (buffers[0]?.byteLength) showImage(buffers[0]);
      if (message.error !== undefined) say(message.error);
    }
    if (message.kind === "chunk") receiveChunk(message, buffers[0]);
  };

  dialog.addEventListener("close", () => {
    release();
    stage.replaceChildren();
    image = undefined;
    item = {};
    model.send({ kind: "close" });
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    const inPlayer = event.target.matches("video, audio");
    if (event.key === "ArrowLeft" && !inPlayer) step(-1);
    else if (event.key === "ArrowRight" && !inPlayer) step(1);
    else if (event.key.toLowerCase() === "i") infoButton.click();
    else if (event.key === " " && !inPlayer && !event.target.matches("button")) {
      if (item.type === "image") zoom(!zoomed); else stage.querySelector(".mfkit-play button")?.click();
    } else return;
    event.preventDefault();
  });
  const resized = new ResizeObserver(place);
  resized.observe(stage);

  model.on("msg:custom", receive);
  return () => { model.off("msg:custom", receive); resized.disconnect(); release(); };
}

export default { render };
