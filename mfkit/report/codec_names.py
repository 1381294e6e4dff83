"""Names of codecs for people, such as "H.265 (HEVC)" for FFmpeg's name ``hevc``."""

from __future__ import annotations

import re

_NAMES = {
    "h264": "H.264",
    "hevc": "H.265 (HEVC)",
    "vvc": "H.266 (VVC)",
    "av1": "AV1",
    "vp8": "VP8",
    "vp9": "VP9",
    "mpeg1video": "MPEG-1",
    "mpeg2video": "MPEG-2",
    "mpeg4": "MPEG-4",
    "msmpeg4v2": "Microsoft MPEG-4 v2",
    "msmpeg4v3": "Microsoft MPEG-4 v3",
    "wmv1": "WMV 7",
    "wmv2": "WMV 8",
    "wmv3": "WMV 9",
    "vc1": "VC-1",
    "prores": "ProRes",
    "dnxhd": "DNxHD",
    "mjpeg": "Motion JPEG",
    "theora": "Theora",
    "dvvideo": "DV",
    "flv1": "Flash Video",
    "h263": "H.263",
    "svq3": "Sorenson Video 3",
    "cinepak": "Cinepak",
    "ffv1": "FFV1",
    "rawvideo": "uncompressed",
    "aac": "AAC",
    "mp3": "MP3",
    "mp2": "MP2",
    "ac3": "Dolby Digital (AC-3)",
    "eac3": "Dolby Digital Plus (E-AC-3)",
    "truehd": "Dolby TrueHD",
    "dts": "DTS",
    "flac": "FLAC",
    "alac": "Apple Lossless",
    "opus": "Opus",
    "vorbis": "Vorbis",
    "wmav1": "WMA 1",
    "wmav2": "WMA 2",
    "wmapro": "WMA Pro",
    "wmalossless": "WMA Lossless",
    "amr_nb": "AMR",
    "amr_wb": "AMR wideband",
    "ape": "Monkey's Audio",
    "wavpack": "WavPack",
    "subrip": "SubRip",
    "ass": "ASS",
    "mov_text": "MP4 timed text",
    "hdmv_pgs_subtitle": "Blu-ray images (PGS)",
    "dvd_subtitle": "DVD images",
    "dvb_subtitle": "DVB images",
    "webvtt": "WebVTT",
}
_PCM = re.compile(r"pcm_s(\d{1,2})(le|be)")


def codec_name(codec: str) -> str:
    """Return the usual name of a codec by its name in FFmpeg, or that name if no other is known."""
    if pcm := _PCM.fullmatch(codec):
        return f"PCM, {pcm[1]} bit{', big-endian' if pcm[2] == 'be' else ''}"
    return _NAMES.get(codec, codec)
