"""Functions that draw a DataFrame as a Plotly figure."""

from mfkit.charts.bar_charts import cameras_chart, codecs_chart, types_chart
from mfkit.charts.basemap import places_atlas
from mfkit.charts.folder_treemap import folders_chart
from mfkit.charts.growth_chart import growth_chart
from mfkit.charts.histogram_chart import histogram_chart
from mfkit.charts.places_map import places_map
from mfkit.charts.resolution_heatmap import resolutions_chart

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
