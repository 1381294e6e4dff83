// Draws the figures of a report: each is JSON in its own element.
for (const place of document.querySelectorAll(".mfkit-figure")) {
  const { data, layout, config } = JSON.parse(place.firstElementChild.textContent);
  Plotly.newPlot(place, data, { ...layout, autosize: true }, config);
}
// A printed page has another width than the window.
for (const [event, width] of [["beforeprint", 700], ["afterprint", null]]) {
  addEventListener(event, () => {
    for (const place of document.querySelectorAll(".mfkit-figure")) {
      Plotly.relayout(place, width ? { width, autosize: false } : { width: null, autosize: true });
    }
  });
}
