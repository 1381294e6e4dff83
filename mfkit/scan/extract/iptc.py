"""Keywords in IPTC-IIM 4.2 records (data set 2:25), alone or in Photoshop image resources."""

_KEYWORDS = b"\x1c\x02\x19"
_MAX = 200


def photoshop_keywords(resources: bytes) -> list[str]:
    """Return the keywords in Photoshop image resources (Adobe Photoshop file format, resource 0x0404)."""
    at = 0
    while resources[at : at + 4] == b"8BIM" and at + 12 <= len(resources):
        name = resources[at + 6]
        start = at + 6 + name + 1 + (name + 1) % 2
        size = int.from_bytes(resources[start : start + 4], "big")
        if resources[at + 4 : at + 6] == b"\x04\x04":
            return keywords(resources[start + 4 : start + 4 + size])
        at = start + 4 + size + size % 2
    return []


def keywords(record: bytes) -> list[str]:
    """Return the keywords of an IIM record, decoded as UTF-8 if valid, else as Latin-1."""
    found: list[str] = []
    at = record.find(b"\x1c")
    while 0 <= at and at + 5 <= len(record) and record[at] == 0x1C and len(found) < _MAX:
        size = int.from_bytes(record[at + 3 : at + 5], "big")
        if size & 0x8000:  # extended data sets contain images, not keywords
            break
        if record[at : at + 3] == _KEYWORDS:
            data = record[at + 5 : at + 5 + size]
            try:
                found.append(data.decode("utf-8"))
            except UnicodeDecodeError:
                found.append(data.decode("latin-1"))
        at += 5 + size
    return found
