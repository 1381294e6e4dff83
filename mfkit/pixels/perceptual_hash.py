"""Fingerprint of a picture: two 64-bit perceptual hashes and a miniature for the exact comparison.

The difference hash compares neighbouring pixels of a 9 x 8 reduction. The DCT hash compares the 64 lowest
frequencies of a 32 x 32 reduction with their median; frequencies are those of the discrete cosine transform
(DCT-II) of N. Ahmed, T. Natarajan and K. R. Rao, Discrete Cosine Transform, IEEE Transactions on Computers
C-23 (1974), 90. Both change in few bits when a picture is recompressed, resized or made brighter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

HASH_SIDE = 256
"""Maximum width and height in pixels of the draft that is hashed."""
LUMINANCE_SIDE, COLOR_SIDE = 32, 8
"""Width and height of a miniature's luminance, and of each of its two colour planes."""
MINIATURE_BYTES = LUMINANCE_SIDE**2 + 2 * COLOR_SIDE**2
_FLAT_DEVIATION = 4.0
"""Standard deviation of the luminance (0 to 255) below which a picture is flat."""
_FLAT_SHARE = 0.985
"""Share of a miniature's pixels of nearly one luminance above which a picture is flat, as a blank page is."""
_FLAT_TOLERANCE = 10.0

_BORDER_TOLERANCE = 10.0
"""Maximum deviation of luminance in a row or column that belongs to a border of one colour."""
_BORDER_OUTLIERS = 0.02
"""Share of the pixels of such a row or column that may have another colour."""
_MAX_BORDER = 0.2
"""Largest share of the width or height that is removed as a border on one side."""

Plane = npt.NDArray[np.float32]


def _cosines(size: int, frequencies: int) -> Plane:
    positions = (2 * np.arange(size) + 1) / (2 * size)
    return np.cos(np.pi * np.arange(frequencies)[:, None] * positions).astype(np.float32)


_FREQUENCIES = 12
_COSINES = _cosines(LUMINANCE_SIDE, _FREQUENCIES)
_ROWS, _COLUMNS = np.divmod(
    sorted(
        range(1, _FREQUENCIES**2),  # 0 is the mean luminance
        key=lambda place: (sum(part**2 for part in divmod(place, _FREQUENCIES)), place),
    )[:64],
    _FREQUENCIES,
)


class Fingerprint(NamedTuple):
    """Fingerprint of one picture.

    Attributes:
        difference_hash: Difference hash as a signed 64-bit number.
        dct_hash: DCT hash as a signed 64-bit number.
        miniature: 32 x 32 bytes of luminance, then 8 x 8 bytes each of blue and red chrominance (Cb, Cr).
        is_flat: Whether the picture has nearly one luminance, so that its hashes mean nothing.
    """

    difference_hash: int
    dct_hash: int
    miniature: bytes
    is_flat: bool


def fingerprint(picture: Image.Image) -> Fingerprint:
    """Return the fingerprint of an upright picture.

    Args:
        picture: RGB picture, at most :data:`HASH_SIDE` pixels wide and high.
    """
    # ITU-T T.871, section 7: luminance and chrominance of JPEG files.
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
    """Return a picture without its border of one colour; None if it has no border.

    Args:
        picture: RGB picture, at most :data:`HASH_SIDE` pixels wide and high.
    """
    pixels = np.asarray(picture, np.int16)
    height, width = pixels.shape[:2]
    top = _border(pixels)
    bottom = _border(pixels[::-1])
    columns = pixels.transpose(1, 0, 2)
    left, right = _border(columns), _border(columns[::-1])
    if not (top or bottom or left or right):
        return None
    return picture.crop((left, top, width - right, height - bottom))


def _border(rows: npt.NDArray[np.int16]) -> int:
    """Return the number of rows at the start that have one colour, and the same one."""
    color = rows[0].mean(axis=0)
    if (np.abs(rows[0] - color) > _BORDER_TOLERANCE).any(axis=1).mean() > _BORDER_OUTLIERS:
        return 0
    limit = max(1, int(len(rows) * _MAX_BORDER))
    outliers = (np.abs(rows[:limit] - color) > _BORDER_TOLERANCE).any(axis=2).mean(axis=1)
    is_border = outliers <= _BORDER_OUTLIERS
    count = int(limit if is_border.all() else is_border.argmin())
    return count + 1 if 0 < count < limit else count
