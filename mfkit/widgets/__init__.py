"""Panels for notebooks, each bound to a library and a selection, and the explorer made of them."""

from mfkit.widgets.chart import ChartPanel
from mfkit.widgets.explorer import Explorer, explore
from mfkit.widgets.filters import FilterPanel
from mfkit.widgets.kinds import CamerasPanel, CodecsPanel, TypesPanel
from mfkit.widgets.map import MapPanel
from mfkit.widgets.panel import Panel
from mfkit.widgets.plot import Plot
from mfkit.widgets.selected import SelectionPanel
from mfkit.widgets.selection import Selection
from mfkit.widgets.table import TablePanel
from mfkit.widgets.timeline import TimelinePanel

__all__ = [
    "CamerasPanel",
    "ChartPanel",
    "CodecsPanel",
    "Explorer",
    "FilterPanel",
    "MapPanel",
    "Panel",
    "Plot",
    "Selection",
    "SelectionPanel",
    "TablePanel",
    "TimelinePanel",
    "TypesPanel",
    "explore",
]
