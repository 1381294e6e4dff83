"""Identification of file formats: by bytes first, then by name."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mfkit.scan.formats.identify import FORMATS, HEAD_SIZE, UNKNOWN_FORMAT, FileFormat, identify


def saved(format_name: str, **options: object) -> bytes:
    """Return a small image's bytes in one of Pillow's formats."""
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(buffer, format_name, **options)
    return buffer.getvalue()[:HEAD_SIZE]


def zipped(*names: str) -> bytes:
    """Return a ZIP archive's first bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "application/epub+zip" if name == "mimetype" else "x")
    return buffer.getvalue()


HEADS: list[tuple[bytes, str, str, str, str]] = [
    (saved("JPEG"), "a.jpg", "jpeg", "image/jpeg", "image"),
    (saved("PNG"), "a.png", "png", "image/png", "image"),
    (saved("GIF"), "a.gif", "gif", "image/gif", "image"),
    (saved("SGI"), "a.bin", "sgi", "image/sgi", "image"),
    (saved("WEBP"), "a.webp", "webp", "image/webp", "image"),
    (saved("TIFF"), "a.tif", "tiff", "image/tiff", "image"),
    (saved("BMP"), "a.bmp", "bmp", "image/bmp", "image"),
    (saved("ICO"), "a.ico", "ico", "image/x-icon", "image"),
    (saved("TGA"), "a.tga", "tga", "image/x-tga", "image"),
    (saved("JPEG2000"), "a.jp2", "jp2", "image/jp2", "image"),
    (b"\xff\x4f\xff\x51\0\0", "a.j2k", "j2k", "image/j2c", "image"),
    (b"\xff\x0a\x7f\x40", "a.jxl", "jxl", "image/jxl", "image"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a.jxl", "jxl", "image/jxl", "image"),
    (b"8BPS\0\1" + b"\0" * 20, "a.psd", "psd", "image/vnd.adobe.photoshop", "image"),
    (b"<?xml version='1.0'?>\n<!-- x --><svg xmlns=''>", "a.svg", "svg", "image/svg+xml", "image"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a.heic", "heic", "image/heic", "image"),
    (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "a.heif", "heif", "image/heif", "image"),
    (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "a.avif", "avif", "image/avif", "image"),
    (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "a.avif", "avif", "image/avif", "image"),
    (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a.cr3", "cr3", "image/x-canon-cr3", "image"),
    (b"II*\0\x10\0\0\0CR\2\0", "a.cr2", "cr2", "image/x-canon-cr2", "image"),
    (b"II\x1a\0\0\0HEAPCCDR\2\0", "a.crw", "crw", "image/x-canon-crw", "image"),
    (b"II*\0\x08\0\0\0\0\0\0\0\0\0", "a.nef", "nef", "image/x-nikon-nef", "image"),
    (b"II*\0\x08\0\0\0\0\0\0\0\0\0", "a.arw", "arw", "image/x-sony-arw", "image"),
    (
        b"II*\0\x08\0\0\0\1\0\x12\xc6\1\0\4\0\0\0\1\4\0\0\0\0\0\0",
        "x.tif",
        "dng",
        "image/x-adobe-dng",
        "image",
    ),
    (b"FUJIFILMCCD-RAW 0201", "a.raf", "raf", "image/x-fujifilm-raf", "image"),
    (b"IIRO\x08\0\0\0", "a.orf", "orf", "image/x-olympus-orf", "image"),
    (b"IIU\0\x18\0\0\0", "a.rw2", "rw2", "image/x-panasonic-rw2", "image"),
    (b"FOVb\2\0\2\0", "a.x3f", "x3f", "image/x-sigma-x3f", "image"),
    (b"\0MRM\0\0\0\x0c", "a.mrw", "mrw", "image/x-minolta-mrw", "image"),
    (b"II*\0\x08\0\0\0IIIICwaR", "a.iiq", "iiq", "image/x-phaseone-iiq", "image"),
    (b"\0\0\0\x18ftypisom\0\0\2\0isommp41", "a.mp4", "mp4", "video/mp4", "video"),
    (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "a.mov", "mov", "video/quicktime", "video"),
    (b"\0\0\0\x08wide\0\0\1\0mdat", "a.mov", "mov", "video/quicktime", "video"),
    (b"\0\0\0\x18ftypM4V \0\0\0\0M4V mp42", "a.m4v", "m4v", "video/x-m4v", "video"),
    (b"\0\0\0\x18ftyp3gp5\0\0\0\0isom3gp5", "a.3gp", "3gp", "video/3gpp", "video"),
    (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", "a.m4a", "m4a", "audio/mp4", "audio"),
    (b"\0\0\0\x18ftypM4B \0\0\0\0M4A mp42", "a.m4b", "m4b", "audio/mp4", "audio"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0M4A mp42", "a.m4a", "m4a", "audio/mp4", "audio"),
    (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "a.mkv", "mkv", "video/matroska", "video"),
    (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm", "a.webm", "webm", "video/webm", "video"),
    (b"RIFF\0\0\0\0AVI LIST", "a.avi", "avi", "video/x-msvideo", "video"),
    ((b"\x47" + b"\0" * 187) * 5, "a.ts", "ts", "video/mp2t", "video"),
    ((b"\0\0\0\0\x47" + b"\0" * 187) * 5, "a.m2ts", "m2ts", "video/mp2t", "video"),
    (b"\0\0\1\xba\x44", "a.mpg", "mpeg", "video/mpeg", "video"),
    (b"FLV\1\5", "a.flv", "flv", "video/x-flv", "video"),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "a.wmv", "wmv", "video/x-ms-wmv", "video"),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "a.wma", "wma", "audio/x-ms-wma", "audio"),
    (b"OggS\0\2" + b"\0" * 22 + b"\x80theora", "a.ogg", "ogv", "video/ogg", "video"),
    (b"OggS\0\2" + b"\0" * 22 + b"\1vorbis", "a.ogg", "ogg", "audio/ogg", "audio"),
    (b"OggS\0\2" + b"\0" * 22 + b"OpusHead", "a.opus", "opus", "audio/opus", "audio"),
    (b"OggS\0\2" + b"\0" * 22 + b"Speex   ", "a.spx", "spx", "audio/ogg", "audio"),
    (b"ID3\4\0\0\0\0\0\0\xff\xfb\x90\0" + b"\0" * 100, "a.mp3", "mp3", "audio/mpeg", "audio"),
    (b"\xff\xf1\x50\x80\x02\x1f\xfc", "a.aac", "aac", "audio/aac", "audio"),
    (b"fLaC\0\0\0\x22", "a.flac", "flac", "audio/flac", "audio"),
    (b"RIFF\0\0\0\0WAVEfmt ", "a.wav", "wav", "audio/x-wav", "audio"),
    (b"FORM\0\0\0\0AIFFCOMM", "a.aiff", "aiff", "audio/aiff", "audio"),
    (b"MAC \x96\x0f", "a.ape", "ape", "audio/x-ape", "audio"),
    (b"wvpk\0\0", "a.wv", "wv", "audio/x-wavpack", "audio"),
    (b"MPCKSH", "a.mpc", "mpc", "audio/x-musepack", "audio"),
    (b"TTA1\1\0", "a.tta", "tta", "audio/x-tta", "audio"),
    (b"riff.\x91\xcf\x11\xa5\xd6(\xdb\x04\xc1\0\0", "a.bin", "w64", "audio/x-w64", "audio"),
    (b"DSD \x1c\0\0\0", "a.dsf", "dsf", "audio/x-dsf", "audio"),
    (b"FRM8\0\0\0\0\0\0\0\0DSD FVER", "a.dff", "dff", "audio/x-dff", "audio"),
    (b"MThd\0\0\0\6\0\1", "a.mid", "midi", "audio/midi", "audio"),
    (b"\x0b\x77\0\0\0\x40", "a.ac3", "ac3", "audio/ac3", "audio"),
    (b"\x0b\x77\0\0\0\x80", "a.eac3", "eac3", "audio/eac3", "audio"),
    (b"#!AMR\n", "a.amr", "amr", "audio/amr", "audio"),
    (b"%PDF-1.7\n", "a.pdf", "pdf", "application/pdf", "document"),
    (zipped("mimetype", "META-INF/container.xml"), "a.epub", "epub", "application/epub+zip", "document"),
    (zipped("[Content_Types].xml", "word/document.xml"), "a", "docx", FORMATS["docx"].mime_type, "document"),
    (
        zipped("[Content_Types].xml", "xl/workbook.xml"),
        "a.zip",
        "xlsx",
        FORMATS["xlsx"].mime_type,
        "document",
    ),
    (zipped("holiday.jpg"), "a.zip", "zip", "application/zip", "other"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.doc", "doc", "application/msword", "document"),
    (b"const a: number = 1;\n", "a.ts", "text", "text/x-typescript", "document"),
    ("Grüße\n".encode(), "notes.txt", "text", "text/plain", "document"),
    ("Grüße\n".encode("latin-1"), "notes.txt", "text", "text/plain", "document"),
    ("Grüße".encode("utf-16"), "notes", "text", "text/plain", "document"),
    (b"#EXTM3U\n#EXT-X-VERSION:3\nhttp://example.org/a.ts\n", "video.mp4", "text", "text/plain", "document"),
    (b"carefree days\n", "a.mov", "text", "text/plain", "document"),
    (b"\0" * 257 + b"ustar\x0000", "a.tar", "tar", "application/x-tar", "other"),
]


@pytest.mark.parametrize(
    ("head", "name", "format_name", "mime_type", "media_type"),
    HEADS,
    ids=[f"{row[2]}-{row[1]}" for row in HEADS],
)
def test_format_is_identified_by_first_bytes(
    head: bytes, name: str, format_name: str, mime_type: str, media_type: str
) -> None:
    """Each format has its registered MIME type."""
    assert identify(head, name) == FileFormat(format_name, mime_type, media_type)


@pytest.mark.parametrize("name", ["a.nef", "a.mp4", "a.txt", "a", "a.JPG"])
def test_bytes_have_priority_over_the_name(name: str) -> None:
    """A JPEG is identified under every name."""
    assert identify(saved("JPEG"), name).format == "jpeg"


def test_audio_without_a_name_needs_two_frames() -> None:
    """One sync word may be chance; two consecutive frames are MPEG audio."""
    frame = b"\xff\xfb\x90\x00" + b"\x55" * 413
    assert identify(frame[:64], "x").format == "unknown"
    assert identify(frame * 3, "x").format == "mp3"


def test_name_decides_if_bytes_are_not_conclusive() -> None:
    """Random bytes with an audio file's name are treated as audio."""
    assert identify(b"\x80\x01\x02\x03" * 100, "song.mp3").format == "mp3"
    assert identify(b"\x80\x01\x02\x03" * 100, "thing").format == "unknown"


def test_empty_file_has_unknown_format() -> None:
    """The name does not matter."""
    assert identify(b"", "a.jpg") is UNKNOWN_FORMAT


def test_character_split_by_the_head_is_text() -> None:
    """The first 4 KiB may end within a character."""
    assert identify(("ä" * 3000).encode()[1 : HEAD_SIZE + 1][1:], "a.txt").format == "text"


def test_formats_are_immutable() -> None:
    """A format's attributes cannot be assigned."""
    with pytest.raises(AttributeError):
        UNKNOWN_FORMAT.format = "jpeg"


@given(st.binary(max_size=600), st.text(max_size=20))
def test_any_bytes_and_name_have_a_format(head: bytes, name: str) -> None:
    """Identification never raises."""
    file_format = identify(head, name)
    assert file_format.media_type in ("video", "audio", "image", "document", "other")
    assert file_format.format in FORMATS


@given(st.sampled_from([row[0] for row in HEADS]), st.integers(0, 64), st.binary(max_size=40))
def test_damaged_heads_have_a_format(head: bytes, at: int, noise: bytes) -> None:
    """Known signatures with random bytes in them cause no error."""
    assert identify(head[:at] + noise + head[at:], "file.bin").format in FORMATS


def test_tiff_heads_with_endless_directories_are_bounded() -> None:
    """A directory with 65,535 stated entries is read up to the end of the head."""
    head = b"II*\0" + struct.pack("<IH", 8, 65535) + b"\0" * 100
    assert identify(head, "a.tif").format == "tiff"


def test_corpus_formats_match_names(corpus: dict[Path, object]) -> None:
    """No real file is identified as unknown, text or an archive."""
    for path in corpus:
        with path.open("rb") as stream:
            file_format = identify(stream.read(HEAD_SIZE), path.name)
        assert file_format.format not in ("unknown", "text", "zip"), path


def test_videos_are_identified(video_file: Callable[..., Path]) -> None:
    """The formats that FFmpeg writes are identified."""
    for name, format_name in (
        ("a.mp4", "mp4"),
        ("a.mkv", "mkv"),
        ("a.avi", "avi"),
        ("a.mov", "mov"),
        ("a.ts", "ts"),
    ):
        with video_file(name, frames=5).open("rb") as stream:
            assert identify(stream.read(HEAD_SIZE), "nameless").format == format_name
