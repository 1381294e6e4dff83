"""Values that a filter leaves out."""

from __future__ import annotations

from mfkit import MediaFilter
from mfkit.filters.exclusions import excluded_values, leave_out, toggle_exclusion, toggle_value

ALL = MediaFilter()


def test_a_value_is_left_out_and_allowed_again() -> None:
    """The second call undoes the first, whatever the case of the value."""
    without_sony = toggle_exclusion(ALL, "camera", "Sony")
    assert without_sony == ~MediaFilter(camera="Sony")
    assert excluded_values(without_sony, "camera") == ("Sony",)
    assert toggle_exclusion(without_sony, "camera", "SONY") == ALL


def test_a_value_is_either_selected_or_left_out() -> None:
    """To select a value allows it, and to leave it out removes it from the selected values."""
    both = MediaFilter(camera=["Sony", "Canon"])
    assert toggle_exclusion(both, "camera", "Canon") == MediaFilter(camera="Sony") & ~MediaFilter(
        camera="Canon"
    )
    assert toggle_value(~MediaFilter(camera="Canon"), "camera", "Canon") == MediaFilter(camera="Canon")
    assert toggle_value(both, "camera", "sony") == MediaFilter(camera="Canon")
    assert toggle_value(MediaFilter(camera="Sony"), "camera", "Sony") == ALL


def test_one_of_several_values_is_allowed() -> None:
    """The other values of one excluded filter stay excluded, and other filters do not change."""
    chosen = ~MediaFilter(camera=["Sony", "Canon"]) & ~MediaFilter(camera="Leica", year=2014)
    assert excluded_values(chosen, "camera") == ("Sony", "Canon")
    assert toggle_exclusion(chosen, "camera", "Sony") == ~MediaFilter(camera="Canon") & ~MediaFilter(
        camera="Leica", year=2014
    )


def test_values_that_are_not_text() -> None:
    """Media types, numbers and flags are compared by their text."""
    chosen = toggle_exclusion(toggle_exclusion(ALL, "bit_depth", "10"), "media_type", "video")
    assert chosen == ~MediaFilter(bit_depth=10) & ~MediaFilter(media_type="video")
    assert toggle_value(MediaFilter(bit_depth=[8, 10]), "bit_depth", "8") == MediaFilter(bit_depth=10)
    assert excluded_values(~MediaFilter(has_chapters=True), "has_chapters") == ("true",)


def test_languages_and_tags_have_fields_that_exclude() -> None:
    """A language is excluded by a field of its own, which does not accept that no language is stated."""
    chosen = toggle_exclusion(MediaFilter(audio_language="eng", no_tags="a"), "audio_language", "ger")
    assert chosen == MediaFilter(audio_language="eng", no_audio_languages="ger", no_tags="a")
    assert excluded_values(chosen, "audio_language") == ("ger",)
    assert toggle_value(chosen, "audio_language", "ger").no_audio_languages is None
    assert toggle_exclusion(ALL, "audio_language", "und") == ~MediaFilter(audio_language="und")
    assert toggle_exclusion(ALL, "tags", "none") == MediaFilter(no_tags="none")
    assert toggle_exclusion(MediaFilter(no_tags="None"), "tags", "none") == ALL


def test_a_range_is_left_out() -> None:
    """Any filter can be left out, for example a range."""
    part = MediaFilter(min_size=5, max_size=9)
    assert leave_out(MediaFilter(tags="a"), part) == MediaFilter(tags="a") & ~part
    assert leave_out(leave_out(ALL, part), part) == ALL
