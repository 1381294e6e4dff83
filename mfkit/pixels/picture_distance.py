"""Visual distance between two images, computed from miniatures, which are tiny versions of the images.

The luminance of two miniatures is compared by the correlation of their gradients, which does not depend on
brightness and contrast. Steep gradients are clipped, because otherwise a few pixels, such as the moon in a
dark picture, decide about all others. The colour is compared by the root mean square difference. If the
correlation is moderate, one picture may be a cropped version of the other. In this case, windows of one
miniature, which leave out up to 2.5 of its 32 rows or columns at each edge, are compared with the other
miniature.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mfkit.pixels.perceptual_hash import LUMINANCE_SIDE, MINIATURE_BYTES

SAME = 0.2
"""Maximum distance of two pictures that count as versions of the same picture.

benchmarks/similarity.py measures the distances of versions and of unrelated pictures.
"""
_COLOR_SCALE = 50.0
"""Chrominance difference (0 to 255) that gives the same distance as luminance without any correlation."""
_ALIGNED_BELOW, _ALIGNED_ABOVE = 0.9, 0.2
"""Limits of the correlation of two images between which their cropped windows are compared too."""
_STEEP = 3.0
"""Gradients are clipped at this multiple of a picture's mean absolute gradient.

Of 1,800 pairs of different night scenes with similar hashes, 262 are otherwise below :data:`SAME`, but now 5.
"""
_BATCH = 256
"""Number of pairs that are compared at a time, which limits the memory to about 40 MB."""

Planes = npt.NDArray[np.float32]
Miniatures = npt.NDArray[np.uint8]
Indexes = npt.NDArray[np.intp]

_OFFSETS = 6  # Number of crop offsets. They are multiples of half a pixel row: 0 to 2.5 rows.
_COARSE = np.array([(low, high) for low in (0, 2, 4) for high in (0, 2, 4)])
_FINE = np.array([(low, high) for low in (-1, 0, 1) for high in (-1, 0, 1)])


def _window(low: float, high: float) -> Planes:
    """Return the matrix that crops a pixel column at both ends and stretches the rest to the full length."""
    edges = np.linspace(low, LUMINANCE_SIDE - high, LUMINANCE_SIDE + 1)[:, None]
    pixels = np.arange(LUMINANCE_SIDE)
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    weights: npt.NDArray[np.float64] = np.maximum(overlap, 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)


_WINDOWS = np.stack([[_window(low / 2, high / 2) for high in range(_OFFSETS)] for low in range(_OFFSETS)])


def distances(first: Miniatures, second: Miniatures) -> npt.NDArray[np.float32]:
    """Return the visual distance of each pair of images.

    Args:
        first: One miniature per row (:class:`mfkit.pixels.perceptual_hash.Fingerprint`).
        second: Miniatures to compare with, in the same order.

    Returns:
        One distance per pair, from 0 (equal) to 2. Distances of unrelated pictures are mostly above 0.5, and
        distances of versions of the same picture below :data:`SAME`.
    """
    found = np.empty(len(first), np.float32)
    for start in range(0, len(first), _BATCH):
        end = start + _BATCH
        found[start:end] = _distances(first[start:end], second[start:end])
    return found


def _distances(first: Miniatures, second: Miniatures) -> npt.NDArray[np.float32]:
    ones, others = _luminance(first), _luminance(second)
    gradients = _gradients(ones), _gradients(others)
    correlation = (gradients[0] * gradients[1]).sum(axis=-1)
    colors = first[:, LUMINANCE_SIDE**2 :].astype(np.float32) - second[:, LUMINANCE_SIDE**2 :]
    color = np.sqrt((colors**2).mean(axis=1)) / _COLOR_SCALE
    moderate = np.flatnonzero(
        (correlation < _ALIGNED_BELOW) & (correlation > _ALIGNED_ABOVE) & (color <= 2 * SAME)
    )
    if len(moderate):
        forward = _best_window(ones[moderate], gradients[1][moderate])
        backward = _best_window(others[moderate], gradients[0][moderate])
        correlation[moderate] = np.maximum(correlation[moderate], np.maximum(forward, backward))
    result: npt.NDArray[np.float32] = np.maximum(1 - correlation, color)
    return result


def _luminance(miniatures: Miniatures) -> Planes:
    assert miniatures.shape[1] == MINIATURE_BYTES
    plane = miniatures[:, : LUMINANCE_SIDE**2].astype(np.float32)
    return plane.reshape(-1, LUMINANCE_SIDE, LUMINANCE_SIDE)


def _gradients(planes: Planes) -> Planes:
    """Return the horizontal and vertical pixel differences: mean 0, clipped, and normalized to length 1."""
    across = np.diff(planes, axis=-1)[..., :-1, :]
    down = np.diff(planes, axis=-2)[..., :-1]
    both = np.stack((across, down), axis=-3)
    both -= both.mean(axis=(-2, -1), keepdims=True)
    both = both.reshape(*planes.shape[:-2], -1)
    steep = _STEEP * np.abs(both).mean(axis=-1, keepdims=True)
    np.clip(both, -steep, steep, out=both)
    length = np.sqrt((both**2).sum(axis=-1, keepdims=True))
    both /= np.maximum(length, 1e-6)
    return both


def _best_window(planes: Planes, gradients: Planes) -> npt.NDArray[np.float32]:
    """Return for each pair of pictures the highest correlation of a cropped window of one with the other.

    The search tries windows of columns, then windows of rows, and repeats both in smaller steps.
    """
    count = len(planes)
    rows, columns = np.zeros((count, 2), int), np.zeros((count, 2), int)
    best = np.zeros(count, np.float32)
    for steps in (_COARSE, _FINE):
        for chosen, is_rows in ((columns, False), (rows, True)):
            base = chosen if steps is _FINE else np.zeros_like(chosen)
            tried = np.clip(base[:, None] + steps, 0, _OFFSETS - 1)
            windows = _WINDOWS[tried[..., 0], tried[..., 1]]
            other = _WINDOWS[columns[:, 0], columns[:, 1]] if is_rows else _WINDOWS[rows[:, 0], rows[:, 1]]
            if is_rows:
                sampled = windows @ (planes @ other.transpose(0, 2, 1))[:, None]
            else:
                sampled = (other @ planes)[:, None] @ windows.transpose(0, 1, 3, 2)
            correlation = (_gradients(sampled) * gradients[:, None]).sum(axis=-1)
            place = correlation.argmax(axis=1)
            chosen[:] = tried[np.arange(count), place]
            best = np.maximum(best, correlation.max(axis=1))
    return best
