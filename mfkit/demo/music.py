"""Music of the demo library: albums of invented artists and a few untagged recordings."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import av

from mfkit.demo.demo_file import DemoFile
from mfkit.demo.encoders import add_audio, choose_encoder, encode_melody


class Album(NamedTuple):
    """One album."""

    artist: str  # Empty for files without tags
    title: str
    genre: str
    year: int
    titles: tuple[str, ...]  # Of its tracks
    codec: str  # A key of `mfkit.demo.encoders.ENCODERS`
    suffix: str
    rate: int  # Samples per second
    folder: str
    bought: tuple[int, int, int]  # Date of the files


# fmt: off
ALBUMS: tuple[Album, ...] = (
    Album("Nadia Orlow", "Lanterns over the Canal", "Folk", 2010,
          ("Lock Keeper", "Slow Barge", "Lanterns", "Letter to Ines"),
          "mp3", ".mp3", 44100, "Old laptop/My Music/Nadia Orlow/Lanterns over the Canal", (2011, 2, 5)),
    Album("The Quiet Cartographers", "Maps of Nowhere", "Indie Rock", 2013,
          ("Legend", "Scale 1:1", "Here Be Radios", "Fold Lines"),
          "flac", ".flac", 44100, "Music/The Quiet Cartographers/Maps of Nowhere", (2013, 9, 21)),
    Album("Ólafía Brún", "Norðan við þögnina", "Ambient", 2016,
          ("Fyrsta ljós", "Hraun", "Þokan heim"),
          "opus", ".opus", 48000, "Music/Ólafía Brún/Norðan við þögnina", (2016, 12, 3)),
    Album("月見電車", "終電のあと", "Electronic", 2018,
          ("改札", "窓の雨", "終点"),
          "aac", ".m4a", 44100, "Music/月見電車/終電のあと", (2018, 6, 16)),
    Album("Los Faroles de Abril", "Calle sin número", "Latin", 2008,
          ("Esquina", "La señora del 4º", "Mañana, quizás", "Último tranvía"),
          "mp3", ".mp3", 44100, "Music/Los Faroles de Abril/Calle sin número", (2009, 5, 30)),
    Album("Kofi Ampere", "Voltage Highlife", "Highlife", 2020,
          ("Switch On", "Harmattan Radio", "Earth & Neutral"),
          "aac", ".m4a", 48000, "Music/Kofi Ampere/Voltage Highlife", (2020, 8, 14)),
    Album("Grete Halloran Trio", "Standards for Empty Rooms", "Jazz", 1998,
          ("Chairs Up", "Blue Janitor", "Last Tram Waltz"),
          "flac", ".flac", 48000, "Music/Grete Halloran Trio/Standards for Empty Rooms", (2014, 3, 8)),
    Album("Zénaïde", "L'été immobile 🌞", "Pop", 2022,
          ("Volets clos", "Piscine vide", "Minuit trente"),
          "opus", ".opus", 48000, "Music/Zénaïde/L'été immobile", (2022, 7, 9)),
    Album("Our band", "Rehearsals", "Rock", 2015,
          ("Garage take 1", "Garage take 2"),
          "pcm_s16le", ".wav", 44100, "Recordings/Rehearsals 2015", (2015, 3, 14)),
    Album("", "", "", 0,
          ("Track 03",),
          "mp3", ".mp3", 44100, "Music/Unknown Artist/Unknown Album", (2010, 10, 2)),
)
# fmt: on


def plan_music(seed: int, notes: list[str]) -> Iterator[DemoFile]:
    """Plan all tracks that have an encoder."""
    for album in ALBUMS:
        encoder = choose_encoder(album.codec, notes)
        if encoder is None:
            continue
        for number, title in enumerate(album.titles, start=1):
            name = f"{number:02d} {title.replace(':', '-')}" if album.artist else title
            path = f"{album.folder}/{name}{album.suffix}"
            # Ripped or downloaded one after the other.
            modified = datetime(*album.bought, 19, 30, tzinfo=UTC) + timedelta(seconds=24 * number)
            yield DemoFile(path, modified, partial(_write_track, album, number, encoder, f"{seed}/{path}"))


def _write_track(album: Album, number: int, encoder: str, seed: str, path: Path) -> None:
    tags = {
        "title": album.titles[number - 1],
        "artist": album.artist,
        "album": album.title,
        "genre": album.genre,
        "date": str(album.year),
        "track": f"{number}/{len(album.titles)}",
    }
    rng = random.Random(seed)
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = add_audio(container, encoder, album.rate)
        if album.artist:
            # Ogg keeps comments in the stream, not in the container.
            (stream if path.suffix == ".opus" else container).metadata.update(tags)
        encode_melody(container, stream, rng.uniform(2.5, 5.0), rng)
