"""Decoding of images and videos to small upright images, from which an inspection computes hashes.

This module runs only in worker processes, because files can be malicious.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PIL import Image

from mfkit.errors import ThumbnailError
from mfkit.scan.media_source import Source
from mfkit.thumbnails.draw_thumbnail import format_of, open_image, to_jpeg_colors
from mfkit.thumbnails.video_frames import frames

DRAFT_SIDE = 480
"""Maximum width and height in pixels. JPEG decoders quickly scale 12 megapixel images to this size."""


def pictures(source: Source, heartbeat: Callable[[], None]) -> Iterator[tuple[int, Image.Image]]:
    """Yield a number and a small RGB image for each picture in a file.

    The number is 0 for an image. For a frame of a video, it is the position in percent of the duration.

    Args:
        source: Path of a file, or an object in object storage.
        heartbeat: Function to call after each frame of a video, to signal progress.

    Raises:
        ThumbnailError: The file has no picture, is too large, or its format is not supported.
        OSError: The file cannot be read or decoded.
    """
    file_format = format_of(source)
    if file_format.media_type == "video":
        yield from frames(source, file_format, DRAFT_SIDE, heartbeat)
        return
    if file_format.media_type != "image":
        raise ThumbnailError(f"{file_format.mime_type} files have no picture.")
    image = to_jpeg_colors(open_image(source, file_format, DRAFT_SIDE, Image.Resampling.BOX)).convert("RGB")
    image.thumbnail((DRAFT_SIDE, DRAFT_SIDE), Image.Resampling.BOX)
    yield 0, image
