"""The elements of a small XML part within bounds: no entities, no tree, no deep nesting.

Expat is driven by events, so that nothing is kept but the elements asked about. A document type
declaration is passed over (old EPUB packages have one) and nothing outside is fetched; a declaration of
entities, which properties never need and which bombs are made of, is refused.
"""

from typing import NamedTuple
from xml.parsers import expat

from mfkit.scan.probes.contract import ProbeError

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
            raise ProbeError("the document's properties are nested too deeply")
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
        raise ProbeError("the document's properties declare entities, which none has a use for")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = characters, refuse
    try:
        parser.Parse(part, not is_cut)
    except _Enough:
        pass
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise ProbeError(f"the document's properties are no XML: {error}") from error
    return found


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
