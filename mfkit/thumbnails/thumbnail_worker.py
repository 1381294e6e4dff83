"""The isolated process that draws one file, ``mfkit.thumbnails.thumbnail_worker``.

It reads a line of JSON (the path in stored form, the longest side) and writes one byte and the rest: ``+``
and a JPEG, or ``-`` and a sentence that says why there is none. A file that crashes, hangs or bloats what
decodes it takes this process with it and nothing else.
"""

from __future__ import annotations

import json
import os
import sys
import warnings

from mfkit.errors import ThumbnailError
from mfkit.processes.parent_watch import requests
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.scan.workers.resource_limits import arm_watchdog, limit_memory


def main() -> None:
    """Answer one request."""
    memory_limit, time_limit = (float(argument) for argument in sys.argv[1:3])
    limit_memory(int(memory_limit))
    arm_watchdog(time_limit)
    answer = os.fdopen(os.dup(1), "wb")
    # Nothing a library prints may get into the picture.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    path, side = json.loads(next(requests()))
    warnings.simplefilter("ignore")
    with answer:
        answer.write(_answer(to_disk_path(path), side))


def _answer(path: str, side: int) -> bytes:
    try:
        from mfkit.thumbnails.draw import draw

        if is_url(path):
            from mfkit.distributed.s3_object import StoredObject

            return b"+" + draw(StoredObject(path), side)
        return b"+" + draw(path, side)
    except ThumbnailError as error:
        return b"-" + str(error).encode()
    except MemoryError:
        return b"-The file is too large to be drawn."
    except Exception as error:  # whatever a decoder raises over a hostile file
        reason = getattr(error, "strerror", None) or error
        return f"-The file cannot be drawn: {reason}".encode("utf-8", "replace")


if __name__ == "__main__":
    main()
