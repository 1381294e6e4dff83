"""The README's promises: your files are only read, and no file is skipped without a message."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

import mfkit
from mfkit.scan.stored_path import to_stored_path
from tests.commands import COMMANDS, examples, in_one_process, outcomes
from tests.integration.test_scan import bound_by_permissions
from tests.requirements import require

CHANGES = re.compile(
    "(creat|(un)?link(at)?|symlink(at)?|rmdir|rename(at2?)?|mk(dir|nod)(at)?|f?truncate(64)?|fallocate|"
    "[fl]?ch(mod|own)(at2?|32)?|f?utim(e|es|esat|ensat)(_time64)?|[fl]?(set|remove)xattr(at)?)"
)
"""System calls that change a file, its attributes or its folder, beside opening it to write."""
TRACED = f"/^(open(at2?)?|f?chdir|{CHANGES.pattern})$"
LASTING = {"lab": ["--no-browser", "--allow-root", "--ServerApp.port_retries=50"], "app": ["--no-browser"]}
"""Commands that run until they are stopped, with the options that this needs."""
INCOMPLETE = {"scan", "doctor", "inspect", "verify"}
"""Commands that exit with code 1 if some files cannot be read, as here."""
WRITTEN = {"videos.csv", "dataset", "report.html", "other.db", "copy.db", "media", "remove.sh"}
"""Files that the commands' examples write. The tests move them to another folder."""
HOSTILE = (
    b"caf\xe9 \xff.jpg",
    b"a\nb.jpg",
    b"'; DROP TABLE media_items; --.jpg",
    b"-rf.jpg",
    b" .jpg ",
    b"\\x41 %s.jpg",
    b"\xe2\x80\xaegpj.exe",
    b"<img src=x onerror=alert(1)>.jpg",
    b"n" * 251 + b".jpg",
    b"=1+1.jpg",
    b"\x1b[31m.jpg",
)
LEFT_OUT = (".DS_Store", "._x.jpg", ".git/objects/ab", "kept/Thumbs.db", "kept/half.tmp")
"""Files that rules leave out: the last by a person's, the others by default."""


