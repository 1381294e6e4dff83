"""A varied library of items that were never files: types, codecs, dates, places and hostile names."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.models import MediaItem, MediaMetadata

HOSTILE = (
    "<img src=x onerror=\"window.mfkit_harmed='name'\">.jpg",
    "<script>window.mfkit_harmed='script'</script>.mp4",
    "</td></table><svg onload=window.mfkit_harmed='svg'>.mkv",
    "{{7*7}} ${7*7} $x^2$ [link](javascript:window.mfkit_harmed='link').jpg",
    "\u202egpj.exe annual report.pdf",
    '" onmouseover="window.mfkit_harmed=\'attribute\'" x=".png',
    "a very long name " * 18 + ".mp3",
)
"""Names that do harm where they are taken for markup; each sets a marker on the page's window."""
HOSTILE_CODEC = "<img src=x onerror=\"window.mfkit_harmed='codec'\">"

_PLACES = (
    (38.72, -9.14),
    (52.52, 13.40),
    (40.71, -74.0),
    (-33.87, 151.21),
    (35.68, 139.69),
    (-22.91, -43.17),
    (30.04, 31.24),
    (64.15, -21.94),
    (-1.29, 36.82),
    (19.43, -99.13),
    (27.72, 85.32),
    (-45.03, 168.66),
)
_KINDS = {
    # type: weight, extensions with MIME types, (mu, sigma) of the log-normal size
    "image": (62, (("jpg", "image/jpeg"), ("heic", "image/heic"), ("png", "image/png")), (15.0, 0.8)),
    "video": (17, (("mp4", "video/mp4"), ("mkv", "video/x-matroska")), (19.0, 1.4)),
    "audio": (14, (("mp3", "audio/mpeg"), ("flac", "audio/flac")), (16.2, 0.7)),
    "document": (5, (("pdf", "application/pdf"),), (13.0, 1.2)),
    "other": (2, (("zip", "application/zip"),), (14.0, 2.0)),
}
_VIDEO = (
    "h264",
    "h264",
    "h264",
    "hevc",
    "hevc",
    "av1",
    "vp9",
    "mpeg4",
    "prores",
    "mjpeg",
    "mpeg2video",
    "theora",
)
_AUDIO = ("mp3", "mp3", "flac", "aac", "opus")


def fill(lib: MediaLibrary, count: int, *, seed: int = 7, names: tuple[str, ...] = HOSTILE) -> None:
    """Put items into a library; the same seed makes the same items."""
    run_sync(_insert(lib, items(count, seed, names)))


async def _insert(lib: MediaLibrary, rows: list[MediaItem]) -> None:
    await lib.database.upgrade()
    async with lib.database.session() as session:
        session.add_all(rows)


def items(count: int, seed: int = 7, names: tuple[str, ...] = HOSTILE) -> list[MediaItem]:
    """Return items with their facts, those with hostile names first."""
    dice = random.Random(seed)
    made = [_item(dice, number) for number in range(count)]
    for item, name in zip(made, names, strict=False):
        item.file_name = name
        item.file_path = f"/photos/{name.replace('/', '_')}/{name.replace('/', '_')}"
    if made and names:
        facts = made[0].media_metadata
        assert facts is not None
        facts.video_codec = facts.audio_codec = facts.camera_model = facts.location_name = HOSTILE_CODEC
    return made


def _item(dice: random.Random, number: int) -> MediaItem:
    kind = dice.choices(list(_KINDS), [weight for weight, _, _ in _KINDS.values()])[0]
    extension, mime = dice.choice(_KINDS[kind][1])
    # More and more per year, most in summer.
    year = 2009 + int(16 * dice.random() ** 0.6)
    date = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=min(364, abs(dice.gauss(200, 80))))
    name = f"{kind[:3].upper()}_{number:05d}.{extension}"
    facts = MediaMetadata(extra_metadata={})
    if kind in ("image", "video"):
        facts.width, facts.height = dice.choice([(1920, 1080), (3840, 2160), (1280, 720), (4032, 3024)])
        if dice.random() < 0.6:
            latitude, longitude = dice.choice(_PLACES)
            facts.latitude = latitude + dice.gauss(0, 0.8)
            facts.longitude = longitude + dice.gauss(0, 0.8)
    if kind in ("video", "audio"):
        facts.duration = dice.lognormvariate(5, 1)
        facts.audio_codec = dice.choice(_AUDIO)
    if kind == "video":
        facts.video_codec = dice.choice(_VIDEO)
    return MediaItem(
        file_path=f"/photos/{year}/{date:%m}/{name}",
        file_name=name,
        file_size=int(dice.lognormvariate(*_KINDS[kind][2])),
        mime_type=mime,
        media_type=kind,
        file_hash=hashlib.sha256(str(number).encode()).hexdigest(),
        file_modified_at=date,
        file_created_at=date if kind in ("image", "video") else None,
        captured_at=date.replace(tzinfo=None) if kind in ("image", "video") else None,
        capture_precision="second" if kind in ("image", "video") else None,
        capture_source="ingested" if kind in ("image", "video") else None,
        media_metadata=facts,
    )
