// Draws the figures of a report, which are stored as JSON in their elements.
for (const element of document.querySelectorAll(".mfkit-figure")) {
  const { data, layout, config } = JSON.parse(element.firstElementChild.textContent);
  Plotly.newPlot(element, data, { ...layout, autosize: true }, config);
}
// Resizes the figures for printing (to the width of A4 without margins, in CSS pixels) and back.
for (const [event, width] of [["beforeprint", 684], ["afterprint", null]]) {
  addEventListener(event, () => {
    for (const element of document.querySelectorAll(".mfkit-figure")) {
      Plotly.relayout(element, width ? { width, autosize: false } : { width: null, autosize: true });
    }
  });
}
