"""Check lists of languages and HDR classes: plain labels, and the codes that they select."""

from __future__ import annotations

from mfkit import MediaFilter, MediaLibrary
from mfkit.widgets import FacetsPanel, Selection
from tests.samples import item, store


def movie(name: str, **facts: object) -> object:
    """Return a video whose streams are known."""
    return item(f"/m/{name}.mkv", facts={"stream_count": 2, **facts})


def shown(panel: FacetsPanel, name: str) -> list[tuple[str, str, int | None]]:
    """Return value, text and number of files of each line of a list."""
    return [(one["value"], one["full_text"], one["files"]) for one in panel.facets[name].options]


def test_languages_have_english_names(lib: MediaLibrary) -> None:
    """The list shows "German", and a tick selects ``ger``; a file with two languages counts for both."""
    store(
        lib,
        movie("a", audio_languages="eng; ger", subtitle_languages="fre"),
        movie("b", audio_languages="ger"),
        movie("c", audio_languages="qaa"),
    )
    panel = FacetsPanel(lib)
    for name in ("audio_language", "subtitle_language"):
        panel.facets[name].expanded = True
    assert shown(panel, "audio_language") == [("ger", "German", 2), ("eng", "English", 1), ("qaa", "qaa", 1)]
    assert shown(panel, "subtitle_language") == [("fre", "French", 1)]
    message = {"kind": "tick", "value": "eng", "checked": True, "from": [1, 1]}
    panel.facets["audio_language"]._handle_custom_msg(message, [])
    assert panel.selection.filter == MediaFilter(audio_language="eng")
    assert [one["text"] for one in panel.facets["audio_language"].options][:1] == ["German"]
    assert shown(panel, "subtitle_language") == [("fre", "French", 1)]


def test_a_collapsed_list_names_its_languages(lib: MediaLibrary) -> None:
    """A collapsed list shows the names of the ticked languages, not their codes."""
    panel = FacetsPanel(lib, Selection(MediaFilter(audio_language="ger")))
    assert shown(panel, "audio_language") == [("ger", "German", None)]


def test_hdr_classes(lib: MediaLibrary) -> None:
    """PQ without HDR metadata is explained; the other classes have their own names."""
    store(lib, movie("a", hdr="PQ"), movie("b", hdr="HDR10+"), movie("c", hdr="PQ"))
    panel = FacetsPanel(lib)
    panel.facets["hdr"].expanded = True
    assert shown(panel, "hdr") == [("PQ", "PQ without metadata", 2), ("HDR10+", "HDR10+", 1)]


def test_no_values(lib: MediaLibrary) -> None:
    """An empty list says what is missing."""
    panel = FacetsPanel(lib)
    for name in ("audio_language", "hdr"):
        panel.facets[name].expanded = True
    assert panel.facets["audio_language"].note == "No audio language data in the current selection."
    assert panel.facets["hdr"].note == "No HDR data in the current selection."
