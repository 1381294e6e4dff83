"""Functions that draw DataFrames as Plotly figures."""

from mfkit.charts.bar_charts import cameras_chart, codecs_chart, languages_chart, subtitles_chart, types_chart
from mfkit.charts.efficiency_chart import efficiency_chart
from mfkit.charts.folder_treemap import folders_chart
from mfkit.charts.growth_chart import growth_chart
from mfkit.charts.heat_maps import bit_depths_chart, hdr_chart, resolutions_chart
from mfkit.charts.histogram_chart import histogram_chart
from mfkit.charts.places_map import places_atlas, places_map

__all__ = [
    "bit_depths_chart",
    "cameras_chart",
    "codecs_chart",
    "efficiency_chart",
    "folders_chart",
    "growth_chart",
    "hdr_chart",
    "histogram_chart",
    "languages_chart",
    "places_atlas",
    "places_map",
    "resolutions_chart",
    "subtitles_chart",
    "types_chart",
]