def messy(folder: Path, demo: Path) -> Path:
    """Copy the demo's files and put beside them what real folders also hold."""
    shutil.copytree(demo, folder)
    for number, hostile in enumerate(HOSTILE):
        (folder / os.fsdecode(hostile)).write_text(f"content {number}")
    (folder / "empty.jpg").touch()
    os.link(folder / "-rf.jpg", folder / "hard link.jpg")
    for name, target in {
        "broken": "nowhere",
        "loop": "loop",
        "to a file": "-rf.jpg",
        "to its own folder": ".",
        "out": "/usr/share",
    }.items():
        (folder / name).symlink_to(target)
    os.mkfifo(folder / "pipe.mp4")
    os.mknod(folder / "socket.jpg", stat.S_IFSOCK | 0o600)
    with suppress(PermissionError):  # only root makes devices
        os.mknod(folder / "device.jpg", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    (folder / "unreadable.jpg").write_text("cannot be read")
    (folder / "unreadable.jpg").chmod(0)
    with suppress(OSError):  # not every file system has them
        os.setxattr(folder / "-rf.jpg", "user.comment", b"mine")
    for name in (*LEFT_OUT, ".hidden/x.jpg"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(f"content of {name}")
    return folder


# Your files are only read.


class Entry(NamedTuple):
    """Status, attributes and content of an entry of a folder, except for its access time."""

    status: tuple[int, ...]
    attributes: dict[str, bytes]
    content: bytes | str | None


def entries(folder: Path) -> dict[str, Entry]:
    """Return what a folder holds, at any depth."""
    found = {}
    for path in (folder, *folder.rglob("*")):
        status = path.lstat()
        names = os.listxattr(path, follow_symlinks=False)
        found[str(path)] = Entry(
            (
                status.st_mode,
                status.st_ino,
                status.st_nlink,
                status.st_uid,
                status.st_gid,
                status.st_size,
                status.st_mtime_ns,
                status.st_ctime_ns,
            ),
            {name: os.getxattr(path, name, follow_symlinks=False) for name in names},
            os.readlink(path)
            if path.is_symlink()
            else path.read_bytes()
            if path.is_file() and os.access(path, os.R_OK)
            else None,
        )
    return found


_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
_OPEN = re.compile(r"\d+<(/[^>]*)>")


def attempts(trace: Path, folder: Path, start: Path) -> list[str]:
    """Return the system calls that tried to change something in a folder, from a trace by strace.

    Args:
        trace: What strace wrote with ``-f -y``.
        folder: The folder.
        start: The traced program's current folder, against which relative paths count.
    """
    found, current = [], dict[str, str]()
    for line in trace.read_text("utf-8", "surrogateescape").splitlines():
        process, _, call = line.partition(" ")
        name, _, arguments = call.lstrip().partition("(")
        here = current.get(process, str(start))
        if told := re.search(r"AT_FDCWD<([^>]*)>", arguments):
            here = current[process] = told[1]
        paths = [os.path.join(base or here, _unescaped(path)) for base, path in _PATH.findall(arguments)]
        if name == "chdir" and paths:
            current[process] = paths[0]
        elif CHANGES.fullmatch(name) or re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", arguments):
            touched = paths or _OPEN.findall(arguments)
            if any(_true(one).is_relative_to(folder) for one in touched):
                found.append(line)
    return found


def _true(path: str) -> Path:
    """Return a path as it is without links on the way to it."""
    return Path(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def _unescaped(text: str) -> str:
    return text.encode("ascii", "surrogateescape").decode("unicode_escape")


@pytest.fixture(scope="module")
def tracer() -> str:
    """The program that traces system calls."""
    program = shutil.which("strace")
    works = program and subprocess.run([program, "-o", os.devnull, "true"], capture_output=True)
    require(works and works.returncode == 0, "strace, or the right to trace,", "strace")
    assert program is not None
    return program


class Place(NamedTuple):
    """A folder of media, and another one with the library and everything that is written."""

    media: Path
    own: Path
    environment: dict[str, str]

    def strace(self, tracer: str, *command: str) -> list[str]:
        """Return a command that runs another in the media's folder and writes what it asks the system."""
        return [
            tracer,
            "-f",
            "-qq",
            "-y",
            "--seccomp-bpf",
            "-e",
            f"trace={TRACED}",
            "-o",
            str(self.own / "trace"),
            *command,
        ]


@pytest.fixture(scope="module")
def place(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Messy media that are scanned, with the library in another folder."""
    folder = tmp_path_factory.mktemp("promises").resolve()
    media, own = messy(folder / "media", demo), folder / "own"
    (own / "tmp").mkdir(parents=True)
    (own / "Pictures").symlink_to(media)
    (own / "list.csv").write_text("Path,file_size,Notes\n/somewhere/a.jpg,5,mine\n")
    with mfkit.MediaLibrary(own / "library.db") as library:
        library.scan(media, progress=False)
        library.save_filter("videos", media_type="video")
        library.tag(mfkit.MediaFilter(media_type="audio"), "to hear")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "XDG"))},
        "HOME": str(own),
        "MFKIT_LIBRARY": str(own / "library.db"),
        "TMPDIR": str(own / "tmp"),
        "XDG_CACHE_HOME": str(own / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return Place(media, own, environment)


def examples_elsewhere(name: str, own: Path) -> Iterator[list[str]]:
    """Yield the arguments of a command's examples, with paths that lead to another folder."""
    known = {*WRITTEN, "library.db", "list.csv"}
    for example in examples(name):
        yield [str(own / one) if one in known else one.replace("~", str(own)) for one in example]


def stop(running: subprocess.Popen[str]) -> None:
    """Stop a program and what it started; its tracer ends with the last of them."""
    os.killpg(running.pid, signal.SIGTERM)
    try:
        running.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
        raise


def read_page(address: str) -> bytes:
    """Return a page; JupyterLab prints its address shortly before it listens."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(address, timeout=300) as page:
                return bytes(page.read())
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.1)
    raise TimeoutError(address)


def serve(command: list[str], place: Place) -> None:
    """Run a command that serves pages until its page has been read once."""
    with subprocess.Popen(
        command,
        cwd=place.media,
        env=place.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        said = []
        try:
            for line in running.stdout:
                said.append(line)
                if address := re.search(r"http://(127\.0\.0\.1|localhost):\d+/\S*token=\S+", line):
                    assert read_page(address[0])
                    break
            else:
                pytest.fail("".join(said)[-2000:])
        finally:
            stop(running)


@pytest.mark.parametrize("name", LASTING)
def test_servers_only_read_your_files(name: str, place: Place, tracer: str) -> None:
    """No server tries to write, move, delete or mark a file among the media, even if started there."""
    before = entries(place.media)
    for arguments in examples_elsewhere(name, place.own):
        program = [sys.executable, "-P", "-m", "mfkit.cli", *arguments, *LASTING[name]]
        serve(place.strace(tracer, *program), place)
        assert attempts(place.own / "trace", place.media, place.media) == []
    assert entries(place.media) == before


def test_commands_only_read_your_files(place: Place, tracer: str) -> None:
    """No other command does so either."""
    before = entries(place.media)
    others = [name for name in COMMANDS if name not in LASTING]
    lines = [(name, line) for name in others for line in examples_elsewhere(name, place.own)]
    done = subprocess.run(
        place.strace(tracer, *in_one_process([line for _, line in lines])),
        cwd=place.media,
        env=place.environment,
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stderr
    for (name, line), end in zip(lines, outcomes(done.stdout), strict=True):
        assert end.code in ((0, 1) if name in INCOMPLETE else (0,)), (line, *end)
    assert attempts(place.own / "trace", place.media, place.media) == []
    assert entries(place.media) == before


ASK_EVERYTHING = """
import contextlib, inspect, sys
import mfkit
called = 0
with mfkit.MediaLibrary(sys.argv[1], read_only=True) as library:
    for name in dir(library):
        method = getattr(library, name)
        if name.startswith("_") or name == "close" or not callable(method):
            continue
        stated = inspect.signature(getattr(library.aio, name, method))
        needed = [one for one in stated.parameters.values()
                  if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
        if not needed:
            with contextlib.suppress(mfkit.MfkitError):
                method()
                called += 1
    items = library.items(missing=None)
    of_each_kind = items.groupby(items.file_path.str.rpartition(".")[2])
    for item in of_each_kind.id.head(3):
        with contextlib.suppress(mfkit.MfkitError):
            library.thumbnail(item)
print(called)
"""


def test_methods_of_a_read_only_library_only_read(place: Place, tracer: str) -> None:
    """No method without required arguments, and no thumbnail, tries to change anything among the media."""
    before = entries(place.media)
    done = subprocess.run(
        place.strace(tracer, sys.executable, "-P", "-c", ASK_EVERYTHING, str(place.own / "library.db")),
        cwd=place.media,
        env=place.environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) >= 15
    assert attempts(place.own / "trace", place.media, place.media) == []
    assert entries(place.media) == before


@pytest.mark.parametrize(
    "code",
    [
        "open('own.jpg', 'a')",
        "os.mkdir('x'); os.rmdir('x')",
        "os.chdir('sub'); open('../own.jpg', 'r+')",
        "os.utime('own.jpg')",
        "os.chmod(os.open('own.jpg', os.O_RDONLY), 0o600)",
        "os.rename('own.jpg', 'x'); os.rename('x', 'own.jpg')",
        "open('nowhere/x', 'w')",
        "os.unlink(os.path.join(sys.argv[1], 'link', 'none'))",
        "os.symlink('x', 'y'); os.unlink('y')",
    ],
)
def test_the_trace_sees_what_writes(tmp_path: Path, tracer: str, code: str) -> None:
    """The trace reports a program that writes, tries to write, or undoes what it wrote."""
    folder = tmp_path.resolve()
    (folder / "media" / "sub").mkdir(parents=True)
    (folder / "media" / "own.jpg").touch()
    (folder / "link").symlink_to("media")
    place = Place(folder / "media", folder, dict(os.environ))
    command = [sys.executable, "-c", f"import os, sys; {code}", str(folder)]
    subprocess.run(place.strace(tracer, *command), cwd=place.media, capture_output=True)
    assert attempts(folder / "trace", place.media, place.media)
    reading = place.strace(tracer, sys.executable, "-c", "open('own.jpg').read()")
    subprocess.run(reading, cwd=place.media, check=True)
    assert attempts(folder / "trace", place.media, place.media) == []


# Nothing is skipped in silence.


def find(folder: Path, *test: str) -> list[bytes]:
    """Return what find prints."""
    done = subprocess.run(["find", folder, *test, "-print0"], capture_output=True, check=True)
    return done.stdout.split(b"\0")[:-1]


def disk_usage(files: list[bytes]) -> int:
    """Return the bytes of files as du counts them, those with several names once."""
    done = subprocess.run(
        ["du", "--apparent-size", "--block-size=1", "--total", "--null", "--files0-from=-"],
        input=b"\0".join(files),
        capture_output=True,
        check=True,
    )
    return int(done.stdout.split(b"\0")[-2].split()[0])


def nest(folder: Path) -> None:
    """Make folders in folders until no system call takes the path, and a file in the last."""
    here, name = os.open(folder, os.O_RDONLY), "d" * 250
    for _ in range(17):
        os.mkdir(name, dir_fd=here)
        here, above = os.open(name, os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(os.open("deep.jpg", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def test_nothing_is_skipped_in_silence(demo: Path, tmp_path: Path) -> None:
    """Every file that find lists is an item, a copy, a failure or left out by a rule; the bytes add up."""
    media = messy(tmp_path / "media", demo)
    nest(media)
    closed = media / "closed"
    closed.mkdir()
    (closed / "unseen.jpg").write_text("nobody lists it")
    files, special = find(media, "-type", "f"), find(media, "!", "-type", "f", "!", "-type", "d")
    closed.chmod(0)
    library = tmp_path / "library.db"
    called = ["scan", str(media), "--exclude", "*.tmp", "--no-progress", "--library", str(library)]
    script = f"from mfkit.cli import main; main({called!r})"
    try:
        done = subprocess.run(bound_by_permissions(script), capture_output=True, text=True, timeout=600)
    finally:
        closed.chmod(0o700)
    assert done.returncode == 1, done.stderr
    with mfkit.MediaLibrary(library) as lib:
        totals, failures = lib.totals().iloc[0], lib.failures()
        kept = lib.sql(
            "SELECT file_path FROM media_items UNION ALL SELECT file_path FROM media_copies",
            engine="database",
        ).file_path.tolist()
    unlisted = [f"{one}/" for one in failures.file_path[failures.stage == "walk"]]
    unread = failures.file_path[failures.stage == "read"].tolist()
    left_out = [str(media / one) for one in LEFT_OUT]
    paths = {to_stored_path(os.fsdecode(one)): one for one in files}
    below = [one for one in paths if one.startswith(tuple(unlisted))]
    assert len(paths) == len(files) and len(unlisted) == 2 and len(below) == 2
    assert sorted([*kept, *unread, *left_out, *below]) == sorted(paths)
    assert {str(media / "empty.jpg"), str(media / "unreadable.jpg")} <= set(unread)
    counted = [one for path, one in paths.items() if path in {*kept, *unread}]
    assert totals.files == len(counted) and totals.bytes_on_disk == disk_usage(counted)
    assert totals["items"] + totals.copies + totals.hard_links + totals.unread == totals.files
    assert totals.hard_links == 1
    # Ignored files are counted. Sockets, pipes and devices are skipped by a documented rule.
    assert f"Ignored in {media}: 4 files, 1 folder." in done.stdout
    assert len(special) >= 7
    assert not {to_stored_path(os.fsdecode(one)) for one in special} & {*kept, *failures.file_path}
    assert all(
        part in done.stdout for part in (f"{totals.files:,} files", "listing folders", "reading files")
    )
