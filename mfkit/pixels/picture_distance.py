"""Visual distance between two images, computed from miniatures, which are tiny versions of the images.

The luminance of two miniatures is compared by the correlation of their gradients, and the colour by the root
mean square difference. Both differences are combined as the sides of a right triangle: the distance is the
square root of the sum of their squares. A cropped version has other gradients, but hardly other colours,
whereas two different pictures of the same form often differ moderately in both.

If the correlation is moderate, one picture may be a cropped version of the other. In this case, windows of
one miniature are also compared with the other one (:mod:`mfkit.pixels.gradient_correlation`).

A version with the same frame has nearly the same gradients, and a cropped version has nearly the same
gradients in a window. Pictures of the same form, such as two screens of one program, differ more than
versions with the same frame, and differ in their windows, too. Therefore the less two whole pictures differ,
the less their best windows may differ.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mfkit.pixels.batch_threads import map_in_threads
from mfkit.pixels.gradient_correlation import correlations, cropped_correlations, gradients
from mfkit.pixels.perceptual_hash import LUMINANCE_SIDE, MINIATURE_BYTES

SAME = 0.2
"""Maximum distance of two pictures that count as versions of the same picture.

benchmarks/similarity.py measures the distances of versions and of unrelated pictures.
"""
_COLOR_SCALE = 36.0
"""Chrominance difference (0 to 255) that gives the same distance as luminance without any correlation.

Of 10,750 versions of the pictures in benchmarks/similarity.py, those without a coloured border differ by at
most 5.3, which is a distance of 0.15. Two portraits before the same background differ by 9.3.
"""
_SAME_FRAME, _MOVED, _CROPPED = 0.1, 0.3, 0.18
"""Distance of the gradients of two images that counts as :data:`SAME`: the first value plus the second times
the distance of the gradients of the whole images, at most the third value.

Of 437 pictures at 25 % of the size, and as JPEG with quality 30, none is farther from its original than 0.08.
"""
_CROPPED_BELOW, _CROPPED_ABOVE = 0.95, 0.2
"""Limits of the correlation of two images between which their cropped windows are compared too."""
_BATCH = 256
"""Number of pairs that a thread compares at a time, which limits its memory to about 40 MB."""

Distances = npt.NDArray[np.float32]
Miniatures = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


def distances(
    miniatures: Miniatures, first: Numbers, second: Numbers, limit: float = SAME, *, is_video: bool = False
) -> Distances:
    """Return the visual distance of each pair of images.

    Args:
        miniatures: One miniature per row (:class:`mfkit.pixels.perceptual_hash.Fingerprint`).
        first: Row of one image of each pair. Pairs of the same images are compared fastest in sequence.
        second: Row of the other image.
        limit: Distance above which only a bound is computed: such a pair has any distance above this limit.
        is_video: Whether the miniatures are frames of videos. In videos of different frame rates, frames at
            the same time differ a little, so frames of the same form are not told apart, and the distance is
            the larger one of the two differences.

    Returns:
        One distance per pair, from 0 (equal) to 2. Distances of unrelated pictures are mostly above 0.5, and
        distances of versions of the same picture below :data:`SAME`.
    """
    assert miniatures.shape[1] == MINIATURE_BYTES
    found = np.empty(len(first), np.float32)

    def compare(start: int) -> None:
        batch = slice(start, start + _BATCH)
        rows, places = np.unique(np.stack((first[batch], second[batch])), return_inverse=True)
        found[batch] = _distances(miniatures[rows], places[0], places[1], limit, is_video)

    for _ in map_in_threads(compare, range(0, len(first), _BATCH)):
        pass
    return found


def _distances(
    miniatures: Miniatures,
    first: npt.NDArray[np.intp],
    second: npt.NDArray[np.intp],
    limit: float,
    is_video: bool,
) -> Distances:
    colors = miniatures[:, LUMINANCE_SIDE**2 :].astype(np.float32)
    result: Distances = np.sqrt(((colors[first] - colors[second]) ** 2).mean(axis=1)) / _COLOR_SCALE
    rest = np.flatnonzero(result <= limit)
    rows, places = np.unique(np.stack((first[rest], second[rest])), return_inverse=True)
    first, second = places
    planes = miniatures[rows, : LUMINANCE_SIDE**2].astype(np.float32)
    planes = planes.reshape(-1, LUMINANCE_SIDE, LUMINANCE_SIDE)
    slopes = gradients(planes)
    correlation = correlations(slopes, first, second)
    scale = np.ones(len(rest), np.float32)
    if not is_video:
        scale = SAME / np.minimum(_CROPPED, _SAME_FRAME + _MOVED * (1 - correlation))
    moderate = np.flatnonzero(
        (correlation < _CROPPED_BELOW) & (correlation > _CROPPED_ABOVE) & (result[rest] <= 2 * SAME)
    )
    required = 1 - limit / scale[moderate]
    cropped = cropped_correlations(planes, slopes, first[moderate], second[moderate], required)
    correlation[moderate] = np.maximum(correlation[moderate], cropped)
    combined = np.maximum if is_video else np.hypot
    result[rest] = combined(result[rest], scale * (1 - correlation))
    return result
