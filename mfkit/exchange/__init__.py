"""Import and export: files and frames that other programs read or write."""
