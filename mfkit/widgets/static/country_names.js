// Writes the names of countries on a map, the largest countries first. MapLibre would load fonts from a server.
function countryNames(map, signal) {
  const layer = document.createElement("div");
  layer.className = "mfkit-names";
  layer.setAttribute("aria-hidden", "true");
  map.getContainer().append(layer);
  let requested;
  const write = () => {
    requested = undefined;
    const countries = map.getStyle()?.metadata?.countries ?? [];
    const { clientWidth: width, clientHeight: height } = map.getContainer();
    const taken = [];
    const labels = [];
    const west = map.getBounds().getWest();
    for (const [name, longitude, latitude] of countries) {
      if (labels.length >= 40) break;
      // The label is written in the copy of the world that is visible.
      const { x, y } = map.project([longitude + 360 * Math.ceil((west - longitude) / 360), latitude]);
      const half = name.length * 3 + 4;
      if (x < half || x > width - half || y < 8 || y > height - 8) continue;
      if (taken.some(([u, v, w]) => Math.abs(u - x) < w + half && Math.abs(v - y) < 15)) continue;
      taken.push([x, y, half]);
      const label = document.createElement("span");
      label.textContent = name;
      label.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
      labels.push(label);
    }
    layer.replaceChildren(...labels);
  };
  const later = () => { requested ??= requestAnimationFrame(write); };
  map.on("move", later);
  map.on("resize", later);
  signal.addEventListener("abort", () => { cancelAnimationFrame(requested); layer.remove(); });
  return later;
}
