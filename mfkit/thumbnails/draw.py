"""From a file to a small JPEG of it. Runs inside the worker process alone: what it opens is hostile."""

from __future__ import annotations

from contextlib import ExitStack
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from mfkit.errors import ThumbnailError
from mfkit.scan.formats.identify import HEAD_SIZE, FileFormat, identify
from mfkit.scan.media_source import Source, name_of, open_source

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
"""What Pillow may open: decoders of its own, none that starts a program, as EPS does."""
_HEIF = ("heic", "heif")
_WHERE = 0.1
"""Which part of a film its picture is taken from: many begin black."""
_LONGEST_LOOK = 600.0
"""Seconds; further into a file without an index the search would take too long."""
_FRAMES = 60
"""At most so many are decoded from where the jump led, which is a key frame before the wanted place."""


def draw(source: Source, side: int) -> bytes:
    """Return a JPEG of what a file shows, as it is meant to be seen, no side longer than asked.

    Args:
        source: A path as ``os`` gives it, or what lies elsewhere.
        side: Pixels.

    Raises:
        ThumbnailError: The file shows nothing, is too large, or its kind cannot be drawn.
        OSError: It cannot be read.
    """
    with open_source(source) as file:
        kind = identify(file.read(HEAD_SIZE), name_of(source))
    match kind.media_type:
        case "image":
            picture = _image(source, kind, side)
        case "video" | "audio":
            picture = _stream(source, kind, side)
        case _:
            raise ThumbnailError(f"Of {kind.mime_type} no picture can be made.")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    written = BytesIO()
    _flat(picture).save(written, "JPEG", quality=82, optimize=True)
    return written.getvalue()


def _image(source: Source, kind: FileFormat, side: int) -> Image.Image:
    formats = list(_FORMATS)
    if kind.format in _HEIF:
        try:
            import pillow_heif
        except ImportError:
            raise ThumbnailError(
                "A picture of a HEIC file needs one more package: pip install 'mfkit[heif]'"
            ) from None
        pillow_heif.register_heif_opener()
        formats.append("HEIF")
    with open_source(source) as file:
        return _opened(file, formats, side)


def _opened(source: Any, formats: list[str], side: int) -> Image.Image:
    Image.init()
    try:
        opened = Image.open(source, formats=[one for one in formats if one in Image.OPEN])
    except UnidentifiedImageError:
        raise ThumbnailError("Of this kind of picture no small one can be made.") from None
    except Image.DecompressionBombError:
        raise ThumbnailError("The picture has too many pixels to be drawn.") from None
    with opened as whole:
        whole.draft("RGB", (side, side))
        whole.thumbnail((side, side), Image.Resampling.LANCZOS)
        return ImageOps.exif_transpose(whole)


def _flat(picture: Image.Image) -> Image.Image:
    """Return a picture in the colours that a JPEG has, on white where one can see through it."""
    if picture.mode.startswith(("I", "F")):
        low, high = picture.getextrema()
        scale = 255 / ((high - low) or 1)  # type: ignore[operator]
        return picture.convert("F").point(lambda value: (value - low) * scale).convert("L")
    if picture.mode in ("RGB", "L"):
        return picture
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(ground, picture).convert("RGB")
    return picture.convert("RGB")


def _stream(source: Source, kind: FileFormat, side: int) -> Image.Image:
    """Return a frame of a film; of a sound, or a film that cannot be decoded, the picture it carries."""
    from mfkit.scan.extract.audio_video import is_cover, open_container

    with ExitStack() as stack:
        container = open_container(source, kind, stack, decode=True)
        film = next((one for one in container.streams.video if not is_cover(one)), None)
        cover = next((one for one in container.streams.video if is_cover(one)), None)
        if film is not None and (cover is None or kind.media_type == "video"):
            return _frame(container, film, side)
        if cover is not None:
            for packet in container.demux(cover):
                if packet.size:
                    return _opened(BytesIO(bytes(packet)), list(_FORMATS), side)
    raise ThumbnailError("This file carries no picture.")


def _frame(container: Any, film: Any, side: int) -> Image.Image:
    if not film.codec_context:
        raise ThumbnailError("This FFmpeg cannot decode the film's codec.")
    film.codec_context.thread_count = 1
    where = min((container.duration or 0) / 1_000_000 * _WHERE, _LONGEST_LOOK)
    if where:
        try:
            container.seek(int(where * 1_000_000))
        except OSError:  # without an index: the beginning, then
            container.seek(0)
    shown = None
    for number, frame in enumerate(container.decode(film)):
        # After a jump the first frames may be broken, up to one that is whole by itself.
        if frame.key_frame or shown is not None or number >= _FRAMES:
            shown = frame
        if shown is not None and (number >= _FRAMES or (frame.time or 0) >= where):
            break
    if shown is None:
        raise ThumbnailError("No frame of this film can be decoded.")
    return _upright(shown, film, side)


def _upright(frame: Any, film: Any, side: int) -> Image.Image:
    """Return a frame with its pixels square and its top up."""
    aspect = float(film.sample_aspect_ratio or film.codec_context.sample_aspect_ratio or 1)
    wide, tall = frame.width * aspect, float(frame.height)
    scale = min(1.0, side / max(wide, tall))
    small = frame.reformat(
        width=max(2, round(wide * scale)), height=max(2, round(tall * scale)), format="rgb24"
    )
    picture: Image.Image = small.to_image()
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture
