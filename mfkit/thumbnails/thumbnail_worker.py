"""Isolated worker process that renders one thumbnail.

It reads one line of JSON (the stored path) and writes ``+`` followed by a JPEG, or ``-``
followed by an error message. A file that crashes its decoder, hangs or uses too much memory ends only this
process.
"""

from __future__ import annotations

import json
import os
import sys
import warnings

from mfkit.errors import ThumbnailError
from mfkit.lazy_layers import load_distributed
from mfkit.processes.child_process import requests
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.scan.workers.resource_limits import arm_watchdog, limit_memory


def main() -> None:
    """Read one request, render the thumbnail, and write the response."""
    memory_limit, time_limit = (float(argument) for argument in sys.argv[1:3])
    limit_memory(int(memory_limit))
    arm_watchdog(time_limit)
    response = os.fdopen(os.dup(1), "wb")
    # Text that third-party packages print must not become part of the response.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    path = json.loads(next(requests()))
    warnings.simplefilter("ignore")
    with response:
        response.write(_render(to_disk_path(path)))


def _render(path: str) -> bytes:
    try:
        from mfkit.thumbnails.draw_thumbnail import draw

        if is_url(path):
            return b"+" + draw(load_distributed("s3_object").StoredObject(path))
        return b"+" + draw(path)
    except ThumbnailError as error:
        return b"-" + str(error).encode()
    except MemoryError:
        return b"-The file needs too much memory for a thumbnail."
    except Exception as error:  # A malicious file can make a decoder raise any exception.
        reason = getattr(error, "strerror", None) or error
        return f"-Cannot create a thumbnail: {reason}".encode("utf-8", "replace")


if __name__ == "__main__":
    main()
