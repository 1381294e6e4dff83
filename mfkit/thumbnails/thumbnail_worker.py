"""Isolated worker process that draws thumbnails, full-size pictures and frames of videos.

It reads requests as lines of JSON: the stored path, and what is drawn. Each
response is a line with the number of bytes that follow: ``+`` and a JPEG, or ``-`` and an error message. A
file that crashes its decoder, hangs or uses too much memory ends only this process.
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
    """Read requests, draw the pictures, and write the responses."""
    memory_limit, time_limit = (float(argument) for argument in sys.argv[1:3])
    limit_memory(int(memory_limit))
    arm_watchdog(time_limit)
    output = os.fdopen(os.dup(1), "wb")
    # Standard output is redirected to the null device, because text that third-party packages print must not
    # become part of the response.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore")
    for line in requests():
        arm_watchdog(time_limit)
        request = json.loads(line)
        response = _draw(to_disk_path(request["path"]), request["drawing"])
        output.write(b"%d\n%b" % (len(response), response))
        output.flush()
        arm_watchdog(0)


def _draw(path: str, drawing: str) -> bytes:
    try:
        from mfkit.thumbnails.draw_thumbnail import draw, draw_full_size
        from mfkit.thumbnails.video_frames import draw_strip

        draws = {"thumbnail": draw, "full size": draw_full_size, "frames": draw_strip}
        source = load_distributed("s3_object").StoredObject(path) if is_url(path) else path
        return b"+" + draws[drawing](source)
    except ThumbnailError as error:
        return b"-" + str(error).encode()
    except MemoryError:
        return b"-The file needs too much memory for a thumbnail."
    except Exception as error:  # All are caught: a malicious file can make a decoder raise any exception.
        reason = getattr(error, "strerror", None) or error
        return f"-Cannot create a thumbnail: {reason}".encode("utf-8", "replace")


if __name__ == "__main__":
    main()
