"""Functions that draw DataFrames as Plotly figures."""

from mfkit.charts.bar_charts import cameras_chart, codecs_chart, histogram_chart, types_chart
from mfkit.charts.growth_chart import growth_chart
from mfkit.charts.heatmap_and_treemap import folders_chart, resolutions_chart
from mfkit.charts.places_map import places_atlas, places_map

__all__ = [
    "cameras_chart",
    "codecs_chart",
    "folders_chart",
    "growth_chart",
    "histogram_chart",
    "places_atlas",
    "places_map",
    "resolutions_chart",
    "types_chart",
]
