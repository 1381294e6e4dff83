// The traces of mfkit's charts, in addition to scatter, which is always included. See docs/decisions/0011-plotly-bundle.md.
const Plotly = require("plotly.js/lib/core");

Plotly.register([
  require("plotly.js/lib/bar"),
  require("plotly.js/lib/heatmap"),
  require("plotly.js/lib/scattermap"),
  require("plotly.js/lib/treemap"),
]);

module.exports = Plotly;
