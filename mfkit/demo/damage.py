"""Files that a scan cannot read: every library that was moved around for years has some."""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path

from mfkit.demo.codecs import choose_encoder
from mfkit.demo.entry import DemoFile, Writer
from mfkit.demo.film import Film, write_film
from mfkit.demo.scenery import landscape

LOGIN_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n"
    "<body><h1>Your session has expired</h1><p>Sign in again to download holiday.jpg.</p></body></html>\n"
)


def plan_damage(seed: int, notes: list[str]) -> Iterator[DemoFile]:
    """Plans the files that are broken on purpose, and says in the notes which these are."""
    planned = list(_plan(seed))
    names = "; ".join(file.path for file in planned)
    notes.append(f"{len(planned)} files are broken on purpose, to show how a scan reports them: {names}")
    yield from planned


def _plan(seed: int) -> Iterator[DemoFile]:
    path = "Phone backup/2016/IMG_2291.JPG"
    yield DemoFile(path, datetime(2016, 9, 3, 14, 20, tzinfo=UTC),
                   partial(_write_half, partial(_write_picture, f"{seed}/{path}")))
    video = choose_encoder("h264", [])
    if video is not None:
        path = "Phone backup/2016/VID_20160904_171530.mp4"
        film = Film("coast", "gold", (640, 360), Fraction(30), 2.0, video, None, {}, {})
        yield DemoFile(path, datetime(2016, 9, 4, 15, 15, tzinfo=UTC),
                       partial(_write_half, partial(write_film, film, f"{seed}/{path}")))
    yield DemoFile("Downloads/holiday.jpg", datetime(2018, 8, 19, 22, 31, tzinfo=UTC),
                   partial(_write_bytes, LOGIN_PAGE.encode()))
    yield DemoFile("Phone/Recordings/New recording 12.m4a", datetime(2025, 10, 1, 6, 58, tzinfo=UTC),
                   partial(_write_bytes, b""))


def _write_half(write: Writer, path: Path) -> None:
    """Writes a good file and cuts it in the middle, like an interrupted transfer."""
    write(path)
    os.truncate(path, path.stat().st_size // 2)


def _write_picture(dice_name: str, path: Path) -> None:
    landscape("coast", "noon", (1280, 960), random.Random(dice_name)).save(path, "JPEG", quality=82)


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)
