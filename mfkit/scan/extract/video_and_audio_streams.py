"""Selection of a file's main video and audio stream, and their properties, read by PyAV without decoding.

A file's video is the stream that players choose: FFmpeg's best stream, which prefers the default flag.
Covers, previews and timed metadata are not video.
"""

import ctypes
import re
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from av.audio.format import AudioFormat
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from mfkit.scan.extract.h264_parameters import H264Parameters, h264_parameters
from mfkit.scan.extract.schema import Metadata

MAX_FPS = 1_000
_SUSPICIOUS_FPS = 240
"""Higher frame rates are often a time base, so they are used only if the packets' timestamps agree."""
_MEASURED_PACKETS, _READ_PACKETS, _FIRST_PACKETS, _FIRST_PACKETS_OF_STREAM = 240, 2_000, 500, 20
_IMAGE_CODECS = frozenset(("mjpeg", "png", "bmp", "gif", "tiff", "webp", "ljpeg", "jpeg2000", "jpegxl"))
FIELD_ORDERS = {1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}
# The keys are codes of ITU-T H.273 (07/2021, tables 2 and 3), and the values are FFmpeg's names for them.
TRANSFERS = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 13: "iec61966-2-1",
    14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020",
    10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
_S = TypeVar("_S", bound=Stream)
_WITHOUT_CONTAINER = ("h264", "hevc", "mpegvideo")
_LONGEST_STEP = 2
"""Maximum seconds between consecutive packets; a longer step is a jump of the timestamps."""
_COVERS = (Disposition.attached_pic | Disposition.timed_thumbnails).value
_MAX_ASPECT = 10
_LAYOUTS = (
    "2.1 3.0 3.0(back) 3.1 3.1.2 4.0 4.1 quad quad(side) 5.0 5.0(side) 5.1 5.1(side) 5.1.2 5.1.2(back) 5.1.4 "
    "6.0 6.0(front) 6.1 6.1(back) 6.1(front) 7.0 7.0(front) 7.1 7.1(wide) 7.1(wide-side) 7.1.2 7.1.4 "
    "hexagonal octagonal cube"
)
_LISTED_CHANNELS = re.compile(r"\d+ channels \(([A-Za-z0-9+]+)\)")


def is_cover(stream: Stream) -> bool:
    """Return whether a video stream is an attached image, such as an album cover."""
    return bool(stream.disposition.value & _COVERS)


def has_decoder(stream: Stream) -> bool:
    """Return whether FFmpeg can decode a stream.

    Without a decoder, PyAV's codec context is None, although its type annotation excludes None.
    """
    context: object = stream.codec_context
    return context is not None


def open_hevc_decoder(stream: VideoStream) -> None:
    """Find the pixel format and colours of an HEVC video by opening its decoder, if the headers lack them.

    FFmpeg has already found HEVC's sequence header in the first frames. The decoder parses it when it is
    opened.
    """
    if has_decoder(stream) and stream.codec_context.codec.canonical_name == "hevc":
        if stream.codec_context.format is None:
            try:
                stream.codec_context.open(strict=False)
            except FFmpegError:  # The sequence header is damaged, so the colours stay unknown.
                pass


def transfer_code(name: str | None) -> int | None:
    """Return the code of ITU-T H.273 for FFmpeg's name of transfer characteristics, or None."""
    return next((code for code, known in TRANSFERS.items() if known == name), None)


def moving_pictures(container: InputContainer) -> list[VideoStream]:
    """Return the video streams that are neither cover images nor preview images."""
    videos = [stream for stream in container.streams.video if not is_cover(stream)]
    others = len(videos) + len(container.streams.audio)
    return [stream for stream in videos if others == 1 or not _is_single_image(container, stream)]


def _is_single_image(container: InputContainer, stream: VideoStream) -> bool:
    """Return whether a video stream has only one image. It is then a cover image without the cover flag."""
    if not has_decoder(stream) or stream.codec_context.codec.canonical_name not in _IMAGE_CODECS:
        return False
    if stream.frames or stream.disposition & Disposition.still_image:
        return stream.frames <= 1
    try:
        packets = [packet.stream.index for packet in islice(container.demux(), _FIRST_PACKETS) if packet.size]
        container.seek(0)
    except FFmpegError:
        return False
    return packets.count(stream.index) == 1


def best_stream(container: InputContainer, candidates: list[_S], kind: Any) -> _S | None:
    """Return the stream that FFmpeg considers best, or else the first stream with a default flag.

    The result is always one of the candidates, or None if there are no candidates.
    """
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    chosen = container.streams.best(kind)
    for stream in candidates:
        if chosen is not None and stream.index == chosen.index:
            return stream
    return max(candidates, key=lambda stream: bool(stream.disposition & Disposition.default))


