"""HDR metadata as files store it, and small videos with HDR metadata, for tests."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

from tests.requirements import require

MASTERING = struct.pack(">8HII", 13250, 34500, 7500, 3000, 34000, 16000, 15635, 16450, 10_000_000, 50)
"""Mastering display with the primaries of P3, and a luminance from 0.005 to 1000 cd/m²."""
LIGHT = struct.pack(">HH", 1000, 400)
"""MaxCLL 1000 cd/m² and MaxFALL 400 cd/m²."""
HDR10_PLUS = bytes.fromhex("b5003c000104014000") + bytes(24)
"""HDR10+ metadata, registered according to ITU-T T.35."""
X265 = {
    "sdr": "colorprim=bt709:transfer=bt709:colormatrix=bt709",
    "unstated": "",
    "pq": "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
    "hdr10": "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:max-cll=1000,400:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
    "hlg": "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc",
    "hlg broadcast": "colorprim=bt2020:transfer=bt2020-10:colormatrix=bt2020nc:atc-sei=18",
}
"""Options of the encoder x265 for each kind of HDR."""


def dolby_vision(profile: int, level: int, compatibility: int, *, size: int = 24) -> bytes:
    """Return a Dolby Vision configuration record with the metadata and base layer flags."""
    record = struct.pack(">BBHB", 1, 0, profile << 9 | level << 3 | 0b101, compatibility << 4)
    return record.ljust(size, b"\0")[:size]


def box(name: bytes, content: bytes) -> bytes:
    """Return an MP4 box."""
    return struct.pack(">I", 8 + len(content)) + name + content


def element(identifier: int, content: bytes) -> bytes:
    """Return a Matroska element with a size of eight bytes."""
    name = identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")
    return name + (1 << 56 | len(content)).to_bytes(8, "big") + content


def sei_message(kind: int, content: bytes) -> bytes:
    """Return an SEI message of HEVC or H.264 without its unit."""
    number = b"\xff" * (kind // 255) + bytes([kind % 255])
    return number + b"\xff" * (len(content) // 255) + bytes([len(content) % 255]) + content


def hevc_unit(kind: int, content: bytes) -> bytes:
    """Return an HEVC unit without its start code, with the bytes that prevent a start code in its content."""
    escaped = bytearray()
    for byte in content:
        if escaped[-2:] == b"\0\0" and byte <= 3:
            escaped.append(3)
        escaped.append(byte)
    return bytes([kind << 1, 1]) + bytes(escaped)


def hevc_sei(*messages: bytes) -> bytes:
    """Return an HEVC unit with SEI messages."""
    return hevc_unit(39, b"".join(messages) + b"\x80")


def av1_metadata(kind: int, content: bytes) -> bytes:
    """Return a metadata OBU of AV1, whose content has at most 100 bytes."""
    return bytes([5 << 3 | 2, len(content) + 2, kind]) + content + b"\x80"


def ffmpeg(*options: str | Path) -> None:
    """Run FFmpeg."""
    program = shutil.which("ffmpeg")
    require(program, "FFmpeg", "ffmpeg")
    subprocess.run([str(program), "-v", "error", "-y", *map(str, options)], check=True, timeout=120)


def hevc_video(path: Path, kind: str) -> Path:
    """Write a 10-bit HEVC video of three frames with a kind of HDR that `X265` names."""
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10", "-frames:v", "3", "-pix_fmt", "yuv420p10le"),
        *("-c:v", "libx265", "-x265-params", f"log-level=0:pools=1:repeat-headers=1:{X265[kind]}"),
        path,
    )
    return path


def add_to_sample_entry(path: Path, added: bytes) -> None:
    """Add a box to the end of the first sample entry of an MP4 file whose movie header is at its end."""
    data = path.read_bytes()
    starts, at = [], 0
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"hev1"):
        at = data.index(name, at) - 4
        starts.append(at)
        at += 8
    end = starts[-1] + int.from_bytes(data[starts[-1] : starts[-1] + 4], "big")
    changed = bytearray(data[:end] + added + data[end:])
    for start in starts:
        size = int.from_bytes(changed[start : start + 4], "big") + len(added)
        changed[start : start + 4] = size.to_bytes(4, "big")
    path.write_bytes(changed)
