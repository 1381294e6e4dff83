"""Parser for XMP packets (ISO 16684-1, section 7): the properties in RDF/XML, by namespace.

A property may be an attribute, an element, an array (Bag, Seq, Alt) or a structure. Namespaces are identified
by their URI, whatever the prefix is. Packets come from files that cannot be trusted and are often not
well-formed. Document types are rejected, no external resource is loaded, the numbers of members and levels
are limited, and properties before an error are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser
from xml.parsers import expat

from mfkit.scan.extract.text_decoding import decode

Value: TypeAlias = "str | list[Value] | dict[str, Value]"

_MAX_DEPTH, _MAX_MEMBERS, _MAX_TEXT, _MAX_NAME = 40, 200, 32_768, 200
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
    # Expression Media is the later name of iView MediaPro.
    "http://ns.microsoft.com/expressionmedia/1.0/": "mediapro",
    "http://ns.iview-multimedia.com/mediapro/1.0/": "mediapro",
    "http://ns.acdsee.com/iptc/1.0/": "acdsee",
    "http://ns.acdsee.com/regions/": "acdsee-rs",
    "http://www.dji.com/drone-dji/1.0/": "drone-dji",
}
"""Namespace URI → prefix that `parse` returns; properties of other namespaces are skipped."""
_USUAL_PREFIXES = {prefix: uri for uri, prefix in _PREFIXES.items() if prefix != "xml"} | {
    "xap": "http://ns.adobe.com/xap/1.0/"
}
_UNKNOWN_NAMESPACE = "unknown"
_LANGUAGE = f"{{{_XML}}}lang"
_ARRAYS = frozenset(f"{{{_RDF}}}{name}" for name in ("Bag", "Seq", "Alt"))
_ALTERNATIVES, _MEMBER, _DESCRIPTION = (f"{{{_RDF}}}{name}" for name in ("Alt", "li", "Description"))
_RDF_ATTRIBUTES = frozenset(
    ("rdf:about", "rdf:ID", "rdf:nodeID", "rdf:parseType", "rdf:datatype", "xml:lang")
)
_BARE_AMPERSAND = re.compile(r"&(?!(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);)")
_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_UNBOUND_PREFIX = expat.errors.codes[expat.errors.XML_ERROR_UNBOUND_PREFIX]
_USED_PREFIX = re.compile(r"[<\s/]([A-Za-z_][\w.-]{0,30}):[A-Za-z_]")
_DOCUMENT_TYPE, _DECLARATION = "<!DOCTYPE", re.compile(r"<\?xml\s[^<>]{0,200}\?>")


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
    # A document type declaration could define entities of any size, so the parser must not receive one.
    root = _tree(text[start:].partition(_DOCUMENT_TYPE)[0])
    found: dict[str, Value] = {}
    for description in _descriptions(root, 0) if root is not None else ():
        for name, value in _members(description, 0).items():
            found.setdefault(name, value)
    return found


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


def _tree(text: str) -> Element | None:
    """Return the root element of an XMP packet. Text that is not well-formed XML is repaired first."""
    root, error = _parsed(text)
    if error is not None and (_INVALID.search(text) or _BARE_AMPERSAND.search(text)):
        # Programs without an XML library often write control characters and a bare "&", so the text is
        # repaired and parsed again.
        text = _BARE_AMPERSAND.sub("&amp;", _INVALID.sub("", text))
        root, error = _parsed(text)
    if error is not None and error.code == _UNBOUND_PREFIX:
        root, _ = _parsed(_with_declarations(text))
    return root


def _parsed(text: str) -> tuple[Element | None, ParseError | None]:
    """Parse XML and return the root element. After an error, later elements are missing."""
    builder = TreeBuilder()
    # The text is already decoded, so "utf-8" overrides the encoding in the XML declaration.
    parser = XMLParser(target=builder, encoding="utf-8")
    failure = None
    try:
        parser.feed(text.encode("utf-8", "replace"))
        parser.close()
    except ParseError as error:
        failure = error
    root: Element | None = builder.close()
    return root, failure


def _with_declarations(text: str) -> str:
    """Return the packet's text inside an element that declares all namespace prefixes in the packet.

    A packet that was copied only in part may lack a namespace declaration, so usual prefixes are recognised.
    """
    prefixes = set(_USED_PREFIX.findall(text)) - {"xml", "xmlns"}
    declared = "".join(
        f' xmlns:{prefix}="{_USUAL_PREFIXES.get(prefix, _UNKNOWN_NAMESPACE)}"' for prefix in prefixes
    )
    # The XML declaration is removed, because it is allowed only at the start of a document.
    declaration = _DECLARATION.match(text)
    return f"<packet{declared}>{text[declaration.end() if declaration else 0 :]}</packet>"


def _descriptions(element: Element, depth: int) -> Iterator[Element]:
    """Yield the elements below ``rdf:RDF``, and ``rdf:Description`` elements outside of it."""
    name = _name(element.tag)
    if name == "rdf:Description":
        yield element
    elif depth < _MAX_DEPTH:
        for child in element:
            if name == "rdf:RDF":
                yield from (child,) if _name(child.tag) else ()
            elif name is None or _name(child.tag):
                yield from _descriptions(child, depth + 1)


def _name(tag: str) -> str | None:
    """Return the name of a property with its known prefix, or None if its namespace is unknown."""
    return _known_name(tag) if len(tag) <= _MAX_NAME else None


@lru_cache(2_048)  # Results are cached, because packets contain the same few properties.
def _known_name(tag: str) -> str | None:
    uri, brace, local = tag.rpartition("}")
    if not brace:
        return f"rdf:{local}" if local in ("about", "resource", "parseType") else None
    prefix = _PREFIXES.get(uri[1:])
    return f"{prefix}:{local}" if prefix else None


def _members(element: Element, depth: int) -> dict[str, Value]:
    """Return the properties of an RDF description, or the fields of a structure."""
    found = _attributes(element)
    for child in element:
        if (name := _name(child.tag)) and (value := _value(child, depth + 1)):
            found.setdefault(name, value)
    return found


def _attributes(element: Element) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, text in element.items():
        name = _name(key)
        if name is not None and name not in _RDF_ATTRIBUTES and (stripped := text.strip()):
            found[name] = stripped
    return found


def _value(element: Element, depth: int) -> Value:
    """Return the value of an XMP property element (ISO 16684-1, sections 7.4 to 7.9)."""
    if depth > _MAX_DEPTH:
        return ""
    if not len(element) and not element.keys():
        return (element.text or "")[:_MAX_TEXT].strip()
    if len(element):
        for child in element:
            if child.tag in _ARRAYS:
                return _array(child, child.tag == _ALTERNATIVES, depth)
        for child in element:
            if child.tag == _DESCRIPTION:
                described = _members(child, depth + 1) | _attributes(element)
                return described.get("rdf:value") or described
    fields = _members(element, depth)
    resource = fields.pop("rdf:resource", None)
    if fields:
        return fields.get("rdf:value") or fields
    text = "".join((element.text or "", *(child.tail or "" for child in element)))[:_MAX_TEXT].strip()
    return text or (resource if isinstance(resource, str) else "")


def _array(array: Element, is_alternative: bool, depth: int) -> list[Value]:
    members: list[Value] = []
    default = 0
    for item in array:
        if len(members) >= _MAX_MEMBERS:
            break
        if item.tag == _MEMBER and (value := _value(item, depth + 2)):
            if is_alternative and item.get(_LANGUAGE, "").lower() == "x-default":
                default = len(members)
            members.append(value)
    if is_alternative and default:
        members.insert(0, members.pop(default))
    return members
