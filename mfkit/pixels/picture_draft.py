"""Small upright pictures of a file: of an image the image, of a video frames at fixed shares of its duration.

Runs only in worker processes, because files may be hostile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PIL import Image

from mfkit.errors import ThumbnailError
from mfkit.scan.media_source import Source
from mfkit.thumbnails.draw_thumbnail import format_of, open_image, to_jpeg_colors

DRAFT_SIDE = 480
"""Maximum width and height of a picture in pixels; JPEG images of 12 megapixels decode to it quickly."""


def pictures(source: Source, heartbeat: Callable[[], None]) -> Iterator[tuple[int, Image.Image]]:
    """Yield the pictures of a file in RGB, with their part (:data:`mfkit.models.picture_hashes`).

    Args:
        source: Path of a file, or an object in object storage.
        heartbeat: Called after each frame of a video, to show progress.

    Raises:
        ThumbnailError: The file has no picture, is too large, or its format is not supported.
        OSError: The file cannot be read or decoded.
    """
    file_format = format_of(source)
    if file_format.media_type != "image":
        raise ThumbnailError(f"{file_format.mime_type} files have no picture.")
    image = to_jpeg_colors(open_image(source, file_format, DRAFT_SIDE, Image.Resampling.BOX)).convert("RGB")
    image.thumbnail((DRAFT_SIDE, DRAFT_SIDE), Image.Resampling.BOX)
    yield 0, image
