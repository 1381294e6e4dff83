"""Correlation of the gradients of two luminance planes, of which one may be a cropped version of the other.

Gradients do not depend on brightness, and their correlation does not depend on contrast. Steep gradients are
clipped, because otherwise a few pixels, such as the moon in a dark picture, decide about all others.

A cropped window leaves out up to 2.5 of the 32 rows or columns at each edge. All windows are first compared
by cutting them out of the gradients instead of the luminance, because one matrix product then serves all
windows of columns: the sum of the products of ``P @ C.T`` and ``Q`` is that of ``C`` and ``Q.T @ P``, where
``P`` and ``Q`` are the gradients of two planes and ``C`` is the matrix of a window. Only the best window is
then cut out of the luminance. Cutting between pixels blurs the window, so the other plane is blurred equally
before both are compared. Otherwise, lines as thin as a pixel would differ.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mfkit.pixels.perceptual_hash import LUMINANCE_SIDE

_STEEP = 3.0
"""Gradients are clipped at this multiple of a picture's mean absolute gradient.

Of 1,800 pairs of different night scenes with similar hashes, 262 are otherwise versions of each other by
their distance, but now 5.
"""
_ESTIMATE_ERROR = 0.2
"""Pairs whose estimated correlation is lower than required by more than this are not searched for windows.

The estimate is up to 0.03 too low for similar pictures in benchmarks/grouping.py, and 0.15 for a graphic.
"""
_SIDE = LUMINANCE_SIDE - 1
_OFFSETS = 6  # Number of crop offsets. They are multiples of half a pixel row: 0 to 2.5 rows.
_EDGES = [(low / 2, high / 2) for low in range(_OFFSETS) for high in range(_OFFSETS)]
_COUNT = len(_EDGES)

Planes = npt.NDArray[np.float32]
Indexes = npt.NDArray[np.intp]


def _luminance_window(low: float, high: float) -> npt.NDArray[np.float64]:
    """Return the matrix that crops a pixel column at both ends and stretches the rest to the full length."""
    edges = np.linspace(low, LUMINANCE_SIDE - high, LUMINANCE_SIDE + 1)[:, None]
    pixels = np.arange(LUMINANCE_SIDE)
    overlap = np.maximum(np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels), 0)
    weights: npt.NDArray[np.float64] = overlap / overlap.sum(axis=1, keepdims=True)
    return weights


def _gradient_window(low: float, high: float) -> npt.NDArray[np.float64]:
    """Return the matrix that crops and stretches gradients as :func:`_luminance_window` does luminance.

    It interpolates. Horizontal and vertical gradients are half a pixel apart, so positions halfway between
    them are used for both.
    """
    pixels = np.arange(_SIDE)
    positions = low + (pixels + 0.75) * (1 - (low + high) / LUMINANCE_SIDE) - 0.75
    distance = np.abs(np.clip(positions, 0, _SIDE - 1)[:, None] - pixels)
    weights: npt.NDArray[np.float64] = np.maximum(1 - distance, 0)
    return weights


def _blur() -> npt.NDArray[np.float64]:
    """Return the matrix that blurs pixels as much as cropping by a fraction of a pixel does on average.

    Cropping by a fraction f of a pixel weights two neighbours by 1 - f and f, a variance of f (1 - f). The
    mean of this variance is 1/6, which is the variance of the weights 1/12, 10/12 and 1/12.
    """
    weight = 1 / 12
    matrix = np.eye(LUMINANCE_SIDE) * (1 - 2 * weight)
    matrix += weight * (np.eye(LUMINANCE_SIDE, k=1) + np.eye(LUMINANCE_SIDE, k=-1))
    # The pixels beyond the edges are equal to those at the edges.
    matrix[0, 0] = matrix[-1, -1] = 1 - weight
    return matrix


_BLUR = _blur().astype(np.float32)
_LUMINANCE = np.stack([_luminance_window(*edges) for edges in _EDGES]).astype(np.float32)
_GRADIENT = np.stack([_gradient_window(*edges) for edges in _EDGES]).astype(np.float32)
_CUT_FIRST, _CUT_SECOND, _SQUARES = (
    np.ascontiguousarray(each.reshape(_COUNT, _SIDE**2).T)
    for each in (_GRADIENT.transpose(0, 2, 1), _GRADIENT, _GRADIENT.transpose(0, 2, 1) @ _GRADIENT)
)
"""Each window as a column of a matrix, for the products of gradients and for their squares."""
_BLOCK = 7
"""Number of pairs in one matrix product. OpenBLAS computes larger products in threads of its own.

