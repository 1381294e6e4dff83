"""HDR class and HDR metadata of each video stream of a file, from the container and the first frames.

The container is read first. HDR10+ and most metadata of transport streams are stored only in the frames. So
frames are read too if they can change the result, but at most a fixed number of bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from mfkit.scan.extract.hdr_bitstream import av1_hdr, h264_hdr, hevc_hdr
from mfkit.scan.extract.hdr_metadata import HLG, PQ, UNSPECIFIED, DolbyVision, Hdr, combine, hdr_class
from mfkit.scan.extract.matroska import Matroska
from mfkit.scan.extract.quicktime import Movie
from mfkit.scan.extract.video_and_audio_streams import has_decoder, is_cover, open_hevc_decoder
from mfkit.scan.media_source import Source, open_source

_MAX_PACKETS, _MAX_BYTES, _MAX_FRAMES = 500, 16 << 20, 60
_MAX_START = 1 << 20
_BITSTREAMS: dict[str, Callable[[bytes, bytes], Hdr]] = {"hevc": hevc_hdr, "h264": h264_hdr, "av1": av1_hdr}
_HDR_TRANSFERS = frozenset((PQ, HLG))
# With these codecs, the frames can state HDR even if the headers do not. In Dolby Vision, the headers often
# leave the transfer characteristics unspecified. In HLG broadcasts, the headers state the transfer
# characteristics of BT.2020, and only the frames state HLG, as "alternative transfer characteristics".
_POSSIBLE_TRANSFERS = {
    "hevc": frozenset((None, 0, UNSPECIFIED, 14, 15)),
    "av1": frozenset((None, 0, UNSPECIFIED)),
}


def movie_hdr(container: InputContainer, movie: Movie) -> dict[int, Hdr]:
    """Return a dict from video stream index to HDR metadata, read from a movie header."""
    videos = container.streams.video
    return {stream.index: movie.tracks[stream.id].hdr for stream in videos if stream.id in movie.tracks}


def matroska_hdr(container: InputContainer, header: Matroska) -> dict[int, Hdr]:
    """Return a dict from video stream index to HDR metadata, read from a Matroska header."""
    tracks = [track for track in header.tracks.values() if track.is_video]
    return {stream.index: track.hdr for stream, track in zip(container.streams.video, tracks)}


def elementary_stream_hdr(source: Source, format_name: str) -> dict[int, Hdr]:
    """Return a dict from video stream index to HDR metadata, for a file that has no container.

    The metadata is read from the start of the file.

    The result is empty for other files. FFmpeg cannot go back to the start of these files, so they are read
    without FFmpeg.
    """
    if format_name not in ("hevc", "h264"):
        return {}
    with open_source(source) as stream:
        return {0: _BITSTREAMS[format_name](stream.read(_MAX_START), b"")}


def stream_hdr(
    container: InputContainer, stated: Mapping[int, Hdr], *, read_frames: bool = True
) -> dict[int, dict[str, Any]]:
    """Return the HDR class and HDR metadata of each video stream, by the stream's index.

    This function reads packets, and then returns to the start of the container.

    Args:
        container: The file, opened with PyAV.
        stated: Stream index → HDR metadata of the container's headers, which PyAV does not provide.
        read_frames: Whether the first frames are read if they can add to the metadata.

    Returns:
        Stream index → ``hdr`` (see `hdr_class`), ``dv_profile``, ``dv_level``, ``dv_compatibility``,
        ``mastering_min_luminance``, ``mastering_max_luminance``, ``max_cll`` and ``max_fall`` (all in cd/m²).
        Covers are left out. A value is None if it is not known.
    """
    videos = {stream.index: stream for stream in container.streams.video if not is_cover(stream)}
    found = {index: _described(stream, stated.get(index, Hdr())) for index, stream in videos.items()}
    open_questions = {index for index, hdr in found.items() if _needs_frames(videos[index], hdr)}
    if open_questions and read_frames:
        for index, hdr in _frames(container, {index: videos[index] for index in open_questions}).items():
            found[index] = combine(_with_alternative(found[index], hdr), hdr)
    return {index: _fields(videos[index], hdr) for index, hdr in found.items()}


def _described(stream: VideoStream, stated: Hdr) -> Hdr:
    if not has_decoder(stream):
        return stated
    open_hevc_decoder(stream)
    coded = stream.codec_context.color_trc
    known = Hdr(transfer=coded if coded not in (0, UNSPECIFIED) else None)
    return combine(_with_alternative(known, stated), stated)


def _needs_frames(stream: VideoStream, hdr: Hdr) -> bool:
    """Return whether a stream's frames can add to the HDR metadata that is already known."""
    if not has_decoder(stream):
        return False
    codec = stream.codec_context.codec.canonical_name
    if hdr.transfer in _HDR_TRANSFERS:
        return not (hdr.dolby_vision is not None and hdr.has_static_metadata)
    return hdr.dolby_vision is None and hdr.transfer in _POSSIBLE_TRANSFERS.get(codec, ())


def _with_alternative(known: Hdr, stated: Hdr) -> Hdr:
    """Use HLG as the transfer characteristics if a stream states HLG as an alternative.

    Players that support HLG do the same.
    """
    return known._replace(transfer=stated.transfer) if stated.transfer == HLG else known


def _frames(container: InputContainer, streams: Mapping[int, VideoStream]) -> dict[int, Hdr]:
    """Read the frames of streams up to the first key frame, and return their HDR metadata by stream index."""
    found = dict.fromkeys(streams, Hdr())
    left = dict.fromkeys(streams, _MAX_FRAMES)
    size = 0
    try:
        for number, packet in enumerate(container.demux()):
            size += packet.size
            if number >= _MAX_PACKETS or size > _MAX_BYTES or not left:
                break
            index = packet.stream_index
            if index not in left or not packet.size:
                continue
            found[index] = combine(found[index], _packet(packet, streams[index]))
            left[index] -= 1
            if packet.is_keyframe or not left[index]:
                del left[index]
    except FFmpegError:  # The file is damaged at this packet, so only the packets before it are used.
        pass
    try:
        container.seek(0)
    except FFmpegError:
        # Some formats do not support seeking. The error is ignored, because the packets of such files are not
        # read again.
        pass
    return found


def _packet(packet: Packet[Any], stream: VideoStream) -> Hdr:
    context = stream.codec_context
    parse = _BITSTREAMS.get(context.codec.canonical_name)
    hdr = parse(bytes(packet), context.extradata or b"") if parse is not None else Hdr()
    # HDR10+ metadata that Matroska stores beside a frame (as for VP9) is read from the packet's side data,
    # where FFmpeg puts it.
    return combine(hdr, Hdr(is_hdr10_plus=True)) if packet.has_sidedata("dynamic_hdr10_plus") else hdr


def _fields(stream: VideoStream, hdr: Hdr) -> dict[str, Any]:
    is_known = has_decoder(stream) or hdr != Hdr()
    vision = hdr.dolby_vision or DolbyVision()
    return {
        "hdr": hdr_class(hdr) if is_known else None,
        "dv_profile": vision.profile,
        "dv_level": vision.level,
        "dv_compatibility": vision.compatibility,
        "mastering_min_luminance": hdr.mastering_min_luminance,
        "mastering_max_luminance": hdr.mastering_max_luminance,
        "max_cll": hdr.max_cll,
        "max_fall": hdr.max_fall,
    }