class MainStreams(NamedTuple):
    """Video and audio streams of a file, except cover images, and the main stream of each kind.

    Attributes:
        videos: Video streams that are neither cover images nor preview images.
        audios: All audio streams.
        video: The main video stream; None without video.
        audio: The main audio stream; None without audio.
    """

    videos: list[VideoStream]
    audios: list[AudioStream]
    video: VideoStream | None
    audio: AudioStream | None


def main_streams(container: InputContainer) -> MainStreams:
    """Return the video and audio streams of a file, and the main stream of each kind."""
    videos, audios = moving_pictures(container), list(container.streams.audio)
    return MainStreams(
        videos, audios, best_stream(container, videos, "video"), best_stream(container, audios, "audio")
    )


def add_video(
    metadata: Metadata, extra: dict[str, Any], container: InputContainer, stream: VideoStream
) -> None:
    """Add the properties of a video stream to the metadata.

    The size is the displayed size before rotation.
    """
    metadata["fps"] = frame_rate(container, stream)
    if not has_decoder(stream):
        return
    context = stream.codec_context
    metadata["video_codec"] = context.codec.canonical_name
    metadata["width"], metadata["height"], aspect = picture_size(container, stream)
    if context.profile:
        extra["video_profile"] = context.profile
    if context.format is not None:
        extra["pixel_format"] = context.format.name
        extra["bits_per_pixel"] = context.format.bits_per_pixel
    elif context.profile and "10" in context.profile:
        extra["bits_per_pixel"] = 15
    extra["color_transfer"] = TRANSFERS.get(context.color_trc)
    extra["color_primaries"] = PRIMARIES.get(context.color_primaries)
    extra["field_order"] = FIELD_ORDERS.get(context.field_order)
    _add_aspect(metadata, extra, aspect)


def picture_size(
    container: InputContainer, stream: VideoStream
) -> tuple[int | None, int | None, Fraction | None]:
    """Return the width and height of the stored pictures of a decodable video, and the sample aspect ratio.

    FFmpeg knows the aspect ratio of some H.264 and HEVC video only after it decoded a frame, and the same
    applies to the size of H.264 in MXF, whose container states 1088 rows instead of 1080.
    """
    context = stream.codec_context
    width, height = context.width or None, context.height or None
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio or None
    in_mxf = container.format.name == "mxf"
    if (aspect and not in_mxf) or context.codec.canonical_name != "h264":
        return width, height, aspect
    stated = stated_h264(container, stream)
    if stated is None:
        return width, height, aspect
    if not in_mxf or not width or not height:
        return width, height, stated.aspect
    if aspect:
        # FFmpeg calculated the sample aspect ratio for the container's size. It is converted here.
        aspect *= Fraction(stated.height * width, height * stated.width)
    return stated.width, stated.height, aspect or stated.aspect


def stated_h264(container: InputContainer, stream: VideoStream) -> H264Parameters | None:
    """Return the properties that an H.264 stream states about itself, or None if it states none.

    For MXF, they are read from the first frame. FFmpeg invents the decoder configuration of all H.264 video
    in MXF: it is that of AVC-Intra, in which frames have no configuration.
    """
    if container.format.name == "mxf":
        stated = h264_parameters(first_packet(container, stream))
        if stated is not None:
            return stated
    return h264_parameters(stream.codec_context.extradata or b"")


def first_packet(container: InputContainer, stream: Stream) -> bytes:
    """Return the data of a stream's first packet, and go back to the start of the file.

    The result is empty if the first packets of the file are damaged.
    """
    data = b""
    try:
        for packet in islice(container.demux(stream), _FIRST_PACKETS_OF_STREAM):
            if packet.size:
                data = bytes(packet)
                break
        container.seek(0)
    except FFmpegError:  # The first packet is damaged, so its data is unknown.
        pass
    return data


def _add_aspect(metadata: Metadata, extra: dict[str, Any], aspect: Fraction | None) -> None:
    """Scale the video's width if its pixels are not square (sample aspect ratio)."""
    width, height = metadata.get("width"), metadata.get("height")
    if not aspect or aspect <= 0 or aspect == 1 or not width or not height:
        return
    extra["sample_aspect_ratio"] = f"{aspect.numerator}:{aspect.denominator}"
    if 1 / _MAX_ASPECT <= aspect <= _MAX_ASPECT:
        extra["coded_width"], extra["coded_height"] = width, height
        metadata["width"] = round(width * aspect)


def frame_rate(container: InputContainer, stream: VideoStream) -> float | None:
    """Return the average frame rate, or else the codec's frame rate, or else FFmpeg's guess.

    The guess comes last, because it counts the fields of interlaced video, two per frame. A rate above 240
    is used only if the packets' timestamps confirm it.
    """
    # Later rates are read only if the earlier ones are unknown, because PyAV creates a fraction for each rate
    # that is read, which takes time.
    average = stream.average_rate
    # The coded frame rate comes first if a video has no container, because FFmpeg's average frame rate is
    # then only a default of 25.
    if not average or container.format.name in _WITHOUT_CONTAINER:
        coded = stream.codec_context.framerate if has_decoder(stream) else None
        average = coded or average or stream.guessed_rate
    rate = average.numerator / average.denominator if average else None
    if rate is None or rate <= _SUSPICIOUS_FPS:
        return rate
    return rate if rate <= MAX_FPS * 1.001 and _matches_frame_rate(container, stream, rate) else None


