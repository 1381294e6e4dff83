"""Optional analysis of file contents: similar images and damaged files."""
