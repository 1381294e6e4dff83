"""Import and export of files and DataFrames that other programs write or read."""
