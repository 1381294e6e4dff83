"""Panels for notebooks that share a library and a selection, and the explorer that combines them."""

from mfkit.widgets.controls.plotly_widget import PlotlyWidget
from mfkit.widgets.explorer import Explorer, explore
from mfkit.widgets.panels.bar_panels import CamerasPanel, CodecsPanel, TypesPanel
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.panels.chart_panel import ChartPanel
from mfkit.widgets.panels.completeness_panel import QualityPanel
from mfkit.widgets.panels.curation_panel import CurationPanel
from mfkit.widgets.panels.duplicates_panel import DuplicatesPanel
from mfkit.widgets.panels.export_panel import ExportPanel
from mfkit.widgets.panels.facets_panel import FacetsPanel
from mfkit.widgets.panels.filter_panel import FilterPanel
from mfkit.widgets.panels.heatmap_panel import HeatmapPanel
from mfkit.widgets.panels.histogram_panel import HistogramPanel
from mfkit.widgets.panels.map_panel import MapPanel
from mfkit.widgets.panels.panel_tabs import PanelTabs
from mfkit.widgets.panels.query_panel import QueryPanel
from mfkit.widgets.panels.ranges_panel import RangesPanel
from mfkit.widgets.panels.savings_panel import SavingsPanel
from mfkit.widgets.panels.selection_panel import SelectionPanel
from mfkit.widgets.panels.table_panel import TablePanel
from mfkit.widgets.panels.timeline_panel import TimelinePanel
from mfkit.widgets.panels.treemap_panel import FoldersPanel
from mfkit.widgets.selection import Selection

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
    "PlotlyWidget",
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
