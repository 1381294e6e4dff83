"""Rendering of thumbnails. This module runs only in worker processes, because files may be malicious."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from mfkit.errors import ThumbnailError
from mfkit.scan.formats.identify import HEAD_SIZE, FileFormat, identify
from mfkit.scan.media_source import Source, name_of, open_source
from mfkit.thumbnails.raw_previews import open_preview

THUMBNAIL_SIDE = 480
"""Maximum width and height of a thumbnail in pixels."""
_FORMATS = (
    "AVIF",
    "BMP",
    "DDS",
    "GIF",
    "ICNS",
    "ICO",
    "JPEG",
    "JPEG2000",
    "MPO",
    "PCX",
    "PNG",
    "PPM",
    "PSD",
    "QOI",
    "SGI",
    "TGA",
    "TIFF",
    "WEBP",
)
"""Formats that Pillow may open. EPS is excluded, because Pillow starts another program to read it."""
_HEIF = ("heic", "heif")
_MAX_PIXELS = 64_000_000
"""Maximum number of pixels of an image in full size."""
_FRAME_POSITION = 0.1
"""Position of a video's thumbnail as a fraction of the duration. Many videos begin with black frames."""
_MAX_SEEK = 600.0
"""Maximum position of a video's thumbnail in seconds. Seeking in a file without an index is slow."""
_MAX_FRAMES = 60
"""Maximum number of frames to decode after seeking, which stops at a key frame before the position."""


def draw(source: Source, side: int = THUMBNAIL_SIDE) -> bytes:
    """Render a file's thumbnail as an upright JPEG.

    Args:
        source: Path of a file, or an object in object storage.
        side: Maximum width and height in pixels.

    Raises:
        ThumbnailError: The file has no image, is too large, or its format is not supported.
        OSError: The file cannot be read.
    """
    file_format = format_of(source)
    match file_format.media_type:
        case "image":
            image = open_image(source, file_format, side)
        case "video" | "audio":
            image = _render_stream(source, file_format, side)
        case _:
            raise ThumbnailError(f"Thumbnails of {file_format.mime_type} files are not supported.")
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    written = BytesIO()
    to_jpeg_colors(image).save(written, "JPEG", quality=82, optimize=True)
    return written.getvalue()


def draw_full_size(source: Source) -> bytes:
    """Draw an image as an upright JPEG in its full size, with its color profile.

    Images of more than 64 megapixels are scaled down to this number.

    Raises:
        ThumbnailError: The file is not an image, has too many pixels, or its format is not supported.
        OSError: The file cannot be read.
    """
    file_format = format_of(source)
    if file_format.media_type != "image":
        raise ThumbnailError(f"{file_format.mime_type} files cannot be shown as an image.")
    with open_source(source) as file, _open_picture(file, file_format, sys.maxsize) as original:
        scale = min(1.0, (_MAX_PIXELS / max(1, original.width * original.height)) ** 0.5)
        side = max(1, int(max(original.size) * scale))
        profile = original.info.get("icc_profile")
        image = _upright(original, side)
    drawn = to_jpeg_colors(image)
    written = BytesIO()
    # A color profile applies only to one color mode, so omit the profile if the image was converted to
    # another mode, for example from CMYK to RGB. RGBA and RGB have the same profiles.
    drawn.save(
        written,
        "JPEG",
        quality=92,
        subsampling=0,
        icc_profile=profile if drawn.mode == image.mode or image.mode == "RGBA" else None,
    )
    return written.getvalue()


def format_of(source: Source) -> FileFormat:
    """Detect a file's format from the beginning of its content.

    Raises:
        OSError: The file cannot be read.
    """
    with open_source(source) as file:
        return identify(file.read(HEAD_SIZE), name_of(source))


def open_image(
    source: Source, file_format: FileFormat, side: int, resample: Image.Resampling = Image.Resampling.LANCZOS
) -> Image.Image:
    """Decode an image as an upright image of at most ``side`` pixels in width and height.

    Raises:
        ThumbnailError: The image has too many pixels, or its format is not supported.
        OSError: The file cannot be read or decoded.
    """
    with open_source(source) as file, _open_picture(file, file_format, side) as original:
        return _upright(original, side, resample)


def _open_picture(file: Any, file_format: FileFormat, side: int) -> Image.Image:
    """Open an image or, of a RAW file, a preview that is large enough for ``side``."""
    return open_preview(file, file_format.format, side) or open_pillow(file, file_format)


