"""Thousands of damaged files and hundreds of traps in one scan: nothing stops, bloats or misleads it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import av
import pytest

import mfkit
from mfkit.scan.workers.resource_limits import MEMORY_LIMIT
from tests.integration.hostile import documents, pictures, streams
from tests.integration.hostile.lures import lures

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes, links and limits")

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "files"
BOMBS = (
    pictures.pictures,
    documents.archives,
    documents.pdfs,
    documents.texts,
    streams.films,
    streams.sounds,
)
MUTATED = 5000
LARGEST = 200_000
SECRET = "Zebra-Quartz-Vow"
MAIN_MEMORY = 600 << 20
TIME_LIMIT = 10.0

# In a process of its own: what is measured must be the scan's memory and not the tests'.
SCAN = """
import json, os, resource, sys, time
import mfkit
library, folder, time_limit = sys.argv[1:]
started = time.monotonic()
with mfkit.MediaLibrary(library) as opened:
    report = opened.scan(folder, time_limit=float(time_limit), progress=False).total
def peak(who):
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
own = peak(resource.RUSAGE_SELF)
if os.path.exists("/proc/self/status"):
    # Linux counts what the starting process held at the fork; this line does not.
    own = next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([report.files, [own, peak(resource.RUSAGE_CHILDREN)], time.monotonic() - started]))
"""


class Outcome(NamedTuple):
    """What one scan over everything left behind."""

    media: Path
    library: Path
    files: int
    main_peak: int
    worker_peak: int
    failures: dict[str, str]
    connections: list[str]
    is_canary_read: bool | None


def mutated(sources: list[Path], number: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of damaged copies: flipped bits, lost tails, foreign parts, false sizes."""
    dice = random.Random(seed)
    contents = [source.read_bytes() for source in sources]
    seen: set[bytes] = set()
    while len(seen) < number:
        choice = dice.randrange(len(sources))
        data = bytearray(contents[choice])
        for _ in range(dice.choice((1, 1, 2))):
            _damage(data, dice, dice.choice(contents))
        digest = hashlib.md5(data, usedforsecurity=False).digest()
        if data and digest not in seen:
            seen.add(digest)
            yield f"{len(seen):04d}{sources[choice].suffix}", bytes(data)


def _damage(data: bytearray, dice: random.Random, other: bytes) -> None:
    # Most of what is read of a file lies in its first kilobytes, and at its end.
    reach = min(dice.choice((64, 512, 4096, len(data))), len(data))
    at = dice.randrange(reach + 1)
    if dice.random() < 0.2:
        at = len(data) - at
    match dice.randrange(6):
        case 0:
            for _ in range(min(dice.choice((1, 8, 64)), reach)):
                data[dice.randrange(reach)] ^= 1 << dice.randrange(8)
        case 1:
            del data[at:]
        case 2:
            start = dice.randrange(len(other))
            data[at : at + dice.randrange(4096)] = other[start : start + dice.randrange(4096)]
        case 3:
            data[at : at + 4] = dice.choice((b"\xff" * 4, b"\x7f\xff\xff\xff", bytes(4), bytes(3) + b"\1"))
        case 4:
            del data[at : at + dice.randrange(1, 64)]
        case _:
            data[at:at] = data[at : at + dice.randrange(1, 4096)] * dice.randrange(1, 20)


class _Server(HTTPServer):
    """Takes note of every connection, and answers none."""

    def __init__(self) -> None:
        self.connections: list[str] = []
        super().__init__(("127.0.0.1", 0), BaseHTTPRequestHandler)

    def verify_request(self, request: object, client_address: object) -> bool:
        self.connections.append(str(client_address))
        return False


def _canary(folder: Path) -> Path:
    """A film outside the root that tells its title to whoever opens it."""
    folder.mkdir()
    path = folder / "canary.mkv"
    with av.open(str(path), "w") as container:
        container.metadata.update({"title": SECRET, "artist": SECRET})
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame("s16", "mono", 800)
        frame.pts, frame.rate = 0, 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _never_read(*paths: Path) -> None:
    """Set the time of last access before that of the last change: then the next read is noted."""
    for path in paths:
        os.utime(path, (1_000_000_000, 2_000_000_000))


