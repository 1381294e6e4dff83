"""Detection of damaged files by decoding them completely; this module runs only in worker processes.

By default, FFmpeg conceals errors. Therefore this module enables FFmpeg's checksum checks, and treats a file
as damaged if FFmpeg marks a packet or frame as corrupt. It also compares the duration that the container
states with the duration that could be read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from mfkit.errors import ThumbnailError
from mfkit.pixels import audio_extents, container_extents, image_extents, stream_structure
from mfkit.pixels.container_extents import DamageError
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source
from mfkit.thumbnails.draw_thumbnail import format_of, open_pillow

Heartbeat = Callable[[], None]
_MAX_FRAMES = 1_000
"""Maximum number of frames of an animated image that are decoded."""
_MIN_LOST, _LOST_SHARE = 1.0, 0.02
"""Tolerated difference between actual and stated duration: seconds or share, whichever is larger."""
_ERROR_DETECTION = {"err_detect": "crccheck+bitstream+buffer"}
_EXTENT_CHECKS = {**container_extents.CHECKS, **audio_extents.CHECKS, **image_extents.CHECKS}
_ALWAYS_DECODED = frozenset(("jpeg", "png", "gif", "webp", "tiff", "bmp", "avif", "jp2", "ico", "psd", "tga"))
"""Image formats that Pillow can read on every system."""


class UnsupportedError(Exception):
    """Exception that is raised if a verification method does not support the format of a file."""


def check_structure(source: Source, heartbeat: Heartbeat) -> FileFormat:
    """Check the structure of a file without decoding it, and return its format.

    Raises:
        DamageError: The file is damaged.
        UnsupportedError: There is no check for the structure of this format.
        OSError: The file cannot be read.
    """
    file_format = format_of(source)
    name = file_format.format
    with open_source(source) as stream:
        size = stream.seek(0, 2)
        if name in _EXTENT_CHECKS:
            _EXTENT_CHECKS[name](stream, size)
        elif name in stream_structure.CHECKS:
            stream_structure.CHECKS[name](stream, size, heartbeat)
        elif file_format.media_type not in ("video", "audio"):
            raise UnsupportedError(f"The structure of {file_format.mime_type} files is not checked.")
    if file_format.media_type in ("video", "audio"):
        _read_streams(source, file_format, heartbeat, decode=False)
    return file_format


def check_decoding(source: Source, heartbeat: Heartbeat) -> None:
    """Check the structure of a file, and decode the file completely.

    Raises:
        DamageError: The file is damaged.
        UnsupportedError: No decoder for this format is installed.
        OSError: The file cannot be read.
    """
    try:
        file_format = check_structure(source, heartbeat)
    except UnsupportedError:
        file_format = format_of(source)
    heartbeat()
    if file_format.media_type == "image":
        _decode_image(source, file_format, heartbeat)
    elif file_format.media_type in ("video", "audio"):
        _read_streams(source, file_format, heartbeat, decode=True)
    elif file_format.format not in stream_structure.CHECKS:
        raise UnsupportedError(f"{file_format.mime_type} files are not verified.")


def _decode_image(source: Source, file_format: FileFormat, heartbeat: Heartbeat) -> None:
    from PIL import Image

    with ExitStack() as stack:
        try:
            image = stack.enter_context(open_pillow(stack.enter_context(open_source(source)), file_format))
        except ThumbnailError as error:
            if file_format.format in _ALWAYS_DECODED:
                raise DamageError("The image cannot be opened: its headers are damaged.") from error
            if file_format.format in _EXTENT_CHECKS:
                # Pillow cannot decode RAW files, so only their structure is checked.
                return
            raise UnsupportedError(str(error)) from error
        except (OSError, SyntaxError, ValueError) as error:
            raise DamageError(f"The image cannot be opened: {error}.") from error
        try:
            for number in range(min(getattr(image, "n_frames", 1), _MAX_FRAMES)):
                if number:
                    image.seek(number)
                image.load()
                heartbeat()
        except EOFError as error:
            raise DamageError("The image ends before its last frame.") from error
        except Image.DecompressionBombError as error:
            raise UnsupportedError("The image has too many pixels to decode.") from error
        except MemoryError:
            raise
        except Exception as error:  # All are caught: damaged data can make a decoder raise any exception.
            raise DamageError(f"The image cannot be decoded: {error}.") from error


def _read_streams(source: Source, file_format: FileFormat, heartbeat: Heartbeat, *, decode: bool) -> None:
    """Read all packets of a video or audio file, and decode them if ``decode`` is true."""
    from av.error import FFmpegError

    from mfkit.scan.extract.audio_video import open_container
    from mfkit.scan.extract.video_and_audio_streams import is_cover

    with ExitStack() as stack:
        try:
            container = open_container(source, file_format, stack, decode=True, further=_ERROR_DETECTION)
        except FFmpegError as error:
            raise DamageError(f"The file cannot be opened: {error.strerror or error}.") from error
        streams = [one for one in (*container.streams.video, *container.streams.audio) if not is_cover(one)]
        decoders = [_Decoder(stream) for stream in streams] if decode else []
        if decode and not any(one.is_usable for one in decoders):
            raise UnsupportedError("FFmpeg has no decoder for this codec.")
        by_index = {one.stream.index: one for one in decoders}
        end, position = 0.0, None
        try:
            for packet in container.demux(streams):
                heartbeat()
                position = packet.pos if packet.pos is not None else position
                if packet.is_corrupt and packet.size:
                    raise DamageError("The file is truncated: its last packet is incomplete.", packet.pos)
                if packet.pts is not None and packet.time_base:
                    end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                if decode:
                    by_index[packet.stream_index].decode(packet)
        except FFmpegError as error:
            raise DamageError(f"Reading failed: {error.strerror or error}.", position) from error
        start = (container.start_time or 0) / 1_000_000
        stated = (container.duration or 0) / 1_000_000
        if stated and stated - (end - start) > max(_MIN_LOST, _LOST_SHARE * stated):
            raise DamageError(
                f"The streams end after {end - start:.1f} s, but the file states {stated:.1f} s.", position
            )
        for decoder in decoders:
            decoder.finish()


_FIRST_SILENCE = {"amrnb": 8, "amrwb": 9}
"""Smallest frame type that marks silence, by decoder (3GPP TS 26.101 and 26.201, table 1a)."""


class _Decoder:
    """Decoder of one stream that also verifies FLAC's sample count and MD5 checksum."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.is_usable = stream.codec_context is not None
        self._samples = 0
        self._is_flac = self.is_usable and stream.codec_context.name == "flac"
        data = bytes(stream.codec_context.extradata or b"") if self._is_flac else b""
        self._bits = (int.from_bytes(data[12:14]) >> 4 & 31) + 1 if len(data) >= 34 else 0
        self._digest = hashlib.md5(usedforsecurity=False)
        if self.is_usable:
            stream.codec_context.thread_count = 1
            stream.codec_context.options = dict(_ERROR_DETECTION)

    def decode(self, packet: Any) -> None:
        """Decode a packet and check all its frames.

        Raises:
            DamageError: The decoder reports an error or a corrupt frame.
        """
        from av.error import EOFError as NoMoreFrames
        from av.error import FFmpegError

        if not self.is_usable or self._is_silence(packet):
            return
        try:
            for frame in packet.decode():
                if frame.is_corrupt:
                    raise DamageError("A frame is corrupt.", packet.pos)
                self._samples += getattr(frame, "samples", 0)
                if self._bits in (16, 24):
                    self._add_to_digest(frame)
        except NoMoreFrames:
            return
        except FFmpegError as error:
            at = "" if packet.pts is None else f" at {float(packet.pts * packet.time_base):.1f} s"
            raise DamageError(
                f"A packet cannot be decoded{at}: {error.strerror or error}.", packet.pos
            ) from error

    def _is_silence(self, packet: Any) -> bool:
        """Return whether an AMR packet marks silence.

        Such packets are not decoded, because FFmpeg would report an error for them.
        """
        first = _FIRST_SILENCE.get(self.stream.codec_context.name)
        return first is not None and packet.size > 0 and bytes(packet)[0] >> 3 & 15 >= first

    def finish(self) -> None:
        """Compare the decoded samples with the sample count and the MD5 checksum in a FLAC file's header.

        Raises:
            DamageError: Samples are missing or differ.
        """
        data = bytes(self.stream.codec_context.extradata or b"") if self._is_flac else b""
        if len(data) < 34:
            return
        # The layout of this FLAC header is defined in RFC 9639, section 8.2.
        stated = int.from_bytes(data[13:18]) & (1 << 36) - 1
        if stated and self._samples < stated:
            raise DamageError(f"The audio has {self._samples:,} of {stated:,} samples.")
        if any(data[18:34]) and self._bits in (16, 24) and self._digest.digest() != data[18:34]:
            raise DamageError("The decoded audio has another MD5 than the file states.")

    def _add_to_digest(self, frame: Any) -> None:
        """Add samples to the MD5 digest, interleaved and little-endian (RFC 9639, section 8.2)."""
        samples = frame.to_ndarray()
        if frame.format.is_planar:
            samples = samples.T
        data = samples.astype("<i4" if self._bits == 24 else "<i2").tobytes()
        # FFmpeg stores each 24-bit sample in the upper three bytes of a 32-bit integer, so the lowest byte of
        # each integer is dropped.
        self._digest.update(data if self._bits == 16 else _without_lowest_bytes(data))


def _without_lowest_bytes(data: bytes) -> bytes:
    import numpy as np

    return np.frombuffer(data, np.uint8).reshape(-1, 4)[:, 1:].tobytes()
