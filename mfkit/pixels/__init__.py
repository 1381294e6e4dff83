"""Optional analysis of decoded files, which finds similar images and videos, and damaged files."""
