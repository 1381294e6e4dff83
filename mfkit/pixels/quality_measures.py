"""Measures of a picture's technical quality: sharpness, exposure and entropy.

All measures use the luminance of a small draft of the picture, from 0 (black) to 255 (white) as in JPEG files
(ITU-T T.871, section 7). None of them says whether a picture is good: fog is not sharp, and fireworks are
dark.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from PIL import Image

SHADOW, HIGHLIGHT = 3, 252
"""Luminance up to which a pixel counts as a clipped shadow, and from which as a clipped highlight.

JPEG compression changes the luminance of black and of white pixels by a few steps."""


class QualityMeasures(NamedTuple):
    """Measures of one picture's technical quality.

    Attributes:
        sharpness: Variance of the Laplacian of the luminance (J. L. Pech-Pacheco et al., Diatom autofocusing
            in brightfield microscopy, ICPR 2000). It is higher for sharp pictures, for noise and for fine
            patterns. None if the picture is less than 3 pixels wide or high.
        clipped_shadows: Share of the pixels that are nearly black, 0 to 1.
        clipped_highlights: Share of the pixels that are nearly white, 0 to 1.
        mean_luminance: Mean luminance, 0 to 255.
        entropy: Shannon entropy of the luminance in bits, from 0 for one luminance to 8 for an even
            distribution over all 256.
    """

    sharpness: float | None
    clipped_shadows: float
    clipped_highlights: float
    mean_luminance: float
    entropy: float


def measure_quality(picture: Image.Image) -> QualityMeasures:
    """Measure the quality of a small upright picture."""
    luminance = np.asarray(picture.convert("L"))
    shares = np.bincount(luminance.ravel(), minlength=256) / luminance.size
    known = shares[shares > 0]
    return QualityMeasures(
        _sharpness(luminance),
        float(shares[: SHADOW + 1].sum()),
        float(shares[HIGHLIGHT:].sum()),
        float(shares @ np.arange(256)),
        max(0.0, float(-(known * np.log2(known)).sum())),
    )


def _sharpness(luminance: Any) -> float | None:
    if min(luminance.shape) < 3:
        return None
    plane = luminance.astype(np.float32)
    neighbours = plane[:-2, 1:-1] + plane[2:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:]
    return float((neighbours - 4 * plane[1:-1, 1:-1]).var(dtype=np.float64))
