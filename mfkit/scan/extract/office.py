"""The elements of a small XML part within bounds: no entities, no tree, no deep nesting.

Expat is driven by events, so that nothing is kept but the elements asked about. A document type
declaration is passed over (old EPUB packages have one) and nothing outside is fetched; a declaration of
entities, which properties never need and which bombs are made of, is refused.
"""

import posixpath
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from xml.parsers import expat

from mfkit.scan.extract.plausible import clean_year
from mfkit.scan.extract.schema import ExtractionError, Metadata, from_origin
from mfkit.scan.extract.zip_parts import MAX_PART, Archive
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_DEPTH, _MAX_ELEMENTS, _MAX_TEXT = 64, 5_000, 4_000


class Element(NamedTuple):
    """One element.

    Attributes:
        name: Without its namespace.
        attributes: By name without namespace.
        text: The text directly inside, cut at 4,000 characters.
    """

    name: str
    attributes: dict[str, str]
    text: str


class _Enough(Exception):
    """As many elements were read as are looked at."""


def elements(part: bytes, *, is_cut: bool = False) -> list[Element]:
    """Read the elements in the order in which they end.

    Args:
        part: The XML text; its declaration or byte-order mark gives the encoding.
        is_cut: Whether the end is known to be missing, so that what came before still counts.

    Raises:
        ProbeError: It is not well-formed, declares entities, or is nested deeper than properties are.
    """
    found: list[Element] = []
    opened: list[tuple[str, dict[str, str], list[str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(opened) >= _MAX_DEPTH:
            raise ExtractionError("the document's properties are nested too deeply")
        short = {_local(key): value[:_MAX_TEXT] for key, value in attributes.items()}
        opened.append((_local(name), short, []))

    def characters(text: str) -> None:
        if opened and len(opened[-1][2]) < _MAX_TEXT:
            opened[-1][2].append(text[:_MAX_TEXT])

    def end(_: str) -> None:
        name, attributes, texts = opened.pop()
        found.append(Element(name, attributes, "".join(texts)[:_MAX_TEXT].strip()))
        if len(found) >= _MAX_ELEMENTS:
            raise _Enough

    def refuse(*_: object) -> None:
        raise ExtractionError("the document's properties declare entities, which none has a use for")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = characters, refuse
    try:
        parser.Parse(part, not is_cut)
    except _Enough:
        pass
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise ExtractionError(f"the document's properties are no XML: {error}") from error
    return found


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


_RELATIONS, _CORE, _EXTENDED = "_rels/.rels", "docProps/core.xml", "docProps/app.xml"
_MAX_LIST = 50


def read(source: Source, kind: FileFormat) -> Metadata:
    """Read what a document says of itself; one without any properties is still a sound document.

    Raises:
        ProbeError: The archive is damaged or lacks what makes it a document of its kind.
    """
    with open_source(source) as stream:
        archive = Archive(stream)
        mark, read_properties = _READERS[kind.format[:2]]
        if mark not in archive:
            raise ExtractionError(f"this is no {kind.format} document: its archive has no {mark}")
        facts: Metadata = {"mime_type": kind.mime_type}
        extra: dict[str, Any] = {}
        try:
            read_properties(archive, facts, extra)
        except ExtractionError as error:
            # The text may be sound where its properties are not.
            extra["probe_notes"] = [f"office: {error}"]
    facts["extra"] = extra
    return from_origin("document", facts)


def _office(archive: Archive, facts: Metadata, extra: dict[str, Any]) -> None:
    core = next(
        (
            posixpath.normpath(element.attributes.get("Target", "").lstrip("/"))
            for element in _elements(archive, _RELATIONS)
            if element.attributes.get("Type", "").endswith("/metadata/core-properties")
        ),
        _CORE,
    )
    texts = _texts(_elements(archive, core))
    facts["title"], facts["taken_at"] = _first(texts, "title"), _moment(_first(texts, "created"))
    extra |= {
        "author": _first(texts, "creator"),
        "subject": _first(texts, "subject"),
        "description": _first(texts, "description"),
        "language": _first(texts, "language"),
        "keywords": _keywords(texts.get("keywords", [])),
    }
    more = _texts(_elements(archive, _EXTENDED))
    extra |= {
        "pages": _count(_first(more, "Pages") or _first(more, "Slides")),
        "words": _count(_first(more, "Words")),
        "creator": _first(more, "Application"),
    }


def _open_document(archive: Archive, facts: Metadata, extra: dict[str, Any]) -> None:
    manifest = archive.read("META-INF/manifest.xml") or b""
    if b"encryption-data" in manifest:
        extra["encrypted"] = True
        return
    found = _elements(archive, "meta.xml")
    texts = _texts(found)
    facts["title"], facts["taken_at"] = _first(texts, "title"), _moment(_first(texts, "creation-date"))
    counts = next((element.attributes for element in found if element.name == "document-statistic"), {})
    extra |= {
        "author": _first(texts, "initial-creator") or _first(texts, "creator"),
        "subject": _first(texts, "subject"),
        "description": _first(texts, "description"),
        "language": _first(texts, "language"),
        "creator": _first(texts, "generator"),
        "keywords": _keywords(texts.get("keyword", [])),
        "pages": _count(counts.get("page-count")),
        "words": _count(counts.get("word-count")),
        "sheets": _count(counts.get("table-count")),
    }


def _book(archive: Archive, facts: Metadata, extra: dict[str, Any]) -> None:
    package = next(
        (
            element.attributes.get("full-path", "")
            for element in _elements(archive, "META-INF/container.xml")
            if element.name == "rootfile"
        ),
        "",
    )
    if package not in archive:
        raise ExtractionError("the book's package, which its container names, is missing")
    found = _elements(archive, package)
    texts = _texts(found)
    dates = [element for element in found if element.name == "date" and element.text]
    # A date without an event is the publication's: of the work, not of this file.
    created = next((date.text for date in dates if date.attributes.get("event") == "creation"), None)
    published = next(
        (date.text for date in dates if date.attributes.get("event", "publication") == "publication"), None
    )
    facts["title"], facts["taken_at"] = _first(texts, "title"), _moment(created)
    facts["year"] = clean_year(published)
    extra |= {
        "author": ", ".join(texts.get("creator", [])[:10]) or None,
        "published": published,
        "publisher": _first(texts, "publisher"),
        "language": _first(texts, "language"),
        "description": _first(texts, "description"),
        "keywords": texts.get("subject", [])[:_MAX_LIST],
    }


_READERS: dict[str, tuple[str, Callable[[Archive, Metadata, dict[str, Any]], None]]] = {
    "od": ("content.xml", _open_document),
    "ep": ("META-INF/container.xml", _book),
} | dict.fromkeys(("do", "xl", "pp"), ("[Content_Types].xml", _office))


def _elements(archive: Archive, name: str) -> list[Element]:
    part = archive.read(name)
    return elements(part, is_cut=len(part) >= MAX_PART) if part else []


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


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _moment(text: str | None) -> datetime | None:
    """W3CDTF; a year or a month alone is no moment."""
    try:
        return datetime.fromisoformat(text) if text and len(text) >= 10 else None
    except ValueError:
        return None
