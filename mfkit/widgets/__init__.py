"""Notebook panels that show the same selection of a library, and the explorer that combines them."""

from mfkit.widgets.controls.plotly_widget import PlotlyWidget
from mfkit.widgets.explorer import Explorer, PanelTabs, explore
from mfkit.widgets.gallery.compare_panel import ComparePanel
from mfkit.widgets.gallery.gallery_panel import GalleryPanel, RecentPicturesPanel
from mfkit.widgets.panels.bar_panels import CamerasPanel, CodecsPanel, TypesPanel
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.panels.chart_panel import ChartPanel
from mfkit.widgets.panels.curation_panel import CurationPanel
from mfkit.widgets.panels.duplicates_savings_completeness import DuplicatesPanel, QualityPanel, SavingsPanel
from mfkit.widgets.panels.facets_and_ranges import FacetsPanel, RangesPanel
from mfkit.widgets.panels.filter_panel import FilterPanel, SelectionPanel
from mfkit.widgets.panels.header_panel import HeaderPanel
from mfkit.widgets.panels.heatmap_and_folders import FoldersPanel, HeatmapPanel
from mfkit.widgets.panels.histogram_and_timeline import HistogramPanel, TimelinePanel
from mfkit.widgets.panels.map_panel import MapPanel
from mfkit.widgets.panels.query_and_export import ExportPanel, QueryPanel
from mfkit.widgets.panels.stream_panels import (
    BitDepthPanel,
    EfficiencyPanel,
    HdrPanel,
    LanguagesPanel,
    SubtitlesPanel,
)
from mfkit.widgets.panels.table_panel import TablePanel
from mfkit.widgets.selection import Selection

__all__ = [
    "BitDepthPanel",
    "CamerasPanel",
    "ChartPanel",
    "CodecsPanel",
    "ComparePanel",
    "CurationPanel",
    "DuplicatesPanel",
    "EfficiencyPanel",
    "Explorer",
    "ExportPanel",
    "FacetsPanel",
    "FilterPanel",
    "FoldersPanel",
    "GalleryPanel",
    "HdrPanel",
    "HeaderPanel",
    "HeatmapPanel",
    "HistogramPanel",
    "LanguagesPanel",
    "MapPanel",
    "Panel",
    "PanelTabs",
    "PlotlyWidget",
    "QualityPanel",
    "QueryPanel",
    "RangesPanel",
    "RecentPicturesPanel",
    "SavingsPanel",
    "Selection",
    "SelectionPanel",
    "SubtitlesPanel",
    "TablePanel",
    "TimelinePanel",
    "TypesPanel",
    "explore",
]
