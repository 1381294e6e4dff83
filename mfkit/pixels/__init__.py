"""Optional analysis of decoded files: search for similar images and videos, and for damaged files."""