def _is_read(path: Path) -> bool:
    return path.stat().st_atime > 1_000_000_001


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Outcome:
    """Everything hostile in one folder, scanned once."""
    place = tmp_path_factory.mktemp("hostile")
    media, library = place / "media", place / "library.db"
    sources = sorted(
        path
        for folder in (CORPUS, demo)
        for path in folder.rglob("*")
        if path.is_file() and 0 < path.stat().st_size < LARGEST
    )
    for name, content in mutated(sources, MUTATED, 3):
        path = media / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    canary = _canary(place / "elsewhere")
    control = canary.with_name("control.mkv")
    control.write_bytes(canary.read_bytes())
    with _Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (media / "traps").mkdir()
        traps = [trap for make in BOMBS for trap in make()]
        traps += lures(f"http://127.0.0.1:{server.server_port}", str(canary))
        for name, content in traps:
            (media / "traps" / name).write_bytes(content)
        with open(media / "traps" / "sparse.mkv", "wb") as sparse:
            sparse.write((media / "traps" / "trackless.mkv").read_bytes())
            sparse.truncate(512 << 20)
        _add_what_is_no_file(media / "odd", canary)
        _never_read(canary, control)
        command = [sys.executable, "-c", SCAN, str(library), str(media), str(TIME_LIMIT)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=600)
        server.shutdown()
    files, peaks, taken = json.loads(done.stdout)
    control.read_bytes()
    print(
        f"{files} files, {taken:.0f} s, main process {peaks[0] >> 20} MB, workers {peaks[1] >> 20} MB at most"
    )
    with mfkit.MediaLibrary(library) as opened:
        failures = opened.failures()
    return Outcome(
        media,
        library,
        files,
        *peaks,
        dict(zip(failures.file_path, failures.error)),
        server.connections,
        _is_read(canary) if _is_read(control) else None,
    )


def _add_what_is_no_file(folder: Path, canary: Path) -> None:
    folder.mkdir()
    os.mkfifo(folder / "pipe.mp4")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "itself.jpg").symlink_to(folder / "itself.jpg")
    (folder / "canary.mkv").symlink_to(canary)
    (folder / "elsewhere").symlink_to(canary.parent, target_is_directory=True)
    # A socket's path may not be long.
    with contextlib.chdir(folder), socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.jpg")


def test_every_file_is_an_item_or_a_failure(outcome: Outcome) -> None:
    """5,000 damaged files and all traps are accounted for; what is no regular file is passed over."""
    expected = {
        str(path)
        for path in outcome.media.rglob("*")
        if path.is_file() and not path.is_symlink() and "odd" not in path.parts
    }
    with mfkit.MediaLibrary(outcome.library) as library:
        known = set(library.items(missing=None).file_path) | set(outcome.failures)
        assert library.scans().status.tolist() == ["finished"]
    assert known == expected
    assert outcome.files == len(expected) > MUTATED


def test_the_main_process_stays_small(outcome: Outcome) -> None:
    """No file, however large it claims to be, makes the process that owns the library grow."""
    assert outcome.main_peak < MAIN_MEMORY


def test_no_worker_outgrows_its_limit(outcome: Outcome) -> None:
    """Bombs fail against the limit, and not the machine against bombs."""
    assert outcome.worker_peak < MEMORY_LIMIT


def test_no_connection_is_opened(outcome: Outcome) -> None:
    """Playlists, references, entities and actions name a server: it hears nothing."""
    assert outcome.connections == []


def test_no_file_outside_the_root_is_read(outcome: Outcome) -> None:
    """The same lures name a file next to the root: it is not read, and nothing of it is in the library."""
    for path in outcome.library.parent.glob("library.db*"):
        assert SECRET.encode() not in path.read_bytes()
    if outcome.is_canary_read is None:
        pytest.skip("this file system does not note when files are read")
    assert not outcome.is_canary_read


def test_extractors_expect_damage(outcome: Outcome) -> None:
    """A failure is a sentence about the file, not an exception that no probe expected."""
    unforeseen = {
        path: error
        for path, error in outcome.failures.items()
        if re.match(r"\w+(Error|Exception|Warning): ", error)
    }
    assert unforeseen == {}


def test_few_files_end_a_worker(outcome: Outcome) -> None:
    """Crashes and hangs cost only their file, but each costs a worker's start or the time limit."""
    lost = {
        path: error
        for path, error in outcome.failures.items()
        if "crashed the worker process" in error or "no progress" in error
    }
    assert len(lost) <= MUTATED // 1000, lost
