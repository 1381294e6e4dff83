"""Office, OpenDocument and EPUB files: title, author, dates and counts from the XML in their archive.

ECMA-376 part 2 section 8.3 (core properties) and part 1 section 22.2 (extended properties); OpenDocument 1.3
part 3 section 4.3 (``meta.xml``); EPUB 3.3 sections 4.2.6.3 (container) and 5.5 (package metadata).
"""

import posixpath
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from mfkit.scan.clean import clean_year
from mfkit.scan.kinds import Kind
from mfkit.scan.probes.archive import MAX_PART, Archive
from mfkit.scan.probes.contract import Facts, ProbeError, from_origin
from mfkit.scan.probes.markup import Element, elements
from mfkit.scan.source import Source, open_source

_RELATIONS, _CORE, _EXTENDED = "_rels/.rels", "docProps/core.xml", "docProps/app.xml"
_MAX_LIST = 50


def read(source: Source, kind: Kind) -> Facts:
    """Read what a document says of itself; one without any properties is still a sound document.

    Raises:
        ProbeError: The archive is damaged or lacks what makes it a document of its kind.
    """
    with open_source(source) as stream:
        archive = Archive(stream)
        mark, read_properties = _READERS[kind.format[:2]]
        if mark not in archive:
            raise ProbeError(f"this is no {kind.format} document: its archive has no {mark}")
        facts: Facts = {"mime_type": kind.mime_type}
        extra: dict[str, Any] = {}
        try:
            read_properties(archive, facts, extra)
        except ProbeError as error:
            # The text may be sound where its properties are not.
            extra["probe_notes"] = [f"office: {error}"]
    facts["extra"] = extra
    return from_origin("document", facts)


def _office(archive: Archive, facts: Facts, extra: dict[str, Any]) -> None:
    core = next((posixpath.normpath(element.attributes.get("Target", "").lstrip("/"))
                 for element in _elements(archive, _RELATIONS)
                 if element.attributes.get("Type", "").endswith("/metadata/core-properties")), _CORE)
    texts = _texts(_elements(archive, core))
    facts["title"], facts["taken_at"] = _first(texts, "title"), _moment(_first(texts, "created"))
    extra |= {"author": _first(texts, "creator"), "subject": _first(texts, "subject"),
              "description": _first(texts, "description"), "language": _first(texts, "language"),
              "keywords": _keywords(texts.get("keywords", []))}
    more = _texts(_elements(archive, _EXTENDED))
    extra |= {"pages": _count(_first(more, "Pages") or _first(more, "Slides")),
              "words": _count(_first(more, "Words")), "creator": _first(more, "Application")}


def _open_document(archive: Archive, facts: Facts, extra: dict[str, Any]) -> None:
    manifest = archive.read("META-INF/manifest.xml") or b""
    if b"encryption-data" in manifest:
        extra["encrypted"] = True
        return
    found = _elements(archive, "meta.xml")
    texts = _texts(found)
    facts["title"], facts["taken_at"] = _first(texts, "title"), _moment(_first(texts, "creation-date"))
    counts = next((element.attributes for element in found if element.name == "document-statistic"), {})
    extra |= {"author": _first(texts, "initial-creator") or _first(texts, "creator"),
              "subject": _first(texts, "subject"), "description": _first(texts, "description"),
              "language": _first(texts, "language"), "creator": _first(texts, "generator"),
              "keywords": _keywords(texts.get("keyword", [])), "pages": _count(counts.get("page-count")),
              "words": _count(counts.get("word-count")), "sheets": _count(counts.get("table-count"))}


def _book(archive: Archive, facts: Facts, extra: dict[str, Any]) -> None:
    package = next((element.attributes.get("full-path", "")
                    for element in _elements(archive, "META-INF/container.xml")
                    if element.name == "rootfile"), "")
    if package not in archive:
        raise ProbeError("the book's package, which its container names, is missing")
    found = _elements(archive, package)
    texts = _texts(found)
    dates = [element for element in found if element.name == "date" and element.text]
    # A date without an event is the publication's: of the work, not of this file.
    created = next((date.text for date in dates if date.attributes.get("event") == "creation"), None)
    published = next((date.text for date in dates
                      if date.attributes.get("event", "publication") == "publication"), None)
    facts["title"], facts["taken_at"] = _first(texts, "title"), _moment(created)
    facts["year"] = clean_year(published)
    extra |= {"author": ", ".join(texts.get("creator", [])[:10]) or None, "published": published,
              "publisher": _first(texts, "publisher"), "language": _first(texts, "language"),
              "description": _first(texts, "description"), "keywords": texts.get("subject", [])[:_MAX_LIST]}


_READERS: dict[str, tuple[str, Callable[[Archive, Facts, dict[str, Any]], None]]] = {
    "od": ("content.xml", _open_document), "ep": ("META-INF/container.xml", _book),
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
