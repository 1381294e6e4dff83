"""Rules for locations: coordinates beyond the globe are rejected, and so is the location 0,0.

A GPS receiver without a fix writes zeros for both coordinates, and nearly no file is from that point in the
Atlantic Ocean.
"""

MAX_LATITUDE, MAX_LONGITUDE = 90, 180


def is_unset_location(latitude: float | None, longitude: float | None) -> bool:
    """Return whether the coordinates, in degrees, are 0,0."""
    return latitude == longitude == 0
