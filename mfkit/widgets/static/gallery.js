// Thumbnails in justified rows. Only visible rows are in the page. Texts are set as text, never as HTML.
//
// Each tile element belongs to one position of one list and is never reused for another, so a late answer cannot show
// a wrong picture. Very long lists are taller than browsers allow; then the scroll bar is proportional, see `onScroll`.

const HEIGHTS = [96, 160, 260];
const STRIP_HEIGHT = 72;
const CAPTION = 36;
const MAX_SCROLL = 8_000_000;
const MAX_PICTURES = 600;
const REQUEST_MS = 60;
const RETRY_MS = 8000;
const HOVER_MS = 200;
const FRAMES = 5;  // of a video, side by side in one picture
const TYPES = ["image", "video", "audio", "document", "other"];
const ICONS = { image: "▨", video: "▶", audio: "♪", document: "≡", other: "◇" };

function render({ model, el }) {
  const layer = element("div", { className: "mfkit-gallery-view" });
  const space = element("div", { className: "mfkit-gallery-space" }, layer);
  const scroller = element("div", { className: "mfkit-gallery", tabIndex: 0, role: "listbox" }, space);
  scroller.setAttribute("aria-label", model.get("strip") ? "Newest pictures" : "Gallery");
  scroller.setAttribute("aria-multiselectable", String(!model.get("strip")));
  const band = element("div", { className: "mfkit-gallery-band", hidden: true });
  const note = element("p", { className: "mfkit-note" });
  el.append(scroller, note);

  const prefix = `mfkit-tile-${Math.random().toString(36).slice(2)}-`;
  const pictures = new TileCache(MAX_PICTURES);
  const texts = new Map();  // position -> answer of the kernel
  const tiles = new Map();  // position -> element in the page
  let rows = justifiedRows(new Uint16Array(), 1, 1, 0);
  let types = new Uint8Array();
  let chosen = new Set();
  let position = 0;  // pixels of the list above the visible part
  let lastTop = 0;  // last known scrollTop
  let cursor = 0;
  let anchor = 0;
  let frame, requestTimer, retryTimer;

  const count = () => rows.shapes.length;
  const send = (kind, content) => model.send({ kind, version: model.get("version"), ...content });
  const visibleHeight = () => scroller.clientHeight;
  const maxPosition = () => Math.max(0, rows.total - visibleHeight());
  const maxScroll = () => Math.max(0, Math.min(rows.total, MAX_SCROLL) - visibleHeight());

  // Layout ---------------------------------------------------------------------------------------------------------

  const bytesOf = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  const layout = () => {
    scroller.hidden = !model.get("shapes").byteLength;
    note.textContent = model.get("note");
    note.hidden = !note.textContent;
    const width = scroller.hidden ? 1 : scroller.clientWidth;
    if (!width) return;
    const top = rows.starts[lastNotAbove(rows.tops, position)];  // keep this tile at the top
    const shapes = model.get("shapes"), kinds = model.get("types");
    types = new Uint8Array(bytesOf(kinds));
    const strip = model.get("strip");
    const height = strip ? STRIP_HEIGHT : Math.min(HEIGHTS[model.get("size")], width / 1.5);
    rows = justifiedRows(new Uint16Array(bytesOf(shapes)), width, height, model.get("captions") ? CAPTION : 0);
    if (strip) rows = firstRow(rows);
    scroller.classList.toggle("mfkit-strip", strip);
    scroller.style.height = `${Math.min(rows.total, innerHeight * 0.7, 640)}px`;
    space.style.height = `${Math.min(rows.total, MAX_SCROLL)}px`;
    scroller.classList.toggle("mfkit-captions", model.get("captions"));
    removeTiles();
    moveTo(rows.tops[lastNotAbove(rows.starts, top)] ?? 0);
  };

  const removeTiles = () => { tiles.forEach((tile) => tile.remove()); tiles.clear(); };

  const moveTo = (wanted) => {
    position = Math.max(0, Math.min(wanted, maxPosition()));
    syncScrollBar();
    draw();
  };

  const syncScrollBar = () => {
    const ratio = maxPosition() ? maxScroll() / maxPosition() : 0;
    scroller.scrollTop = position * ratio;
    lastTop = scroller.scrollTop;
  };

  // The scroll bar of a very long list moves less than the tiles. Small steps, such as of a mouse wheel, move the tiles
  // by the same number of pixels; large steps, such as of a dragged scroll bar, move them in proportion.
  const onScroll = () => {
    const step = scroller.scrollTop - lastTop;
    if (!step) return;
    lastTop = scroller.scrollTop;
    const limit = maxScroll(), ratio = limit ? maxPosition() / limit : 0;
    const atEnd = lastTop <= 0 || lastTop >= limit - 1;
    const small = ratio > 1 && Math.abs(step) < 2 * visibleHeight() && !atEnd;
    position = Math.max(0, Math.min(small ? position + step : lastTop * ratio, maxPosition()));
    frame ??= requestAnimationFrame(draw);
  };
  scroller.addEventListener("scroll", onScroll, { passive: true });
  scroller.addEventListener("scrollend", syncScrollBar);

  // Tiles ----------------------------------------------------------------------------------------------------------

  const draw = () => {
    frame = undefined;
    layer.style.height = `${visibleHeight()}px`;
    const margin = visibleHeight() / 2;
    const shown = new Set();
    if (count()) {
      const last = lastNotAbove(rows.tops, position + visibleHeight() + margin);
      for (let row = lastNotAbove(rows.tops, position - margin); row <= last; row++) {
        for (const place of tilesOf(rows, row)) {
          shown.add(place.index);
          const tile = tiles.get(place.index) ?? create(place);
          tile.style.transform = `translate(${place.left}px, ${place.top - position}px)`;
        }
      }
    }
    for (const [index, tile] of tiles) if (!shown.has(index)) { tile.remove(); tiles.delete(index); }
    requestTimer ??= setTimeout(request, REQUEST_MS);
  };

  const create = ({ index, width, height }) => {
    const tile = element("div", { className: "mfkit-tile", id: prefix + index, role: "option" });
    tile.style.width = `${width}px`;
    const box = element("div", { className: "mfkit-tile-picture" });
    box.style.height = `${height}px`;
    tile.append(box);
    tile.dataset.index = index;
    tile.setAttribute("aria-posinset", index + 1);
    tile.setAttribute("aria-setsize", count());
    tiles.set(index, tile);
    fill(tile, index);
    layer.append(tile);
    return tile;
  };

  const fill = (tile, index) => {
    const text = texts.get(index);
    const type = TYPES[types[index]];
    const box = tile.firstChild;
    const parts = [];
    const picture = text?.id && pictures.get(text.id);
    if (picture?.url) parts.push(element("img", { src: picture.url, alt: "", draggable: false, decoding: "async" }));
    else if ((type !== "image" && type !== "video") || (text && (!text.picture || picture))) {
      const icon = element("span", { className: "mfkit-tile-icon", textContent: ICONS[type] });
      parts.push(icon, element("bdi", { className: "mfkit-tile-name", textContent: text?.name || text?.note || "" }));
    }
    const badge = type === "video" || type === "audio" ? text?.duration : "";
    if (badge) parts.push(element("span", { className: "mfkit-tile-badge", textContent: `${ICONS[type]} ${badge}` }));
    parts.push(element("span", { className: "mfkit-tile-check" }));
    box.replaceChildren(...parts);
    tile.querySelector(".mfkit-tile-caption")?.remove();
    if (model.get("captions")) {
      tile.append(element("div", { className: "mfkit-tile-caption" },
        element("bdi", { textContent: text?.name ?? "" }), element("small", { textContent: text?.caption ?? "" })));
    }
    const reason = picture?.error ? `\n${picture.error}` : "";
    tile.title = text?.name ? `${text.name}\n${text.caption}${reason}` : text?.note ?? "";
    tile.ariaLabel = text?.name ? [text.name, type, text.duration].filter(Boolean).join(", ") : `File ${index + 1}`;
    if (text?.id) tile.dataset.id = text.id;
    mark(tile, index);
  };

  const mark = (tile, index) => {
    tile.ariaSelected = String(chosen.has(texts.get(index)?.id));
    tile.classList.toggle("mfkit-current", index === cursor);
  };

  const markAll = () => {
    chosen = new Set(model.get("chosen"));
    tiles.forEach(mark);
    scroller.classList.toggle("mfkit-choosing", chosen.size > 0);
    if (count()) scroller.setAttribute("aria-activedescendant", prefix + cursor);
  };

  // Requests -------------------------------------------------------------------------------------------------------

  // Visible tiles first, then those in the margin.
  const missing = () => {
    const top = lastNotAbove(rows.tops, position), bottom = lastNotAbove(rows.tops, position + visibleHeight());
    const inside = (index) => index >= rows.starts[top] && index < rows.starts[bottom + 1];
    return [...tiles.keys()]
      .filter((index) => {
        const text = texts.get(index);
        return !text || (text.picture && !pictures.get(text.id));
      })
      .sort((a, b) => inside(b) - inside(a) || a - b);
  };

  const request = () => {
    requestTimer = undefined;
    clearTimeout(retryTimer);
    const wanted = missing();
    if (!wanted.length) return;
    send("request", { ranges: wanted.map((index) => [index, index]) });
    retryTimer = setTimeout(request, RETRY_MS);
  };

  const receive = (message, buffers) => {
    if (message.kind === "tiles" && message.version === model.get("version")) {
      for (const text of message.tiles) {
        texts.set(text.index, text);
        const tile = tiles.get(text.index);
        if (tile) fill(tile, text.index);
      }
      for (const index of texts.keys()) { if (texts.size <= 5000) break; if (!tiles.has(index)) texts.delete(index); }
    }
    if (message.kind === "point" && message.version === model.get("version")) {
      setCursor(message.index);
      anchor = cursor;
    }
    if (message.kind === "frames") receiveFrames(message.id, buffers[0]);
    if (message.kind === "pictures") {
      const arrived = new Set();
      message.pictures.forEach(({ id, error }, at) => { pictures.set(id, buffers[at], error); arrived.add(id); });
      tiles.forEach((tile, index) => { if (arrived.has(texts.get(index)?.id)) fill(tile, index); });
    }
  };

  // Frames of a video ----------------------------------------------------------------------------------------------

  // The frames replace the thumbnail while the pointer is over it; from left to right, they follow the video.
  const strips = new TileCache(20);
  let hovered, hoverTimer, share = 0;
  const hover = (tile) => {
    clearTimeout(hoverTimer);
    hovered?.querySelector(".mfkit-tile-frames")?.remove();
    hovered = tile;
    if (!tile) return;
    const index = Number(tile.dataset.index);
    if (strips.get(tile.dataset.id)) showFrame();
    else hoverTimer = setTimeout(() => send("hover", { ranges: [[index, index]] }), HOVER_MS);
  };
  const showFrame = () => {
    const strip = strips.get(hovered?.dataset.id)?.picture;
    if (!strip?.naturalWidth) return;
    const width = strip.naturalWidth / FRAMES, place = Math.min(FRAMES - 1, Math.floor(share * FRAMES));
    let canvas = hovered.querySelector(".mfkit-tile-frames");
    if (!canvas) {
      canvas = element("canvas", { className: "mfkit-tile-frames", width, height: strip.naturalHeight });
      hovered.querySelector("img")?.after(canvas);
    }
    canvas.dataset.frame = place;
    canvas.getContext("2d").drawImage(strip, -place * width, 0);
  };
  const receiveFrames = (id, bytes) => {
    strips.set(id, bytes);
    const strip = strips.get(id);
    strip.picture = element("img", { src: strip.url });
    strip.picture.decode().catch(() => {}).then(() => { if (hovered?.dataset.id === id) showFrame(); });
  };
  scroller.addEventListener("pointermove", (event) => {
    const tile = drag || event.pointerType !== "mouse" ? undefined : event.target.closest?.(".mfkit-tile");
    const video = tile && types[tile.dataset.index] === TYPES.indexOf("video") ? tile : undefined;
    if (video) {
      const { left, width } = video.getBoundingClientRect();
      share = Math.max(0, (event.clientX - left) / width);
    }
    if (video !== hovered) hover(video); else if (video) showFrame();
  });
  scroller.addEventListener("pointerleave", () => hover());

  // Choosing and opening -------------------------------------------------------------------------------------------

  const choose = (ranges, mode) => { if (!model.get("strip")) send("choose", { ranges, mode }); };
  const range = (to) => [[Math.min(anchor, to), Math.max(anchor, to)]];
  const open = (index) => send("open", { ranges: [[index, index]] });

  const setCursor = (index, reveal = true) => {
    cursor = Math.max(0, Math.min(index, count() - 1));
    const row = lastNotAbove(rows.starts, cursor);
    const bottom = rows.tops[row + 1];
    if (reveal && rows.tops[row] < position) moveTo(rows.tops[row]);
    else if (reveal && bottom > position + visibleHeight()) moveTo(bottom - visibleHeight());
    markAll();
  };

  // The tile in another row that is closest to the middle of the current tile.
  const inRow = (by) => {
    const row = lastNotAbove(rows.starts, cursor);
    const target = Math.max(0, Math.min(row + by, rows.heights.length - 1));
    const here = tilesOf(rows, row)[cursor - rows.starts[row]];
    const middle = here.left + here.width / 2;
    if (target === row) return by < 0 ? 0 : count() - 1;
    const distance = ({ left, width }) => Math.abs(left + width / 2 - middle);
    return tilesOf(rows, target).reduce((best, one) => (distance(one) < distance(best) ? one : best)).index;
  };

  const pageOfRows = () => Math.max(1, lastNotAbove(rows.tops, position + visibleHeight()) - lastNotAbove(rows.tops, position) - 1);
  const KEYS = {
    ArrowLeft: () => cursor - 1, ArrowRight: () => cursor + 1, ArrowUp: () => inRow(-1), ArrowDown: () => inRow(1),
    Home: () => 0, End: () => count() - 1, PageUp: () => inRow(-pageOfRows()), PageDown: () => inRow(pageOfRows()),
  };
  scroller.addEventListener("keydown", (event) => {
    const { key, shiftKey, ctrlKey, metaKey } = event;
    if (!count()) return;
    if (KEYS[key]) {
      setCursor(KEYS[key]());
      if (shiftKey) choose(range(cursor), "replace"); else anchor = cursor;
    } else if (key === " ") {
      if (shiftKey) choose(range(cursor), "add");
      else { anchor = cursor; choose([[cursor, cursor]], "toggle"); }
    } else if (key === "Enter") open(cursor);
    else if (key === "Escape" && chosen.size) choose([], "replace");
    else if (key.toLowerCase() === "a" && (ctrlKey || metaKey)) choose([[0, count() - 1]], "replace");
    else return;
    event.preventDefault();
  });

  // A click opens, a click on the circle or with Ctrl toggles, with Shift it chooses a range. Dragging chooses tiles
  // that touch the rectangle.
  let drag;
  const pointIn = ({ clientX, clientY }) => {
    const { left, top } = scroller.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top + position };
  };
  scroller.addEventListener("pointerdown", (event) => {
    if (event.button || event.offsetX > scroller.clientWidth || event.pointerType !== "mouse") return;
    drag = { start: pointIn(event), moved: false, pointer: event.pointerId };
    dragged = false;
  });
  scroller.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.end = pointIn(event);
    if (!drag.moved && Math.hypot(drag.end.x - drag.start.x, drag.end.y - drag.start.y) < 6) return;
    if (!drag.moved) scroller.setPointerCapture(drag.pointer);
    drag.moved = true;
    drag.add = event.ctrlKey || event.metaKey || event.shiftKey;
    const { top, bottom } = scroller.getBoundingClientRect();
    if (event.clientY > bottom - 20) moveTo(position + 24);
    if (event.clientY < top + 20) moveTo(position - 24);
    drawBand();
  });
  const corners = () => {
    const [x, y] = ["x", "y"].map((axis) => [drag.start[axis], drag.end[axis]].sort((a, b) => a - b));
    return { left: x[0], right: x[1], top: y[0], bottom: y[1] };
  };
  const drawBand = () => {
    const { left, right, top, bottom } = corners();
    Object.assign(band.style, {
      left: `${left}px`, top: `${top - position}px`, width: `${right - left}px`, height: `${bottom - top}px`,
    });
    band.hidden = false;
    layer.append(band);
  };
  const dropBand = () => {
    const { left, right, top, bottom } = corners();
    const ranges = [];
    for (let row = lastNotAbove(rows.tops, top); row <= lastNotAbove(rows.tops, bottom); row++) {
      const hit = tilesOf(rows, row).filter((one) => one.left < right && one.left + one.width > left);
      if (hit.length && tilesOf(rows, row)[0].top < bottom) ranges.push([hit[0].index, hit.at(-1).index]);
    }
    if (ranges.length) { anchor = ranges[0][0]; setCursor(ranges.at(-1)[1], false); }
    choose(ranges, drag.add ? "add" : "replace");
  };
  let dragged = false;  // the click that follows a drag must not open a picture
  scroller.addEventListener("pointerup", () => {
    dragged = Boolean(drag?.moved);
    if (dragged) dropBand();
    drag = undefined;
    band.hidden = true;
  });
  scroller.addEventListener("pointercancel", () => { drag = undefined; band.hidden = true; });
  scroller.addEventListener("click", (event) => {
    const tile = event.target.closest?.(".mfkit-tile");
    if (!tile || dragged) return;
    const index = Number(tile.dataset.index);
    setCursor(index, false);
    if (event.shiftKey) { choose(range(index), event.ctrlKey || event.metaKey ? "add" : "replace"); return; }
    anchor = index;
    if (event.ctrlKey || event.metaKey || event.target.closest(".mfkit-tile-check")) choose([[index, index]], "toggle");
    else open(index);
  });

  // Changes of the model -------------------------------------------------------------------------------------------

  let version = model.get("version");
  const relist = () => {
    if (version !== model.get("version")) {
      version = model.get("version");
      texts.clear();
      removeTiles();
      cursor = anchor = position = 0;
    }
    layout();
    markAll();
  };
  let scheduled;
  const update = () => { scheduled ??= requestAnimationFrame(() => { scheduled = undefined; relist(); }); };
  const LISTED = "change:version change:shapes change:types change:size change:captions change:note";
  model.on(LISTED, update);
  model.on("change:chosen", markAll);
  model.on("msg:custom", receive);
  let width = 0;
  const resized = new ResizeObserver(() => {
    if (el.clientWidth !== width) { width = el.clientWidth; update(); }
  });
  resized.observe(el);
  update();
  return () => {
    model.off(LISTED, update);
    model.off("change:chosen", markAll);
    model.off("msg:custom", receive);
    resized.disconnect();
    clearTimeout(requestTimer);
    clearTimeout(retryTimer);
    clearTimeout(hoverTimer);
    pictures.clear();
    strips.clear();
  };
}

export default { render };
