"""Stored form of paths: readable, unique, and reversible for every file name."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.stored_path import raw_bytes, to_disk_path, to_stored_path

names = st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name).map(os.fsdecode)
tricky = st.text(st.sampled_from(["\\", "x", "5", "c", "f", "/", "é", "\udcff", "\udc80"]), max_size=12)


@pytest.mark.skipif(sys.platform == "win32", reason="names are not bytes on Windows")
@given(st.one_of(names, tricky))
def test_the_stored_form_is_reversible(path):
    """The stored form converts back to the same path."""
    assert to_disk_path(to_stored_path(path)) == path


@given(st.one_of(names, tricky))
def test_stored_paths_are_text(path):
    """The stored form is valid UTF-8, so it has no raw bytes of its own."""
    assert raw_bytes(to_stored_path(path)) is None


@given(st.one_of(names, tricky), st.one_of(names, tricky))
def test_different_names_have_different_stored_forms(one, other):
    """Two paths have the same stored form only if they are equal."""
    assert (to_stored_path(one) == to_stored_path(other)) == (one == other)


def test_utf8_names_are_not_changed():
    """Names in valid UTF-8 are stored unchanged, even with a backslash."""
    for path in ("/a/b.jpg", "/a/é 日本語 🎉.jpg", "/a\\b/c"):
        assert to_stored_path(path) == path
        assert raw_bytes(path) is None


def test_undecodable_bytes_are_readable():
    """A Latin-1 byte is stored as an escape, and raw_bytes() returns the original bytes."""
    path = os.fsdecode(b"/a/caf\xe9.jpg")
    assert to_stored_path(path) == "/a/caf\\xe9.jpg"
    assert raw_bytes(path) == b"/a/caf\xe9.jpg"