def open_pillow(file: Any, file_format: FileFormat) -> Image.Image:
    """Open an image without decoding its pixels. Pillow decoders that start other programs are not used.

    Raises:
        ThumbnailError: The image has too many pixels, or its format is not supported.
        OSError: The file cannot be read.
    """
    formats = list(_FORMATS)
    if file_format.format in _HEIF:
        try:
            import pillow_heif
        except ImportError:
            raise ThumbnailError(
                "Thumbnails of HEIC files need another package. Install it with: pip install 'mfkit[heif]'"
            ) from None
        pillow_heif.register_heif_opener()
        formats.append("HEIF")
    return _open_as(file, formats)


def _open_as(file: Any, formats: list[str]) -> Image.Image:
    Image.init()
    try:
        return Image.open(file, formats=[one for one in formats if one in Image.OPEN])
    except UnidentifiedImageError:
        raise ThumbnailError("Thumbnails of this image format are not supported.") from None
    except Image.DecompressionBombError:
        raise ThumbnailError("The image has too many pixels for a thumbnail.") from None


def _upright(
    original: Image.Image, side: int, resample: Image.Resampling = Image.Resampling.LANCZOS
) -> Image.Image:
    # draft() makes the JPEG decoder scale the image down, but not below the size of the thumbnail.
    scale = side / max(original.size)
    original.draft("RGB", (max(1, int(original.width * scale)), max(1, int(original.height * scale))))
    original.thumbnail((side, side), resample)
    return ImageOps.exif_transpose(original)


def to_jpeg_colors(image: Image.Image) -> Image.Image:
    """Convert an image to RGB or greyscale, which JPEG supports, with white behind transparent parts."""
    if image.mode.startswith(("I", "F")):
        low, high = image.getextrema()
        scale = 255 / ((high - low) or 1)  # type: ignore[operator]
        return image.convert("F").point(lambda value: (value - low) * scale).convert("L")
    if image.mode in ("RGB", "L"):
        return image
    if image.has_transparency_data:
        image = image.convert("RGBA")
        background = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(background, image).convert("RGB")
    return image.convert("RGB")


def _render_stream(source: Source, file_format: FileFormat, side: int) -> Image.Image:
    """Return a video frame, or the cover image of an audio file or of a video that cannot be decoded."""
    from mfkit.scan.extract.audio_video import open_container
    from mfkit.scan.extract.video_and_audio_streams import is_cover

    with ExitStack() as stack:
        container = open_container(source, file_format, stack, decode=True)
        video = next((one for one in container.streams.video if not is_cover(one)), None)
        cover = next((one for one in container.streams.video if is_cover(one)), None)
        if video is not None and (cover is None or file_format.media_type == "video"):
            return _video_frame(container, video, side)
        if cover is not None:
            for packet in container.demux(cover):
                if packet.size:
                    return _upright(_open_as(BytesIO(bytes(packet)), list(_FORMATS)), side)
    raise ThumbnailError("This file contains no image.")


def _video_frame(container: Any, video: Any, side: int) -> Image.Image:
    if not video.codec_context:
        raise ThumbnailError("The installed FFmpeg cannot decode this video codec.")
    video.codec_context.thread_count = 1
    position = min((container.duration or 0) / 1_000_000 * _FRAME_POSITION, _MAX_SEEK)
    if position:
        # Add the time of the first frame, which is not 0 in recordings of broadcasts.
        position += (container.start_time or 0) / 1_000_000
        try:
            container.seek(int(position * 1_000_000))
        except OSError:  # If seeking fails, for example without an index, decoding begins at the start.
            container.seek(0)
    selected = None
    for number, frame in enumerate(container.decode(video)):
        # Frames before the first key frame can be corrupt after a seek, so they are skipped, unless the first
        # _MAX_FRAMES frames contain no key frame.
        if frame.key_frame or selected is not None or number >= _MAX_FRAMES:
            selected = frame
        if selected is not None and (number >= _MAX_FRAMES or (frame.time or 0) >= position):
            break
    if selected is None:
        raise ThumbnailError("No frame of this video can be decoded.")
    return upright_frame(selected, video, side)


def upright_frame(frame: Any, video: Any, side: int) -> Image.Image:
    """Convert a video frame to an upright image with square pixels, of at most ``side`` pixels."""
    aspect = float(video.sample_aspect_ratio or video.codec_context.sample_aspect_ratio or 1)
    wide, tall = frame.width * aspect, float(frame.height)
    scale = min(1.0, side / max(wide, tall))
    small = frame.reformat(
        width=max(2, round(wide * scale)), height=max(2, round(tall * scale)), format="rgb24"
    )
    image: Image.Image = small.to_image()
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image
