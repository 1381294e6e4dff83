"""Charts: a DataFrame in, a Plotly figure out."""

from mfkit.charts.atlas import places_atlas
from mfkit.charts.cameras import cameras_chart
from mfkit.charts.codecs import codecs_chart
from mfkit.charts.folders import folders_chart
from mfkit.charts.grid import resolutions_chart
from mfkit.charts.growth import growth_chart
from mfkit.charts.places import places_map
from mfkit.charts.spread import histogram_chart
from mfkit.charts.types import types_chart

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
