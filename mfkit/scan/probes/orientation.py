"""A picture's size as it is shown: EXIF orientations 5 to 8 lie on their side (Exif 2.32 section 4.6.4.1)."""

from mfkit.scan.probes.contract import Facts


def displayed(facts: Facts) -> Facts:
    """Swap width and height where the orientation in `extra` turns the picture by a quarter."""
    extra = facts.get("extra", {})
    if extra.get("orientation") not in (5, 6, 7, 8):
        return facts
    turned = facts.copy()
    turned["width"], turned["height"] = facts.get("height"), facts.get("width")
    return turned
