"""Extractor for the document properties of Office Open XML, OpenDocument and EPUB files.

Office Open XML: ISO/IEC 29500-2:2012, clause 11 (core properties). OpenDocument: ODF 1.3, part 3, section
4.3. EPUB: EPUB 3.3, section 5.5.

Expat reads the XML part as events, with limits on depth, elements and text. A document type declaration is
allowed, because old EPUB packages have one, but nothing external is loaded. Entity declarations are rejected,
because properties do not need them and attacks use them.
"""

import posixpath
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from xml.parsers import expat

from mfkit.scan.extract.date_parser import parse_timestamp
from mfkit.scan.extract.plausible_values import clean_year
from mfkit.scan.extract.schema import ExtractionError, Metadata, from_origin
from mfkit.scan.extract.text_decoding import whole_number
from mfkit.scan.extract.zip_parts import MAX_PART, Archive
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_DEPTH, _MAX_ELEMENTS, _MAX_TEXT = 64, 5_000, 4_000


class Element(NamedTuple):
    """XML element with its attributes and text.

    Attributes:
        name: Name without namespace.
        attributes: Attribute name without namespace → value.
        text: Text directly inside, shortened to 4,000 characters.
    """

    name: str
    attributes: dict[str, str]
    text: str


class _LimitReached(Exception):
    """Exception that stops the parser after the maximum number of elements."""


