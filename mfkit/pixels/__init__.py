"""Optional analysis of decoded files, which finds similar images and damaged files."""
