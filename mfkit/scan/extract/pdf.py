"""Extractor for PDF documents, based on pypdf.

It reads the information dictionary and the XMP packet (ISO 32000-1, sections 14.3.3 and 14.3.2).
"""

import logging
from typing import Any, BinaryIO

import pypdf
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import PdfObject

from mfkit.scan.extract import xmp
from mfkit.scan.extract.date_parser import parse_timestamp
from mfkit.scan.extract.schema import PARSER_ERRORS, ExtractionError, Metadata, from_origin, merge
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_STREAM = 16 << 20

# pypdf logs every irregularity of a file. The log is not needed, because errors are raised as exceptions.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

# These size limits are low, because only streams with object tables are decompressed, not pages or images. A
# table of a million objects takes 5 MB. By default, pypdf decompresses up to 75 MB and runs the program
# jbig2dec on untrusted data.
_BOUNDS = pypdf.Configuration(
    maximum_declared_stream_length=_MAX_STREAM,
    array_based_stream_maximum_output_length=_MAX_STREAM,
    lzw_maximum_output_length=_MAX_STREAM,
    run_length_maximum_output_length=_MAX_STREAM,
    zlib_maximum_output_length=_MAX_STREAM,
    brotli_maximum_output_length=_MAX_STREAM,
    zlib_maximum_recovery_input_length=1 << 20,
    stream_filters_maximum_length=4,
    stream_decoding_work_maximum_length=4 * _MAX_STREAM,
    jbig2dec_binary=None,
    disable_legacy_handling=True,
)

_DAMAGE = (PyPdfError, MemoryError, *PARSER_ERRORS)


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read title, author, creation date and number of pages of a PDF, unless they are encrypted.

    Raises:
        ExtractionError: The file's cross-reference table or trailer cannot be read.
    """
    with open_source(source) as stream, pypdf.apply_configuration(_BOUNDS):
        try:
            return _document_metadata(stream)
        # A PDF with AES encryption is not damaged: pypdf raises this error, because the package that it needs
        # for AES is not installed.
        except DependencyError:
            return {"extra": {"encrypted": True}}
        except _DAMAGE as error:
            raise ExtractionError(f"the PDF's structure is damaged: {error}") from error


def _document_metadata(stream: BinaryIO) -> Metadata:
    reader = pypdf.PdfReader(stream, strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return {"extra": {"encrypted": True}}
    root: Any = reader.trailer["/Root"].get_object()
    extra: dict[str, Any] = {"encrypted": True} if reader.is_encrypted else {}
    metadata: Metadata = {}
    try:
        _add_information(reader, metadata, extra)
        extra["pages"] = _page_count(root)
    except _DAMAGE as error:
        extra["probe_notes"] = [f"pdf: {error}"]
    metadata["extra"] = extra
    own = from_origin("pdf", metadata)
    if metadata.get("title") and metadata.get("taken_at"):
        return own
    return merge(own, _packet_metadata(root))


def _packet_metadata(root: Any) -> Metadata:
    """Read title, author and dates of the XMP packet, which PDF 2.0 prefers to the information dictionary."""
    try:
        packet = root["/Metadata"].get_object().get_data() if "/Metadata" in root else b""
    except _DAMAGE:
        return {}
    found = xmp.extract(packet)
    stated = found.get("extra", {})
    extra: dict[str, Any] = {name: stated[name] for name in ("author", "description") if name in stated}
    return {"title": found.get("title"), "dates": found.get("dates", ()), "extra": extra}


def _add_information(reader: pypdf.PdfReader, metadata: Metadata, extra: dict[str, Any]) -> None:
    information = reader.metadata
    if information is None:
        return
    metadata["title"] = information.title
    for name in ("author", "subject", "creator", "producer"):
        extra[name] = getattr(information, name)
    keywords = information.get("/Keywords")
    extra["keywords"] = str(keywords.get_object()) if isinstance(keywords, PdfObject) else None
    try:
        metadata["taken_at"] = information.creation_date
    except ValueError:
        # Some programs write the date in another format than that of PDF.
        metadata["taken_at"] = parse_timestamp(str(information.get("/CreationDate")))


def _page_count(root: Any) -> int | None:
    """Return the page count that the PDF's page tree states.

    The pages are not counted, because counting the pages of a malicious PDF could take very long.
    """
    count = root["/Pages"].get_object().get("/Count")
    count = count.get_object() if isinstance(count, PdfObject) else count
    return int(count) if isinstance(count, int) and count >= 0 else None
