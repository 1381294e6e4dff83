"""Extractor for Musepack audio (stream version 7) that FFmpeg rejects (Musepack SV7 specification, "Header").

The header follows an optional ID3v2 tag. It states the number of frames, each of 1,152 samples, and the
sample rate in two bits; there are always two channels. ID3v1 is the last 128 bytes of the file.
"""

from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.schema import ExtractionError, Metadata, from_origin
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_RATES = (44_100, 48_000, 37_800, 32_000)
_SAMPLES_PER_FRAME = 1_152


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read the duration, sample rate and ID3v1 tag of a Musepack file.

    Raises:
        ExtractionError: The file has no header of stream version 7.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        at = 0
        tag = reader.read(0, 10)
        if tag[:3] == b"ID3" and len(tag) == 10:
            at = 10 + (tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9])
        head = reader.read(at, 12)
        if len(head) < 12 or head[:3] != b"MP+" or head[3] & 15 != 7:
            raise ExtractionError("the Musepack file has no header of stream version 7")
        rate = _RATES[head[10] & 3]
        seconds = int.from_bytes(head[4:8], "little") * _SAMPLES_PER_FRAME / rate
        metadata: Metadata = {
            "duration": seconds,
            "sample_rate": rate,
            "channels": 2,
            "audio_codec": "musepack7",
            "bitrate": round(8 * reader.size / seconds) if seconds else None,
            "extra": {"container": "mpc"},
        }
        return from_origin("container", metadata | _id3v1(reader))


def _id3v1(reader: BoundedReader) -> Metadata:
    data = reader.read(reader.size - 128, 128)
    if data[:3] != b"TAG" or len(data) < 128:
        return {}
    title, artist, album, year = (
        data[start:end].split(b"\x00", 1)[0].decode("latin-1").strip()
        for start, end in ((3, 33), (33, 63), (63, 93), (93, 97))
    )
    return {"title": title or None, "artist": artist or None, "album": album or None, "year": year or None}
