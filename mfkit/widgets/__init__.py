"""Panels for notebooks, each bound to a library and a selection, and the explorer made of them."""

from mfkit.widgets.chart import ChartPanel
from mfkit.widgets.curation import CurationPanel
from mfkit.widgets.duplicates import DuplicatesPanel
from mfkit.widgets.explorer import Explorer, explore
from mfkit.widgets.export import ExportPanel
from mfkit.widgets.facets import FacetsPanel
from mfkit.widgets.filters import FilterPanel
from mfkit.widgets.folders import FoldersPanel
from mfkit.widgets.heatmap import HeatmapPanel
from mfkit.widgets.kinds import CamerasPanel, CodecsPanel, TypesPanel
from mfkit.widgets.map import MapPanel
from mfkit.widgets.panel import Panel
from mfkit.widgets.plot import Plot
from mfkit.widgets.quality import QualityPanel
from mfkit.widgets.query import QueryPanel
from mfkit.widgets.ranges import RangesPanel
from mfkit.widgets.savings import SavingsPanel
from mfkit.widgets.selected import SelectionPanel
from mfkit.widgets.selection import Selection
from mfkit.widgets.spread import HistogramPanel
from mfkit.widgets.table import TablePanel
from mfkit.widgets.tabs import PanelTabs
from mfkit.widgets.timeline import TimelinePanel

__all__ = [
    "CamerasPanel",
    "ChartPanel",
    "CodecsPanel",
    "CurationPanel",
    "DuplicatesPanel",
    "Explorer",
    "ExportPanel",
    "FacetsPanel",
    "FilterPanel",
    "FoldersPanel",
    "HeatmapPanel",
    "HistogramPanel",
    "MapPanel",
    "Panel",
    "PanelTabs",
    "Plot",
    "QualityPanel",
    "QueryPanel",
    "RangesPanel",
    "SavingsPanel",
    "Selection",
    "SelectionPanel",
    "TablePanel",
    "TimelinePanel",
    "TypesPanel",
    "explore",
]
