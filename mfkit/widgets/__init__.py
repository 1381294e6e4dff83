"""Panels for notebooks, each bound to a library and a selection, and the explorer made of them."""

from mfkit.widgets.charts import CodecsPanel, MapPanel, TimelinePanel, TypesPanel
from mfkit.widgets.explorer import Explorer, explore
from mfkit.widgets.filters import FilterPanel
from mfkit.widgets.panel import Panel
from mfkit.widgets.plot import Plot
from mfkit.widgets.selection import Selection
from mfkit.widgets.table import TablePanel

__all__ = [
    "CodecsPanel",
    "Explorer",
    "FilterPanel",
    "MapPanel",
    "Panel",
    "Plot",
    "Selection",
    "TablePanel",
    "TimelinePanel",
    "TypesPanel",
    "explore",
]
