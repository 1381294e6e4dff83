"""mfkit: the Jupyter analytics toolkit for media libraries."""
