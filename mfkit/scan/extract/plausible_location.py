"""Plausibility rules for locations: the valid ranges of coordinates, and the rejection of 0,0.

GPS receivers without a fix write zeros for both coordinates, and hardly any file comes from that point in the
Atlantic Ocean.
"""

MAX_LATITUDE, MAX_LONGITUDE = 90, 180


def is_unset_location(latitude: float | None, longitude: float | None) -> bool:
    """Return whether the coordinates in degrees are 0,0, which means that the location is unknown."""
    return latitude == longitude == 0
