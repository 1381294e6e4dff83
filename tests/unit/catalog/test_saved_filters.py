"""Saved filters: replaced and deleted by name, preferring the exact one."""

from __future__ import annotations

from mfkit import MediaLibrary
from mfkit.models import SavedFilter
from tests.samples import store


def test_exact_name_is_replaced_and_deleted(lib: MediaLibrary) -> None:
    """Of names that differ in case alone, the exact one is changed, and the others are kept."""
    store(lib, *(SavedFilter(name=name, filter={"min_size": 1}) for name in ("BIG", "Big", "big")))
    lib.save_filter("big", min_size=9)
    assert {name: lib.saved_filter(name).min_size for name in ("BIG", "Big", "big")} == {
        "BIG": 1,
        "Big": 1,
        "big": 9,
    }
    lib.delete_filter("Big")
    assert lib.saved_filters()["name"].tolist() == ["BIG", "big"]


def test_only_given_fields_are_saved(lib: MediaLibrary) -> None:
    """A saved filter has the fields that were given, also those with the default value."""
    lib.save_filter("any", missing=None, media_type="video")
    assert lib.saved_filter("ANY").missing is None and lib.saved_filter("any").media_type == ("video",)
    lib.save_filter("Any", media_type="audio")
    assert lib.saved_filters()["name"].tolist() == ["any"]
    assert lib.saved_filter("any").missing is False and lib.saved_filter("any").media_type == ("audio",)
