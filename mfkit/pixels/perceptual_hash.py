"""Fingerprint of an image: two 64-bit perceptual hashes, and a tiny version of the image for comparisons.

The difference hash compares neighbouring pixels after the picture is reduced to 9 x 8 pixels. The DCT hash
compares the 64 lowest frequencies of the picture, reduced to 32 x 32 pixels, with their median. The
frequencies are those of the discrete cosine transform (DCT-II; N. Ahmed, T. Natarajan and K. R. Rao, Discrete
Cosine Transform, IEEE Transactions on Computers C-23 (1974), 90). Only a few bits of both hashes change if a
picture is recompressed, resized or made brighter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

HASH_SIDE = 256
"""Maximum width and height in pixels of a picture from which hashes are computed."""
LUMINANCE_SIDE, COLOR_SIDE = 32, 8
"""Side length in pixels of a miniature's luminance plane, and of each of its two colour planes."""
MINIATURE_BYTES = LUMINANCE_SIDE**2 + 2 * COLOR_SIDE**2
_FLAT_DEVIATION = 4.0
"""A picture is flat if the standard deviation of its luminance (0 to 255) is below this value."""
_FLAT_SHARE = 0.985
"""A picture is flat, like a blank page, if this share of its pixels has nearly the same luminance."""
_FLAT_TOLERANCE = 10.0

_BORDER_TOLERANCE = 10.0
"""Maximum difference between a pixel's colour values and the colour of a border it belongs to."""
_BORDER_OUTLIERS = 0.02
"""Maximum share of pixels with another colour in a row or column of a border."""
_SAME_BORDER = 4.0
"""Maximum difference between the colours of a border at opposite edges."""
_MAX_BORDER = 0.2
"""Maximum share of the width or height that is removed as a border on one side."""

Plane = npt.NDArray[np.float32]


def _cosines(size: int, frequencies: int) -> Plane:
    positions = (2 * np.arange(size) + 1) / (2 * size)
    return np.cos(np.pi * np.arange(frequencies)[:, None] * positions).astype(np.float32)


_FREQUENCIES = 12
_COSINES = _cosines(LUMINANCE_SIDE, _FREQUENCIES)
_ROWS, _COLUMNS = np.divmod(
    sorted(
        range(1, _FREQUENCIES**2),  # Frequency 0 is left out, because it is only the mean luminance.
        key=lambda place: (sum(part**2 for part in divmod(place, _FREQUENCIES)), place),
    )[:64],
    _FREQUENCIES,
)


class Fingerprint(NamedTuple):
    """Perceptual hashes of one image, and its miniature, which is a tiny version of the image.

    Attributes:
        difference_hash: Difference hash as a signed 64-bit integer.
        dct_hash: DCT hash as a signed 64-bit integer.
        miniature: 32 x 32 bytes of luminance, then 8 x 8 bytes each of blue and red chrominance (Cb, Cr).
        is_flat: True if nearly all pixels have the same luminance, so that the hashes are meaningless.
    """

    difference_hash: int
    dct_hash: int
    miniature: bytes
    is_flat: bool


def fingerprint(picture: Image.Image) -> Fingerprint:
    """Compute the fingerprint of an image that is already upright.

    Args:
        picture: RGB picture, at most :data:`HASH_SIDE` pixels wide and high.
    """
    # Luminance and chrominance are defined as in JPEG files (ITU-T T.871, section 7).
    luminance, blue, red = picture.convert("YCbCr").split()
    small = luminance.resize((LUMINANCE_SIDE, LUMINANCE_SIDE), Image.Resampling.BOX)
    plane = np.asarray(small, np.float32)
    ninths = np.asarray(luminance.resize((9, 8), Image.Resampling.BOX), np.int16)
    spectrum = (_COSINES @ plane @ _COSINES.T)[_ROWS, _COLUMNS]
    colors = (one.resize((COLOR_SIDE, COLOR_SIDE), Image.Resampling.BOX) for one in (blue, red))
    return Fingerprint(
        _to_number(ninths[:, 1:] > ninths[:, :-1]),
        _to_number(spectrum > np.median(spectrum)),
        small.tobytes() + b"".join(one.tobytes() for one in colors),
        _is_flat(plane),
    )


def _to_number(bits: npt.NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), signed=True)


def _is_flat(plane: Plane) -> bool:
    near = np.abs(plane - np.median(plane)) <= _FLAT_TOLERANCE
    return bool(plane.std() < _FLAT_DEVIATION or near.mean() >= _FLAT_SHARE)


def without_border(picture: Image.Image) -> Image.Image | None:
    """Crop the single-colour border of an image, or return None if the image has no such border.

    A border has the same colour and width at two opposite edges, or at all four. An even sky at one edge is
    not a border: it would be removed from some versions of a picture and not from others.

    Args:
        picture: RGB picture, at most :data:`HASH_SIDE` pixels wide and high.
    """
    pixels = np.asarray(picture, np.int16)
    height, width = pixels.shape[:2]
    down, across = _opposite_borders(pixels), _opposite_borders(pixels.transpose(1, 0, 2))
    if not (down or across):
        return None
    return picture.crop((across, down, width - across, height - down))


def _opposite_borders(rows: npt.NDArray[np.int16]) -> int:
    """Return the width in pixels of the narrower of the borders at two opposite edges of an image."""
    difference = np.abs(rows[0].mean(axis=0) - rows[-1].mean(axis=0))
    if difference.max() > _SAME_BORDER:
        return 0
    return min(_border(rows), _border(rows[::-1]))


def _border(rows: npt.NDArray[np.int16]) -> int:
    """Return the number of pixel rows at the start of an image that form a single-colour border."""
    color = rows[0].mean(axis=0)
    if (np.abs(rows[0] - color) > _BORDER_TOLERANCE).any(axis=1).mean() > _BORDER_OUTLIERS:
        return 0
    limit = max(1, int(len(rows) * _MAX_BORDER))
    outliers = (np.abs(rows[:limit] - color) > _BORDER_TOLERANCE).any(axis=2).mean(axis=1)
    is_border = outliers <= _BORDER_OUTLIERS
    count = int(limit if is_border.all() else is_border.argmin())
    return count + 1 if 0 < count < limit else count