def elements(part: bytes, *, is_truncated: bool = False) -> list[Element]:
    """Return the elements of an XML file inside a document, in the order of their end tags.

    Args:
        part: The XML text; its declaration or byte-order mark states the encoding.
        is_truncated: Whether the end of the XML is missing, which is then not an error.

    Raises:
        ExtractionError: The XML is not well-formed, declares entities, or is nested too deeply.
    """
    found: list[Element] = []
    open_elements: list[tuple[str, dict[str, str], list[str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) >= _MAX_DEPTH:
            raise ExtractionError("the document's properties are nested too deeply")
        short = {_local_name(key): value[:_MAX_TEXT] for key, value in attributes.items()}
        open_elements.append((_local_name(name), short, []))

    def characters(text: str) -> None:
        if open_elements and len(open_elements[-1][2]) < _MAX_TEXT:
            open_elements[-1][2].append(text[:_MAX_TEXT])

    def end(_: str) -> None:
        name, attributes, texts = open_elements.pop()
        found.append(Element(name, attributes, "".join(texts)[:_MAX_TEXT].strip()))
        if len(found) >= _MAX_ELEMENTS:
            raise _LimitReached

    def reject(*_: object) -> None:
        raise ExtractionError("the document's properties declare XML entities, which are not allowed")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = characters, reject
    try:
        parser.Parse(part, not is_truncated)
    except _LimitReached:
        pass
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise ExtractionError(f"the document's properties are not well-formed XML: {error}") from error
    return found


def _local_name(name: str) -> str:
    return name.rpartition(" ")[2]


_RELATIONS, _CORE, _EXTENDED = "_rels/.rels", "docProps/core.xml", "docProps/app.xml"
_MAX_LIST = 50


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read a document's properties, such as its title. A document without properties is valid.

    Raises:
        ExtractionError: The archive is damaged, or lacks a part that the format requires.
    """
    with open_source(source) as stream:
        archive = Archive(stream)
        required_part, read_properties = _EXTRACTORS[file_format.format[:2]]
        if required_part not in archive:
            raise ExtractionError(
                f"this is not a {file_format.format} document: its archive has no file {required_part}"
            )
        metadata: Metadata = {"mime_type": file_format.mime_type}
        extra: dict[str, Any] = {}
        try:
            read_properties(archive, metadata, extra)
        except ExtractionError as error:
            # The document may be intact although its properties are damaged, so the error is only recorded.
            extra["probe_notes"] = [f"office: {error}"]
    metadata["extra"] = extra
    return from_origin("document", metadata)


def _office_open_xml(archive: Archive, metadata: Metadata, extra: dict[str, Any]) -> None:
    core = next(
        (
            posixpath.normpath(element.attributes.get("Target", "").lstrip("/"))
            for element in _elements(archive, _RELATIONS)
            if element.attributes.get("Type", "").endswith("/metadata/core-properties")
        ),
        _CORE,
    )
    texts = _texts(_elements(archive, core))
    metadata["title"], metadata["taken_at"] = (
        _first(texts, "title"),
        parse_timestamp(_first(texts, "created")),
    )
    extra |= {
        "author": _first(texts, "creator"),
        "subject": _first(texts, "subject"),
        "description": _first(texts, "description"),
        "language": _first(texts, "language"),
        "keywords": _keywords(texts.get("keywords", [])),
    }
    app_texts = _texts(_elements(archive, _EXTENDED))
    extra |= {
        "pages": whole_number(_first(app_texts, "Pages") or _first(app_texts, "Slides")),
        "words": whole_number(_first(app_texts, "Words")),
        "creator": _first(app_texts, "Application"),
    }


def _open_document(archive: Archive, metadata: Metadata, extra: dict[str, Any]) -> None:
    manifest = archive.read("META-INF/manifest.xml") or b""
    if b"encryption-data" in manifest:
        extra["encrypted"] = True
        return
    found = _elements(archive, "meta.xml")
    texts = _texts(found)
    metadata["title"], metadata["taken_at"] = (
        _first(texts, "title"),
        parse_timestamp(_first(texts, "creation-date")),
    )
    counts = next((element.attributes for element in found if element.name == "document-statistic"), {})
    extra |= {
        "author": _first(texts, "initial-creator") or _first(texts, "creator"),
        "subject": _first(texts, "subject"),
        "description": _first(texts, "description"),
        "language": _first(texts, "language"),
        "creator": _first(texts, "generator"),
        "keywords": _keywords(texts.get("keyword", [])),
        "pages": whole_number(counts.get("page-count")),
        "words": whole_number(counts.get("word-count")),
        "sheets": whole_number(counts.get("table-count")),
    }


def _epub(archive: Archive, metadata: Metadata, extra: dict[str, Any]) -> None:
    package = next(
        (
            element.attributes.get("full-path", "")
            for element in _elements(archive, "META-INF/container.xml")
            if element.name == "rootfile"
        ),
        "",
    )
    if package not in archive:
        raise ExtractionError("the EPUB's package document is missing")
    found = _elements(archive, package)
    texts = _texts(found)
    dates = [element for element in found if element.name == "date" and element.text]
    # An EPUB date without the attribute "event" is used as the publication date of the work, not as the date
    # of this file.
    created = next((date.text for date in dates if date.attributes.get("event") == "creation"), None)
    published = next(
        (date.text for date in dates if date.attributes.get("event", "publication") == "publication"), None
    )
    metadata["title"], metadata["taken_at"] = _first(texts, "title"), parse_timestamp(created)
    metadata["year"] = clean_year(published)
    extra |= {
        "author": ", ".join(texts.get("creator", [])[:10]) or None,
        "published": published,
        "publisher": _first(texts, "publisher"),
        "language": _first(texts, "language"),
        "description": _first(texts, "description"),
        "keywords": texts.get("subject", [])[:_MAX_LIST],
    }


_EXTRACTORS: dict[str, tuple[str, Callable[[Archive, Metadata, dict[str, Any]], None]]] = {
    "od": ("content.xml", _open_document),
    "ep": ("META-INF/container.xml", _epub),
} | dict.fromkeys(("do", "xl", "pp"), ("[Content_Types].xml", _office_open_xml))


def _elements(archive: Archive, name: str) -> list[Element]:
    part = archive.read(name)
    return elements(part, is_truncated=len(part) >= MAX_PART) if part else []


def _texts(found: Iterable[Element]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for element in found:
        if element.text:
            texts.setdefault(element.name, []).append(element.text)
    return texts


def _first(texts: dict[str, list[str]], name: str) -> str | None:
    return next(iter(texts.get(name, [])), None)


def _keywords(texts: list[str]) -> list[str]:
    words = (word.strip() for text in texts for word in re.split("[,;]", text))
    return [word for word in words if word][:_MAX_LIST]