def _matches_frame_rate(container: InputContainer, stream: VideoStream, rate: float) -> bool:
    """Return whether the timestamps of a stream's first packets match a frame rate within 10 %."""
    times: list[int] = []
    try:
        for packet in islice(container.demux(stream), _READ_PACKETS):
            if packet.pts is not None:
                times.append(packet.pts)
            if len(times) >= _MEASURED_PACKETS:
                break
        container.seek(0)
    except FFmpegError:
        pass
    if len(times) < 3 or max(times) == min(times) or not stream.time_base:
        return False
    measured = (len(times) - 1) / float((max(times) - min(times)) * stream.time_base)
    return abs(measured - rate) <= 0.1 * rate


def channel_layout(stream: AudioStream) -> tuple[int | None, str]:
    """Return the number of channels and FFmpeg's name of the channel layout of a decodable audio stream.

    Use this function instead of PyAV's ``context.channels`` and ``context.layout``. PyAV 18 frees the channel
    map of a layout together with the layout, although the stream still uses the map. For layouts with a map,
    such as 7.1 in MOV, this crashes the process. So the reference count of the layout is increased, and the
    layout is never freed. Mono and stereo have no map.
    """
    layout = stream.codec_context.layout
    name = layout.name
    if name not in ("mono", "stereo"):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
    if listed := _LISTED_CHANNELS.fullmatch(name):
        # The channels of a usual layout can be stored in another order.
        name = _usual_layouts().get(frozenset(listed[1].split("+")), name)
    return layout.nb_channels or None, name


@lru_cache(1)
def _usual_layouts() -> dict[frozenset[str], str]:
    return {frozenset(one.name for one in AudioLayout(name).channels): name for name in _LAYOUTS.split()}


class PacketCount(NamedTuple):
    """Total duration of the packets that were read, and the share of the file that was read."""

    seconds: float
    share: float


def count_packets(container: InputContainer, size: int, limit: int) -> PacketCount | None:
    """Add up the packet durations of a file's main stream, and ignore jumps in the timestamps.

    Args:
        container: The file, opened with PyAV.
        size: Size of the file in bytes.
        limit: Number of bytes after which reading stops.
    """
    streams = main_streams(container)
    stream = streams.video or streams.audio
    if stream is None or not stream.time_base:
        return None
    total, usual, untimed, at, previous = 0, 0, 0, 0, None
    longest = int(_LONGEST_STEP / stream.time_base)
    try:
        for packet in container.demux(stream):
            if not packet.size:
                continue
            at = max(at + packet.size, (packet.pos or 0) + packet.size)
            if at > limit:
                break
            if packet.dts is None:
                untimed += packet.duration or 0
                continue
            step = packet.dts - previous if previous is not None else -1
            # A valid difference between two timestamps already covers the packets between them that have no
            # timestamp, so the durations of these packets are not added.
            total += step if 0 <= step <= longest else untimed + (usual if previous is not None else 0)
            untimed, usual, previous = 0, packet.duration or usual or max(step, 0), packet.dts
    except FFmpegError:  # The file is damaged at this packet, so only the packets before it are counted.
        pass
    total += untimed + (usual if previous is not None else 0)
    seconds = float(total * stream.time_base)
    return PacketCount(seconds, at / size if at > limit else 1.0) if seconds else None


def add_audio(metadata: Metadata, extra: dict[str, Any], stream: AudioStream) -> None:
    """Add the properties of an audio stream to the metadata."""
    if not has_decoder(stream):
        return
    context = stream.codec_context
    name = context.codec.canonical_name
    metadata["audio_codec"] = name
    metadata["sample_rate"], metadata["channels"] = context.sample_rate or None, channel_layout(stream)[0]
    if context.profile:
        extra["audio_profile"] = context.profile
    if name.startswith("dsd_"):
        # For DSD audio, FFmpeg's sample rate counts bytes of eight one-bit samples, whereas the usual DSD
        # sample rate counts single samples.
        extra["dsd_rate"] = context.sample_rate * 8
        extra["bits_per_sample"] = 8
    elif name.startswith("pcm_") or name in ("flac", "alac", "ape", "wavpack", "tta"):
        extra["bits_per_sample"] = _bits_per_sample(name, context.format)


def _bits_per_sample(name: str, decoded: AudioFormat | None) -> int | None:
    """Return the bits per sample of an audio stream.

    24-bit FLAC counts as 32 bits, which is accurate enough for a compression ratio.
    """
    digits = "".join(ch for ch in name.removeprefix("pcm_") if ch.isdigit())
    if name.startswith("pcm_") and digits in ("8", "16", "24", "32", "64"):
        return int(digits)
    return None if decoded is None else int(decoded.bits)
