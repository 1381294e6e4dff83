"""Optional pass over the pixels: similar pictures and videos, picture quality, and damaged files."""
