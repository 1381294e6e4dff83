"""What a scan leaves out by default, and on request."""

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
        "#snapshot",
    ],
)
def test_folders_that_are_not_a_persons_are_left_out(name: str) -> None:
    """At any depth, however they are written."""
    assert IgnoreRules().matches(name, True)
    assert IgnoreRules().matches(f"2019/Norway/{name}", True)


@pytest.mark.parametrize(
    "name",
    [".DS_Store", "Thumbs.db", "thumbs.db", "desktop.ini", "._IMG_1.jpg", ".trashed-1699999999-IMG_1.jpg"],
)
def test_files_of_file_managers_are_left_out(name: str) -> None:
    """They hold a view of the folder, a resource fork, or what was thrown away."""
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
    """Hidden names too: people hide pictures."""
    assert not IgnoreRules().matches(path, is_folder)


def test_a_pattern_leaves_out() -> None:
    """Gitignore's syntax: a slash at the end means folders, one at the beginning the root."""
    rule = IgnoreRules(exclude=["*.tmp", "private/", "/drafts"])
    assert rule.matches("a/b.tmp", False)
    assert rule.matches("a/private", True)
    assert not rule.matches("a/private", False)
    assert rule.matches("drafts", True)
    assert not rule.matches("a/drafts", True)
    assert rule.matches("a/.git", True)


def test_include_brings_back_what_a_default_leaves_out() -> None:
    """The folder first, then what is in it."""
    rule = IgnoreRules(include=[".git/", "Thumbs.db"])
    assert not rule.matches("a/.git", True)
    assert not rule.matches("a/.git/picture.png", False)
    assert not rule.matches("a/Thumbs.db", False)
    assert rule.matches("a/.svn", True)


def test_include_wins_over_exclude() -> None:
    """The exception stands behind the rule."""
    rule = IgnoreRules(include=["best.mp4"], exclude=["*.mp4"])
    assert rule.matches("a/b.mp4", False)
    assert not rule.matches("a/best.mp4", False)


def test_only_some_files_can_be_asked_for() -> None:
    """As in gitignore: leave out everything, but keep the folders and what is wanted."""
    rule = IgnoreRules(exclude=["*", "!*/", "!*.jpg"])
    assert not rule.matches("2019", True)
    assert not rule.matches("2019/a.jpg", False)
    assert rule.matches("2019/a.mp4", False)


def test_a_hash_is_no_comment() -> None:
    """A pattern given as an argument means something."""
    assert IgnoreRules(exclude=["#old"]).matches("a/#old", True)


@pytest.mark.parametrize(
    "arguments", [{"exclude": [""]}, {"exclude": ["a\nb"]}, {"include": ["!a"]}, {"exclude": ["!"]}]
)
def test_a_pattern_that_means_nothing_is_refused(arguments: dict[str, list[str]]) -> None:
    """In a sentence that names it."""
    with pytest.raises(FilterError):
        IgnoreRules(**arguments)


@given(st.text(string.ascii_letters + "._-$#@ ", min_size=1, max_size=20), st.booleans())
def test_without_patterns_only_the_name_counts(name: str, is_folder: bool) -> None:
    """Whatever the folder above is called, and in whatever case."""
    rule, path = IgnoreRules(), f"some/folder/{name}"
    assert rule.matches(path, is_folder) is rule.matches(path.upper(), is_folder)
    assert rule.matches(path, is_folder) is rule.matches(name, is_folder)


def test_the_tables_are_in_the_form_that_they_are_looked_up_in() -> None:
    """An entry in capitals would never be found."""
    assert all(name == name.lower() for name in FOLDERS | FILES)
