"""Decoding of a few frames of a video, at fixed shares of its duration.

Different encodings of a video have keyframes at different times. Therefore decoding starts at the keyframe
before each position and continues to the position itself. This module runs only in worker processes, because
files can be malicious.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from typing import Any

from PIL import Image

from mfkit.errors import ThumbnailError
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source
from mfkit.thumbnails.draw_thumbnail import format_of, upright_frame

FRAME_SHARES = (10, 30, 50, 70, 90)
"""Positions of the frames, in percent of the duration. Many videos begin and end with black frames."""
STRIP_SIDE = 320
"""Maximum width and height of a frame of :func:`draw_strip` in pixels."""
_MAX_DECODED = 300
"""Maximum number of frames to decode for one position. Most encoders set a keyframe every 250 frames."""
_SEEK_EARLIER = 10.0
"""Seconds that a second seek goes back if a format's first seek ends after the position."""


def frames(
    source: Source, file_format: FileFormat, side: int, heartbeat: Callable[[], None]
) -> Iterator[tuple[int, Image.Image]]:
    """Yield upright frames of a video with their positions in percent of the duration.

    Args:
        source: Path of a file, or an object in object storage.
        file_format: Format of the file.
        side: Maximum width and height of a frame in pixels.
        heartbeat: Function to call after each decoded frame, to signal progress.

    Raises:
        ThumbnailError: The video has no known duration, or none of its frames can be decoded.
        OSError: The file cannot be read.
    """
    from mfkit.scan.extract.audio_video import open_container
    from mfkit.scan.extract.video_and_audio_streams import has_decoder, main_streams

    with ExitStack() as stack:
        container = open_container(source, file_format, stack, decode=True)
        video = main_streams(container).video
        if video is None:
            raise ThumbnailError("The file contains no video.")
        if not has_decoder(video):
            raise ThumbnailError("The installed FFmpeg cannot decode this video codec.")
        duration = (container.duration or 0) / 1_000_000
        if duration <= 0:
            raise ThumbnailError("The duration of the video is unknown.")
        video.codec_context.thread_count = 1
        # Frames that no other frame refers to are not decoded, which saves about a third of the time.
        video.codec_context.skip_frame = "NONREF"
        start = (container.start_time or 0) / 1_000_000
        count = 0
        for share in FRAME_SHARES:
            frame = _frame_at(container, video, start + duration * share / 100, heartbeat)
            if frame is not None:
                count += 1
                yield share, upright_frame(frame, video, side).convert("RGB")
        if not count:
            raise ThumbnailError("No frame of this video can be decoded.")


def draw_strip(source: Source) -> bytes:
    """Draw the frames of a video side by side as one JPEG.

    The JPEG always has one frame of equal width for each of :data:`FRAME_SHARES`. A frame that
    cannot be decoded is replaced by the one before it.

    Raises:
        ThumbnailError: The file is not a video, or none of its frames can be decoded.
        OSError: The file cannot be read.
    """
    file_format = format_of(source)
    if file_format.media_type != "video":
        raise ThumbnailError(f"{file_format.mime_type} files have no frames.")
    found = dict(frames(source, file_format, STRIP_SIDE, lambda: None))
    last = next(iter(found.values()))
    width, height = last.size
    strip = Image.new("RGB", (width * len(FRAME_SHARES), height))
    for place, share in enumerate(FRAME_SHARES):
        last = found.get(share, last)
        strip.paste(
            last.resize((width, height)) if last.size != (width, height) else last, (place * width, 0)
        )
    written = BytesIO()
    strip.save(written, "JPEG", quality=75)
    return written.getvalue()


def _frame_at(container: Any, video: Any, position: float, heartbeat: Callable[[], None]) -> Any:
    """Return the first frame at or after a position in seconds, or the last frame before the position."""
    from av.error import FFmpegError

    for earlier in (0.0, _SEEK_EARLIER):
        selected = None
        try:
            container.seek(max(0, int((position - earlier) * 1_000_000)))
        except FFmpegError:  # If seeking fails, for example without an index, decoding begins at the start.
            container.seek(0)
        try:
            for number, frame in enumerate(container.decode(video)):
                heartbeat()
                # Frames before the first keyframe are skipped, because they can be corrupt.
                if selected is not None or frame.key_frame:
                    if selected is None and (frame.time or 0) > position and not earlier:
                        break
                    selected = frame
                if number >= _MAX_DECODED or selected is not None and (frame.time or 0) >= position:
                    return selected
        except FFmpegError:  # If the video is damaged, the last frame before the damage is used.
            pass
        if selected is not None:
            return selected
    return selected
