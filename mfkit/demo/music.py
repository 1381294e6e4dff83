"""A record collection of invented artists, and a few recordings without a name."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import av

from mfkit.demo.codecs import choose_encoder
from mfkit.demo.entry import DemoFile
from mfkit.demo.sound import add_sound, encode_sound, melody


@dataclass(frozen=True)
class Album:
    """A record: what its tags say, how it is stored and when it was bought.

    Attributes:
        artist: Who plays; empty for files without tags.
        title: The record's title.
        genre: Its genre.
        year: The year it came out.
        titles: The tracks in order.
        codec: A key of `mfkit.demo.codecs.ENCODERS`.
        suffix: The file name's ending.
        rate: Samples per second.
        folder: Where it lies.
        bought: Date of the files.
    """

    artist: str
    title: str
    genre: str
    year: int
    titles: tuple[str, ...]
    codec: str
    suffix: str
    rate: int
    folder: str
    bought: tuple[int, int, int]


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


def plan_music(seed: int, notes: list[str]) -> Iterator[DemoFile]:
    """Plans all tracks for which there is an encoder."""
    for album in ALBUMS:
        encoder = choose_encoder(album.codec, notes)
        if encoder is None:
            continue
        bought = datetime(*album.bought, 19, 30, tzinfo=UTC)
        for number, title in enumerate(album.titles, start=1):
            name = f"{number:02d} {title.replace(':', '-')}" if album.artist else title
            path = f"{album.folder}/{name}{album.suffix}"
            track = Track(album, number, title, encoder)
            # Ripped or downloaded one after the other.
            modified = bought + timedelta(seconds=24 * number)
            yield DemoFile(path, modified, partial(_write_track, track, f"{seed}/{path}"))


@dataclass(frozen=True)
class Track:
    """One track of an album and the encoder to write it with."""

    album: Album
    number: int
    title: str
    encoder: str

    def tags(self) -> dict[str, str]:
        """The tags by FFmpeg's generic names, which each container writes in its own way."""
        if not self.album.artist:
            return {}
        return {
            "title": self.title,
            "artist": self.album.artist,
            "album": self.album.title,
            "genre": self.album.genre,
            "date": str(self.album.year),
            "track": f"{self.number}/{len(self.album.titles)}",
        }


def _write_track(track: Track, dice_name: str, path: Path) -> None:
    dice = random.Random(dice_name)
    rate = track.album.rate
    samples = melody(dice.uniform(2.5, 5.0), rate, dice)
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = add_sound(container, track.encoder, rate)
        container.metadata.update(track.tags())
        if path.suffix == ".opus":
            # Ogg keeps comments in the stream, not in the container.
            stream.metadata.update(track.tags())
        encode_sound(container, stream, samples, rate)
