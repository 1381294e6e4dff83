"""Parser for XMP packets (ISO 16684-1, section 7): the properties in RDF/XML, by namespace.

A property may be an attribute, an element, an array (Bag, Seq, Alt) or a structure. Namespaces are identified
by their URI, whatever the prefix is. Packets come from files that cannot be trusted and are often not
well-formed. Document types are rejected, no external resource is loaded, the numbers of elements and levels
are limited, and properties before an error are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.parsers import expat

from mfkit.scan.extract.text_decoding import decode

Value: TypeAlias = "str | list[Value] | dict[str, Value]"

_MAX_ELEMENTS, _MAX_DEPTH, _MAX_MEMBERS, _MAX_TEXT = 20_000, 40, 200, 32_768
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
_PREFIXES = {
    _RDF: "rdf",
    _XML: "xml",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/xmp/note/": "xmpNote",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://ns.adobe.com/xmp/1.0/DynamicMedia/": "xmpDM",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://ns.microsoft.com/photo/1.0/": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.2/": "MP",
    "http://ns.microsoft.com/photo/1.2/t/RegionInfo#": "MPRI",
    "http://ns.microsoft.com/photo/1.2/t/Region#": "MPReg",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
    "http://www.metadataworkinggroup.com/schemas/keywords/": "mwg-kw",
    "http://ns.adobe.com/xmp/sType/Area#": "stArea",
    "http://ns.iview-multimedia.com/mediapro/1.0/": "mediapro",
    "http://ns.acdsee.com/iptc/1.0/": "acdsee",
    "http://ns.acdsee.com/regions/": "acdsee-rs",
}
"""Namespace URI → prefix that `parse` returns; properties of other namespaces are skipped."""
_KNOWN_PREFIXES = {prefix: uri for uri, prefix in _PREFIXES.items()} | {"xap": "http://ns.adobe.com/xap/1.0/"}
_ARRAYS = ("rdf:Bag", "rdf:Seq", "rdf:Alt")
_RDF_ATTRIBUTES = frozenset(
    ("rdf:about", "rdf:ID", "rdf:nodeID", "rdf:parseType", "rdf:datatype", "xml:lang")
)
_BARE_AMPERSAND = re.compile(r"&(?!(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);)")
_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    children: list[_Element] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


class _Stop(Exception):
    """Exception that stops the XMP parser at a size limit or at a document type declaration."""


def parse(packet: bytes) -> dict[str, Value]:
    """Parse an XMP packet, and return its properties by name.

    Args:
        packet: The packet, or a whole ``.xmp`` file; it may be cut off.

    Returns:
        Name with a known prefix, such as ``"dc:title"`` → text, list of members, or structure. The first
        member of language alternatives is the text in the default language.
    """
    text = _decoded(packet)
    start = text.find("<")
    if start < 0:
        return {}
    text = text[start:]
    properties = _properties(text)
    if properties is None:
        # Programs without an XML library often write control characters and a bare "&", so the text is
        # repaired and parsed again.
        properties = _properties(_BARE_AMPERSAND.sub("&amp;", _INVALID.sub("", text)), is_last=True)
    return properties or {}


def _decoded(packet: bytes) -> str:
    """Decode an XMP packet to text (ISO 16684-1, section 7.3.2).

    UTF-16 and UTF-32 are recognised by the NULs around "<".
    """
    head = packet[:64]
    if b"<\x00\x00\x00" in head:
        return decode(packet, "utf-32-le")
    if b"\x00\x00\x00<" in head:
        return decode(packet[len(packet) % 4 :], "utf-32-be")
    if b"\x00<\x00" in head:
        return decode(packet[head.index(b"\x00<") % 2 :], "utf-16-be")
    if b"<\x00" in head:
        return decode(packet[head.index(b"<\x00") % 2 :], "utf-16-le")
    return decode(packet)


def _properties(text: str, *, is_last: bool = False) -> dict[str, Value] | None:
    """Parse the properties in an XMP packet's text.

    Return None if the text is not well-formed XML but can be repaired.
    """
    builder = _Builder()
    try:
        builder.feed(text)
    except expat.ExpatError:
        if not is_last and (_INVALID.search(text) or _BARE_AMPERSAND.search(text)):
            return None
    except _Stop:
        pass
    found: dict[str, Value] = {}
    for description in builder.descriptions:
        for name, value in _members(description).items():
            found.setdefault(name, value)
    return found


class _Builder:
    """Tree builder for the elements below ``rdf:RDF``, without elements of unknown namespaces."""

    def __init__(self) -> None:
        self.descriptions: list[_Element] = []
        self._stack: list[_Element | None] = []  # In this list, None represents an element that is skipped.
        self._namespaces: list[dict[str, str]] = [{"xml": _XML}]
        self._count = 0

    def feed(self, text: str) -> None:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        # The text is already decoded, so "utf-8" overrides the encoding in the XML declaration.
        parser.Parse(text.encode("utf-8", "replace"), True)

    def _refuse(self, *_: object) -> None:
        raise _Stop

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MAX_ELEMENTS or len(self._stack) >= _MAX_DEPTH:
            raise _Stop
        declared = {
            key[6:]: uri for key, uri in attributes.items() if key.startswith("xmlns:") or key == "xmlns"
        }
        self._namespaces.append(self._namespaces[-1] | declared if declared else self._namespaces[-1])
        parent = self._stack[-1] if self._stack else None
        name = self._name(tag)
        if name is None or (parent is None and self._is_skipping()):
            self._stack.append(None)
            return
        element = _Element(name, {})
        for key, value in attributes.items():
            known = None if key.startswith("xmlns") else self._name(key)
            if known is not None:
                element.attributes[known] = value
        if parent is not None and parent.name != "rdf:RDF":
            parent.children.append(element)
        elif parent is not None or name == "rdf:Description":
            self.descriptions.append(element)
        self._stack.append(element)

    def _is_skipping(self) -> bool:
        """Return whether the current XML element is inside an unknown property of a known element."""
        return any(element is not None for element in self._stack)

    def _name(self, qualified: str) -> str | None:
        prefix, colon, local = qualified.rpartition(":")
        if not colon:
            return f"rdf:{local}" if local in ("about", "resource", "parseType") else None
        # A packet that was copied only in part may lack a namespace declaration, so usual prefixes are
        # recognised.
        uri = self._namespaces[-1].get(prefix) or _KNOWN_PREFIXES.get(prefix, "")
        known = _PREFIXES.get(uri)
        return f"{known}:{local}" if known else None

    def _end(self, tag: str) -> None:
        self._stack.pop()
        self._namespaces.pop()

    def _text(self, data: str) -> None:
        element = self._stack[-1] if self._stack else None
        if element is not None and len(element.text) < _MAX_MEMBERS:
            element.text.append(data[:_MAX_TEXT])


def _members(element: _Element) -> dict[str, Value]:
    """Return the properties of an RDF description, or the fields of a structure."""
    found: dict[str, Value] = {}
    for name, text in element.attributes.items():
        if name not in _RDF_ATTRIBUTES and text.strip():
            found[name] = text.strip()
    for child in element.children:
        value = _value(child)
        if value:
            found.setdefault(child.name, value)
    return found


def _value(element: _Element) -> Value:
    """Return the value of an XMP property element (ISO 16684-1, sections 7.4 to 7.9)."""
    for child in element.children:
        if child.name in _ARRAYS:
            return _array(child)
    for child in element.children:
        if child.name == "rdf:Description":
            fields = _members(child) | _members(_Element("", element.attributes))
            return fields.get("rdf:value") or fields
    fields = _members(element)
    resource = fields.pop("rdf:resource", None)
    if fields:
        return fields.get("rdf:value") or fields
    text = "".join(element.text).strip()
    return text or (resource if isinstance(resource, str) else "")


def _array(array: _Element) -> list[Value]:
    members: list[Value] = []
    default = 0
    for item in array.children:
        if item.name != "rdf:li" or len(members) >= _MAX_MEMBERS:
            continue
        value = _value(item)
        if value:
            if item.attributes.get("xml:lang", "").lower() == "x-default":
                default = len(members)
            members.append(value)
    if array.name == "rdf:Alt" and default:
        members.insert(0, members.pop(default))
    return members
