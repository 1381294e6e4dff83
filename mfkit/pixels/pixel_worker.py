"""Worker process that decodes image and video files and analyses their pixels.

Each request is one line of JSON with a file and the steps to perform, and each reply is one line of JSON with
the results. Pixels of miniatures are Base64-encoded. :mod:`mfkit.scan.workers.worker_main` explains why files
are read in separate processes.
"""

from __future__ import annotations

import base64
import json
import math
import os
import warnings
from collections.abc import Callable
from typing import Any

from mfkit.errors import ThumbnailError
from mfkit.lazy_layers import load_distributed
from mfkit.scan.media_source import Remote, Source, open_regular
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.scan.walk import modification_time
from mfkit.scan.workers.worker_main import answer_requests

MODULE = "mfkit.pixels.pixel_worker"
CHANGED = "The file is missing or changed since the last scan. Scan again."
"""Error message for a file that has changed since the last scan. The message is not stored."""


class FileChangedError(Exception):
    """Exception that is raised if a file is missing or has changed since the last scan."""


def open_unchanged(path: str, size: int, modified_us: int | None) -> Source:
    """Check that a file has not changed since the last scan, and return its path or storage object.

    Args:
        path: Stored path.
        size: Size in bytes at the last scan.
        modified_us: Modification time at the last scan, in microseconds since 1970; None if it is unknown.

    Raises:
        FileChangedError: The file is missing, or its size or modification time has changed.
    """
    where = to_disk_path(path)
    try:
        if is_url(where):
            source: Remote = load_distributed("s3_object").StoredObject(where)
            if source.size != size:
                raise FileChangedError
            return source
        descriptor = open_regular(where, follow=False)
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise FileChangedError from error
    if status.st_size != size or modified_us not in (None, _microseconds(status)):
        raise FileChangedError
    return where


def _microseconds(status: os.stat_result) -> int:
    from datetime import UTC, datetime, timedelta

    return (modification_time(status) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _answer(line: bytes, heartbeat: Callable[[], None]) -> bytes:
    path, size, modified_us, steps = json.loads(line)
    reply: dict[str, Any] = {"done": 1}
    try:
        reply |= _look(open_unchanged(path, size, modified_us), steps, heartbeat)
    except FileChangedError:
        reply["changed"] = True
    except ThumbnailError as error:
        reply["error"] = str(error)
    except MemoryError:
        reply["error"] = "Decoding the file needs more memory than a worker may use."
    except Exception as error:  # All are caught: a malicious file can make a decoder raise any exception.
        reason = getattr(error, "strerror", None) or error
        reply["error"] = f"The file cannot be decoded: {reason}"
    return json.dumps(reply).encode("ascii", "backslashreplace") + b"\n"


def _look(source: Source, steps: list[str], heartbeat: Callable[[], None]) -> dict[str, Any]:
    from mfkit.pixels.perceptual_hash import Fingerprint
    from mfkit.pixels.picture_draft import pictures
    from mfkit.pixels.quality_measures import measure_quality

    found: dict[str, Any] = {}
    parts: list[tuple[int, Fingerprint]] = []
    for part, picture in pictures(source, heartbeat):
        if "similarity" in steps:
            parts += _fingerprints(part, picture)
        if "quality" in steps and part == 0:
            found["quality"] = measure_quality(picture)
    if "similarity" in steps:
        found["pictures"] = [
            (part, one.difference_hash, one.dct_hash, one.is_flat, base64.b64encode(one.miniature).decode())
            for part, one in parts
        ]
    return found


def _fingerprints(part: int, picture: Any) -> list[Any]:
    from PIL import Image

    from mfkit.pixels.perceptual_hash import HASH_SIDE, fingerprint, without_border

    small = picture.copy()
    small.thumbnail((HASH_SIDE, HASH_SIDE), Image.Resampling.BOX)
    found = [(part, fingerprint(small))]
    if part == 0 and (inner := without_border(small)) is not None:
        found.append((1, fingerprint(inner)))
    return found


def decode_reply(line: bytes) -> dict[str, Any] | None:
    """Parse a line from the worker process, or return None if the line is only a heartbeat.

    Raises:
        ValueError: The line is not a valid reply. A TypeError or LookupError means the same.
    """
    reply = json.loads(line)
    if not isinstance(reply, dict):
        raise ValueError("the reply of the worker process is not a JSON object")
    if not reply.get("done"):
        return None
    pictures = [
        (int(part), int(difference), int(dct), bool(flat), base64.b64decode(pixels))
        for part, difference, dct, flat, pixels in reply.get("pictures", ())
    ]
    decoded = {**reply, "pictures": pictures}
    if "quality" in reply:
        decoded["quality"] = _finite_measures(reply["quality"])
    return decoded


def _finite_measures(values: Any) -> tuple[float | None, ...]:
    sharpness, *others = values
    measures = (None if sharpness is None else float(sharpness), *map(float, others))
    if len(measures) != 5 or not all(one is None or math.isfinite(one) for one in measures):
        raise ValueError("the reply of the worker process has invalid quality measures")
    return measures


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    answer_requests(_answer)
