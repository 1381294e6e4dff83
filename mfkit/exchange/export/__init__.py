"""Export of items as tables, workbooks, GeoJSON and libraries."""
