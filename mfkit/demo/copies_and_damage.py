"""Copies in other folders and damaged files, as in an old library."""

import os
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path

from mfkit.demo.demo_file import DemoCopy, DemoFile, Writer
from mfkit.demo.encoders import choose_encoder
from mfkit.demo.scenery import add_noise, landscape
from mfkit.demo.videos import Clip, write_video

# Folder, indexes of its files in order of name, folder of the copies, format of their names, and by how many
# days the copies are newer.
COPIES = (
    ("Pictures/2014/Lisbon", (4, 5, 6), "Phone backup/2014", "{stem}{suffix}", 0),
    ("Pictures/2018/Sydney", (0, 2), "Phone backup/2018", "{stem}{suffix}", 0),
    ("Old laptop/My Pictures/2009-07 Kraków", (1,), "Old laptop/To sort", "Copy of {stem}{suffix}", 40),
    ("Pictures/2019/Cape Town", (3,), "Pictures/Best of", "cape town best{suffix}", 21),
    ("Pictures/2022/Lofoten 🏔️", (5,), "Pictures/Best of", "{stem}{suffix}", 0),
    ("Music/Los Faroles de Abril/Calle sin número", (0, 2), "Old laptop/To sort", "{stem}{suffix}", 0),
    ("Documents/Invoices/2019", (0,), "Downloads", "{stem} (1){suffix}", 2),
    ("Video/Holidays/2014 Lisbon", (1,), "Phone backup/2014", "{stem}{suffix}", 0),
)
LOGIN_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n"
    "<body><h1>Your session has expired</h1><p>Sign in again to download holiday.jpg.</p></body></html>\n"
)
# fmt: off
CUT_VIDEO = Clip("Phone backup/2016/VID_20160904_171530.mp4", (2016, 9, 4, 15, 15), "h264", "", (640, 360),
                 Fraction(30), 2.0, "coast", "gold")
# fmt: on


def plan_copies(files: Sequence[DemoFile]) -> Iterator[DemoCopy]:
    """Plan the copies of planned files; a folder without files gets none."""
    for folder, picks, target, name, days in COPIES:
        dates = {file.path: file.modified for file in files if file.path.rpartition("/")[0] == folder}
        for source in (path for index, path in enumerate(sorted(dates)) if index in picks):
            stem, dot, ending = source.rpartition("/")[2].rpartition(".")
            path = f"{target}/{name.format(stem=stem, suffix=dot + ending)}"
            yield DemoCopy(path, source, dates[source] + timedelta(days=days))


def plan_damage(seed: int, notes: list[str]) -> Iterator[DemoFile]:
    """Plan the files that are damaged on purpose, and list them in the notes."""
    image = "Phone backup/2016/IMG_2291.JPG"
    planned = [
        DemoFile(
            image,
            datetime(2016, 9, 3, 14, 20, tzinfo=UTC),
            partial(_write_half, partial(_write_image, f"{seed}/{image}")),
        )
    ]
    encoder = choose_encoder(CUT_VIDEO.video, [])
    if encoder is not None:
        write = partial(write_video, CUT_VIDEO, encoder, None, f"{seed}/{CUT_VIDEO.path}")
        planned.append(DemoFile(CUT_VIDEO.path, CUT_VIDEO.ended_at, partial(_write_half, write)))
    for path, when, content in (
        ("Downloads/holiday.jpg", (2018, 8, 19, 22, 31), LOGIN_PAGE.encode()),
        ("Phone/Recordings/New recording 12.m4a", (2025, 10, 1, 6, 58), b""),
    ):
        planned.append(DemoFile(path, datetime(*when, tzinfo=UTC), partial(_write_bytes, content)))
    names = "; ".join(file.path for file in planned)
    notes.append(f"{len(planned)} files are damaged on purpose, to show how a scan reports them: {names}")
    yield from planned


def _write_half(write: Writer, path: Path) -> None:
    """Write a whole file and cut it in the middle, like an interrupted transfer."""
    write(path)
    os.truncate(path, path.stat().st_size // 2)


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _write_image(seed: str, path: Path) -> None:
    rng = random.Random(seed)
    add_noise(landscape("coast", "noon", (1280, 960), rng), rng).save(path, quality=82)
