"""Worker process that checks files for damage.

Each request is one line of JSON with a file and a method, and each reply is one line of JSON with the
outcome. :mod:`mfkit.scan.workers.worker_main` explains why files are read in separate processes.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable
from typing import Any

from mfkit.pixels.container_extents import DamageError
from mfkit.pixels.decode_check import UnsupportedError, check_decoding, check_structure
from mfkit.pixels.pixel_worker import FileChangedError, open_unchanged
from mfkit.scan.media_source import Source, open_source
from mfkit.scan.workers.worker_main import answer_requests

MODULE = "mfkit.pixels.verify_worker"
_CHUNK = 1 << 20


def _answer(line: bytes, heartbeat: Callable[[], None]) -> bytes:
    path, size, modified_us, how, known_hash = json.loads(line)
    reply: dict[str, Any] = {"done": 1}
    try:
        reply |= _verify(open_unchanged(path, size, modified_us), how, known_hash, heartbeat)
        # The second call checks that no program has changed the file during the verification.
        open_unchanged(path, size, modified_us)
    except FileChangedError:
        reply = {"done": 1, "outcome": "changed"}
    return json.dumps(reply).encode("ascii", "backslashreplace") + b"\n"


def _verify(source: Source, how: str, known_hash: str, heartbeat: Callable[[], None]) -> dict[str, Any]:
    try:
        if how == "hash":
            found = _hash(source, heartbeat)
            if found == known_hash:
                return {"outcome": "ok"}
            error = "The content changed on the disk, but not the file's size and modification time."
            return {"outcome": "damaged", "error": error, "found_hash": found}
        if how == "headers":
            check_structure(source, heartbeat)
        else:
            check_decoding(source, heartbeat)
        return {"outcome": "ok"}
    except DamageError as error:
        return {"outcome": "damaged", "error": str(error), "position": error.position}
    except UnsupportedError as error:
        return {"outcome": "unsupported", "error": str(error)}
    except MemoryError:
        return {"outcome": "undecided", "error": "Decoding the file needs more memory than a worker may use."}
    except OSError as error:
        return {"outcome": "damaged", "error": f"The file cannot be read: {error.strerror or error}."}
    except Exception as error:  # All are caught: damaged data can make a decoder raise any exception.
        return {"outcome": "damaged", "error": f"The file cannot be decoded: {error}."}


def _hash(source: Source, heartbeat: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with open_source(source) as file:
        for number, chunk in enumerate(iter(lambda: file.read(_CHUNK), b""), 1):
            digest.update(chunk)
            if number % 64 == 0:
                heartbeat()
    return digest.hexdigest()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    answer_requests(_answer)