Those threads wait in a busy loop and take the time of the threads that compare pairs.
"""


def gradients(planes: Planes) -> Planes:
    """Return the horizontal and vertical pixel differences: mean 0, clipped, and normalized to length 1.

    Args:
        planes: Luminance planes of 32 x 32 pixels.

    Returns:
        One row per plane: for each of 31 rows of pixels 31 horizontal and then 31 vertical differences.
    """
    both = np.empty((len(planes), _SIDE, 2, _SIDE), np.float32)
    corner = planes[:, :-1, :-1]
    np.subtract(planes[:, :-1, 1:], corner, out=both[:, :, 0])
    np.subtract(planes[:, 1:, :-1], corner, out=both[:, :, 1])
    # The differences along a row add up to the difference between its ends.
    means = np.stack(
        (
            (planes[:, :-1, -1] - planes[:, :-1, 0]).sum(axis=1),
            (planes[:, -1, :-1] - planes[:, 0, :-1]).sum(axis=1),
        ),
        axis=1,
    )
    both -= means[:, None, :, None] / _SIDE**2
    flat = both.reshape(-1, 2 * _SIDE**2)
    steep = _STEEP * np.abs(flat).mean(axis=1, keepdims=True)
    np.maximum(np.minimum(flat, steep, out=flat), -steep, out=flat)
    flat /= np.maximum(np.sqrt(_products(flat, flat)), 1e-6)[:, None]
    return flat


def _products(first: Planes, second: Planes) -> Planes:
    """Return the scalar product of each row of one array and the same row of the other."""
    result: Planes = np.einsum("ij,ij->i", first, second)
    return result


def correlations(slopes: Planes, first: Indexes, second: Indexes) -> Planes:
    """Return the correlation of each pair of gradients, given by their indexes."""
    return _products(slopes[first], slopes[second])


def cropped_correlations(
    planes: Planes, slopes: Planes, first: Indexes, second: Indexes, required: Planes
) -> Planes:
    """Return for each pair the correlation of one plane with the best window of the other one.

    Args:
        planes: Luminance planes of 32 x 32 pixels.
        slopes: The planes' gradients.
        first: Index of one plane of each pair, which must have a positive correlation.
        second: Index of the other plane.
        required: Correlation of each pair below which results do not matter: they can be too low.
    """
    found = np.zeros(len(first), np.float32)
    used, places = np.unique(np.stack((first, second)), return_inverse=True)
    planes, slopes, first, second = planes[used], slopes[used], places[0], places[1]
    ones, others = slopes[first], slopes[second]
    columns = _by_columns(ones).transpose(0, 2, 1) @ _by_columns(others)
    rows = _by_rows(ones) @ _by_rows(others).transpose(0, 2, 1)
    row_lengths, column_lengths = _lengths(slopes)
    for cropped, whole, windows in ((first, second, _CUT_FIRST), (second, first, _CUT_SECOND)):
        of_columns = _sums(columns, windows) / column_lengths[cropped]
        of_rows = _sums(rows, windows) / row_lengths[cropped]
        column = of_columns.argmax(axis=1)
        estimate = of_columns.max(axis=1) * of_rows.max(axis=1) / of_columns[:, 0]
        rest = np.flatnonzero(estimate >= required - _ESTIMATE_ERROR)
        if len(rest):
            row, column = _best_window(slopes[cropped[rest]], slopes[whole[rest]], column[rest])
            window = _LUMINANCE[row] @ planes[cropped[rest]] @ _LUMINANCE[column].transpose(0, 2, 1)
            cut = gradients(np.asarray(window, np.float32))
            blurred = gradients(np.asarray(_BLUR @ planes[whole[rest]] @ _BLUR, np.float32))
            found[rest] = np.maximum(found[rest], _products(cut, blurred))
    return found


def _best_window(slopes: Planes, others: Planes, column: Indexes) -> tuple[Indexes, Indexes]:
    """Return the best windows of rows and of columns, found in turn from the given windows of columns."""
    cut = _by_columns(slopes) @ _GRADIENT[column].transpose(0, 2, 1)
    rows = _by_rows(cut) @ _by_rows(others).transpose(0, 2, 1)
    row = (_sums(rows, _CUT_FIRST) / _lengths(cut)[0]).argmax(axis=1)
    cut = _GRADIENT[row] @ _by_rows(slopes)
    columns = _by_columns(cut).transpose(0, 2, 1) @ _by_columns(others)
    column = (_sums(columns, _CUT_FIRST) / _lengths(cut)[1]).argmax(axis=1)
    return row, column


def _sums(products: Planes, windows: Planes) -> Planes:
    """Return the sum of each matrix of products in each window."""
    flat = products.reshape(-1, _SIDE**2)
    even = len(flat) // _BLOCK * _BLOCK
    blocks = flat[:even].reshape(-1, _BLOCK, _SIDE**2) @ windows
    return np.concatenate((blocks.reshape(-1, _COUNT), flat[even:] @ windows))


def _lengths(slopes: Planes) -> tuple[Planes, Planes]:
    """Return the lengths of gradients in each window of rows, and in each window of columns."""
    rows, columns = _by_rows(slopes), _by_columns(slopes)
    squares = rows @ rows.transpose(0, 2, 1), columns.transpose(0, 2, 1) @ columns
    by_row, by_column = (_sums(each, _SQUARES) for each in squares)
    return np.sqrt(np.maximum(by_row, 1e-9)), np.sqrt(np.maximum(by_column, 1e-9))


def _by_rows(slopes: Planes) -> Planes:
    return slopes.reshape(-1, _SIDE, 2 * _SIDE)


def _by_columns(slopes: Planes) -> Planes:
    return slopes.reshape(-1, 2 * _SIDE, _SIDE)
