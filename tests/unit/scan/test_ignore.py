"""Files and folders that a scan ignores, by default and by pattern."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.errors import FilterError
from mfkit.scan.ignore import FILES, FOLDERS, IgnoreRules


@pytest.mark.parametrize(
    "name",
    [
        ".git",
        "@eaDir",
        "#recycle",
        ".Trash",
        ".Trash-1000",
        ".Trashes",
        "$RECYCLE.BIN",
        "$Recycle.Bin",
        "System Volume Information",
        ".thumbnails",
        ".cache",
        "lost+found",
        "node_modules",
        ".zfs",
        ".AppleDouble",
        "Network Trash Folder",
        "Temporary Items",
        "#snapshot",
    ],
)
def test_folders_of_systems_and_programs_are_ignored(name: str) -> None:
    """At any depth and in any case."""
    assert IgnoreRules().matches(name, True)
    assert IgnoreRules().matches(f"2019/Norway/{name}", True)


@pytest.mark.parametrize(
    "name",
    [".DS_Store", "Thumbs.db", "thumbs.db", "desktop.ini", "._IMG_1.jpg", ".trashed-1699999999-IMG_1.jpg"]
    + [".pending-1699999999-IMG_2.jpg", ".directory", ".localized", "ehthumbs.db", "SYNOPHOTO_THUMB_XL.jpg"],
)
def test_files_of_file_managers_are_ignored(name: str) -> None:
    """Folder settings, resource forks and deleted files are ignored."""
    assert IgnoreRules().matches(f"2019/{name}", False)


@pytest.mark.parametrize(
    ("path", "is_folder"),
    [
        (".hidden", True),
        (".hidden/IMG_1.jpg", False),
        (".IMG_1.jpg", False),
        ("cache", True),
        ("Trash", True),
        (".git", False),
        ("Thumbs.db", True),
        ("git/IMG_1.jpg", False),
    ],
)
def test_everything_else_is_scanned(path: str, is_folder: bool) -> None:
    """Hidden files and folders are scanned too, because users hide media."""
    assert not IgnoreRules().matches(path, is_folder)


def test_exclude_patterns_use_gitignore_syntax() -> None:
    """A trailing slash matches only folders; a leading slash matches only at the root."""
    rule = IgnoreRules(exclude=["*.tmp", "private/", "/drafts"])
    assert rule.matches("a/b.tmp", False)
    assert rule.matches("a/private", True)
    assert not rule.matches("a/private", False)
    assert rule.matches("drafts", True)
    assert not rule.matches("a/drafts", True)
    assert rule.matches("a/.git", True)


def test_include_overrides_the_defaults() -> None:
    """The folder must be included, then its files are."""
    rule = IgnoreRules(include=[".git/", "Thumbs.db"])
    assert not rule.matches("a/.git", True)
    assert not rule.matches("a/.git/picture.png", False)
    assert not rule.matches("a/Thumbs.db", False)
    assert rule.matches("a/.svn", True)


def test_include_overrides_exclude() -> None:
    """Include patterns are applied after exclude patterns."""
    rule = IgnoreRules(include=["best.mp4"], exclude=["*.mp4"])
    assert rule.matches("a/b.mp4", False)
    assert not rule.matches("a/best.mp4", False)


def test_only_files_of_one_type_can_be_scanned() -> None:
    """As in gitignore: ignore everything, except folders and the wanted files."""
    rule = IgnoreRules(exclude=["*", "!*/", "!*.jpg"])
    assert not rule.matches("2019", True)
    assert not rule.matches("2019/a.jpg", False)
    assert rule.matches("2019/a.mp4", False)


def test_a_leading_hash_is_not_a_comment() -> None:
    """A pattern is never a comment."""
    assert IgnoreRules(exclude=["#old"]).matches("a/#old", True)


@pytest.mark.parametrize(
    "arguments", [{"exclude": [""]}, {"exclude": ["a\nb"]}, {"include": ["!a"]}, {"exclude": ["!"]}]
)
def test_an_invalid_pattern_is_rejected(arguments: dict[str, list[str]]) -> None:
    """Empty patterns, patterns with a line break and misplaced exclamation marks raise an error."""
    with pytest.raises(FilterError):
        IgnoreRules(**arguments)


@given(st.text(string.ascii_letters + "._-$#@ ", min_size=1, max_size=20), st.booleans())
def test_without_patterns_only_the_name_counts(name: str, is_folder: bool) -> None:
    """Neither parent folders nor case change the result."""
    rule, path = IgnoreRules(), f"some/folder/{name}"
    assert rule.matches(path, is_folder) is rule.matches(path.upper(), is_folder)
    assert rule.matches(path, is_folder) is rule.matches(name, is_folder)


def test_the_default_names_are_in_lower_case() -> None:
    """Names are compared in lower case, so an entry with capitals would never match."""
    assert all(name == name.lower() for name in FOLDERS | FILES)
