"""PDF documents through pypdf: the information dictionary (ISO 32000-1 section 14.3.3) and page count."""

import logging
from typing import Any, BinaryIO

import pypdf
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import PdfObject

from mfkit.scan.extract.schema import ExtractionError, Metadata, from_origin
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_STREAM = 16 << 20

# pypdf reports every oddity of a file to its logger; what matters comes back as an exception.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

# The streams that are unpacked here hold tables of objects, not pages or pictures; a table of a million
# objects takes 5 MB. By default pypdf unpacks 75 MB and runs the program jbig2dec on what a file hands it.
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

# What a damaged object tree makes pypdf raise besides its own classes.
_DAMAGE = (
    PyPdfError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    ArithmeticError,
    EOFError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    MemoryError,
)


def read(source: Source, kind: FileFormat) -> Metadata:
    """Read title, author, creation date, number of pages; of an encrypted file what is not encrypted.

    Raises:
        ProbeError: The file's cross-reference and trailer cannot be followed.
    """
    with open_source(source) as stream, pypdf.apply_configuration(_BOUNDS):
        try:
            return _facts(stream)
        except DependencyError:  # AES, for which pypdf wants another package
            return {"extra": {"encrypted": True}}
        except _DAMAGE as error:
            raise ExtractionError(f"the PDF's structure is damaged: {error}") from error


def _facts(stream: BinaryIO) -> Metadata:
    reader = pypdf.PdfReader(stream, strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return {"extra": {"encrypted": True}}
    root: Any = reader.trailer["/Root"].get_object()
    extra: dict[str, Any] = {"encrypted": True} if reader.is_encrypted else {}
    facts: Metadata = {}
    try:
        _add_information(reader, facts, extra)
        extra["pages"] = _page_count(root)
    except _DAMAGE as error:
        extra["probe_notes"] = [f"pdf: {error}"]
    facts["extra"] = extra
    return from_origin("pdf", facts)


def _add_information(reader: pypdf.PdfReader, facts: Metadata, extra: dict[str, Any]) -> None:
    information = reader.metadata
    if information is None:
        return
    facts["title"] = information.title
    for name in ("author", "subject", "creator", "producer"):
        extra[name] = getattr(information, name)
    keywords = information.get("/Keywords")
    extra["keywords"] = str(keywords.get_object()) if isinstance(keywords, PdfObject) else None
    try:
        facts["taken_at"] = information.creation_date
    except ValueError:
        facts["taken_at"] = None


def _page_count(root: Any) -> int | None:
    """The page tree's own count: walking ten thousand pages to count them is what a bomb waits for."""
    count = root["/Pages"].get_object().get("/Count")
    count = count.get_object() if isinstance(count, PdfObject) else count
    return int(count) if isinstance(count, int) and count >= 0 else None
