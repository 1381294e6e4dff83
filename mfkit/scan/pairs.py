"""Live Photos: a picture and a short film that a phone took as one.

Apple gives both the same content identifier (in the picture's maker notes and in the film's metadata, where
the probes find it) and, unless they were renamed, the same name. Google's exports turn the film into
``.MP4``; that ending counts beside HEIC only, because a JPEG beside an MP4 of its name is as often the
film's poster.
"""

import posixpath
from collections.abc import Iterable, Mapping

STILLS = {".heic": 0, ".heif": 1, ".jpg": 2, ".jpeg": 3}
FILMS = {".mov": 0, ".mp4": 1}


def live_photos(paths: Iterable[str], identifiers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Pair pictures with films.

    An identifier that exactly one picture and one film share decides, also across folders; where copies
    share it, those in one folder with one name belong together. Without identifiers, files of the same
    folder and stem are a pair (case does not count), the HEIC before a JPEG made from it; two
    identifiers that differ are never one.

    Args:
        paths: Stored paths, of one folder or of many.
        identifiers: Path → ``extra["content_identifier"]``, for the files that have one.

    Returns:
        Path → the path of its other half, for ``extra["live_photo"]``; both halves are there.
    """
    known = identifiers or {}
    stills: dict[str, list[str]] = {}
    films: dict[str, list[str]] = {}
    by_identifier: dict[str, tuple[list[str], list[str]]] = {}
    for path in sorted(paths):
        stem, extension = posixpath.splitext(path)
        extension = extension.lower()
        if extension not in STILLS and extension not in FILMS:
            continue
        is_film = extension in FILMS
        (films if is_film else stills).setdefault(stem.lower(), []).append(path)
        if known.get(path):
            by_identifier.setdefault(known[path], ([], []))[is_film].append(path)
    pairs: dict[str, str] = {}
    for pictures, movies in by_identifier.values():
        if len(pictures) == len(movies) == 1:
            _join(pairs, pictures[0], movies[0])
    for stem, movies in films.items():
        _join_by_stem(pairs, stills.get(stem, []), movies, known)
    return pairs


def _join_by_stem(pairs: dict[str, str], pictures: list[str], films: list[str],
                  known: Mapping[str, str]) -> None:
    for film in sorted(films, key=lambda path: FILMS[_extension(path)]):
        for picture in sorted(pictures, key=lambda path: STILLS[_extension(path)]):
            if film in pairs or picture in pairs:
                continue
            shared = known.get(film), known.get(picture)
            if all(shared) and shared[0] != shared[1]:
                continue
            is_export = _extension(film) == ".mp4"
            if is_export and not _extension(picture).startswith(".hei") and not all(shared):
                continue
            _join(pairs, picture, film)


def _join(pairs: dict[str, str], picture: str, film: str) -> None:
    pairs[picture], pairs[film] = film, picture


def _extension(path: str) -> str:
    return posixpath.splitext(path)[1].lower()
