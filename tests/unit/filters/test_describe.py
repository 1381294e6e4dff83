"""A filter in words: every condition is said, short and in people's units."""

from __future__ import annotations

from typing import Any

import pytest

from mfkit.filters.describe import describe, without
from mfkit.filters.media_filter import MediaFilter

EXAMPLES: list[tuple[dict[str, Any], str]] = [
    ({"media_type": ["video", "audio"]}, "video or audio"),
    ({"mime_type": "video/mp4"}, "format video/mp4"),
    ({"extension": [".JPG", ""]}, ".jpg or no extension"),
    ({"video_codec": "hevc"}, "video codec hevc"),
    ({"audio_codec": "flac"}, "audio codec flac"),
    ({"audio_codec_any": ["ac3", "dts"]}, "any audio codec ac3 or dts"),
    ({"audio_language": ["de", "English"]}, "audio in German or English"),
    (
        {"audio_language": ["none", "und", "de"]},
        "audio in German, or audio in an unstated language, or without audio",
    ),
    ({"subtitle_language": "none"}, "without subtitles"),
    ({"all_audio_languages": ["ger", "eng"]}, "audio in German and English"),
    ({"no_audio_languages": ["ger", "eng"]}, "no audio in German or English"),
    ({"subtitle_language": "fr"}, "subtitles in French"),
    ({"all_subtitle_languages": ["fre", "qaa"]}, "subtitles in French and qaa"),
    ({"no_subtitle_languages": "fra"}, "no subtitles in French"),
    ({"min_channels": 6}, "6 audio channels or more"),
    ({"hdr": ["hdr10", "Dolby Vision"]}, "HDR10 or Dolby Vision"),
    ({"id": "0198c6f0-0000-7000-8000-000000000001"}, "1 chosen file"),
    ({"id": []}, "0 chosen files"),
    ({"subtitle_format": ["images", "none"]}, "only images as subtitles or no subtitles"),
    ({"subtitle_format": "unknown"}, "subtitles of unknown format"),
    ({"hdr": "pq"}, "PQ without metadata"),
    ({"looks_like": ["scan", "Messenger copy"]}, "looks like scan or messenger copy"),
    ({"bit_depth": [8, 10]}, "8 or 10 bit"),
    ({"dolby_vision": [5, 7]}, "Dolby Vision profile 5 or 7"),
    ({"pixel_format": "yuv420p"}, "pixel format yuv420p"),
    ({"audio_layout": ["5.1", "5.1(side)"]}, "audio layout 5.1 or 5.1(side)"),
    ({"is_vfr": True}, "variable frame rate"),
    ({"is_vfr": False}, "constant frame rate"),
    ({"is_interlaced": True}, "interlaced"),
    ({"is_interlaced": False}, "progressive"),
    ({"has_subtitles": True}, "with subtitles"),
    ({"has_subtitles": False}, "without subtitles"),
    ({"has_chapters": True}, "with chapters"),
    ({"has_chapters": False}, "without chapters"),
    ({"container": "matroska,webm"}, "container matroska,webm"),
    ({"resolution": ["4k", "8K"]}, "4K or 8K"),
    ({"resolution": ["HD", "Full HD", "QHD"]}, "HD to QHD"),
    ({"resolution": ["HD", "Full HD", "8K"]}, "HD or Full HD or 8K"),
    ({"lens": "EF50mm f/1.8"}, "lens EF50mm f/1.8"),
    ({"min_size": "1 GB"}, "size from 1 GB"),
    ({"max_size": 1500}, "size up to 1.5 kB"),
    ({"min_size": "1 MB", "max_size": "3 GB"}, "size 1 MB to 3 GB"),
    ({"min_duration": "5 min"}, "length from 5:00 min"),
    ({"min_width": 1920}, "width from 1,920 px"),
    ({"max_height": 480}, "height up to 480 px"),
    ({"min_release_year": 1999, "max_release_year": 2001}, "released 1999 to 2001"),
    ({"region": "Lisbon, Portugal"}, "region Lisbon, Portugal"),
    ({"release_year": [1999, 2001]}, "released 1999 or 2001"),
    ({"min_rating": 3.5}, "rating from 3.5"),
    ({"rating": [1, 4.5, -1]}, "1 star or 4.5 stars or rejected"),
    ({"min_rating": 5, "max_rating": 5}, "rating 5"),
    ({"people": ["Ann", "Bob"]}, "with Ann or Bob"),
    ({"album_artist": "Various Artists"}, "album artist Various Artists"),
    ({"track": 3}, "track 3"),
    ({"disc": [1, 2]}, "disc 1 or 2"),
    ({"after": 2014, "before": 2014}, "dated 2014"),
    ({"after": 2014, "before": 2016}, "dated 2014 to 2016"),
    ({"after": "2014-05", "before": "2014-05"}, "dated May 2014"),
    ({"after": "2014-12", "before": "2015-01"}, "dated Dec 2014 to Jan 2015"),
    ({"after": "2014-05-03", "before": "2014-05-03"}, "dated 2014-05-03"),
    ({"after": "2014-05-03"}, "dated from 2014-05-03"),
    ({"before": 2014}, "dated up to 2014-12-31"),
    ({"folder": "/a/<b>"}, "in /a/<b>"),
    ({"camera": ["Canon", "SONY"]}, "camera Canon or SONY"),
    ({"artist": "Björk"}, "artist Björk"),
    ({"album": "Homogenic"}, "album Homogenic"),
    ({"genre": "Rock"}, "genre Rock"),
    ({"tags": ["a", "b"]}, "tagged a or b"),
    ({"all_tags": ["a", "b"]}, "tagged a and b"),
    ({"no_tags": ["a", "b"]}, "not tagged a or b"),
    ({"collection": "Best"}, "in collection Best"),
    ({"none_of": {"media_type": ["image", "other"]}}, "not image or other"),
    ({"none_of": {"extension": "jpg"}}, "not .jpg"),
    ({"none_of": {"audio_codec": ["aac", "mp3"]}}, "not audio codec aac or mp3"),
    ({"none_of": {"camera": "EOS 6D", "after": 2014}}, "not (dated from 2014-01-01, camera EOS 6D)"),
    ({"none_of": {"any_of": [{"tags": "a"}, {"tags": "b"}]}}, "not (tagged a or tagged b)"),
    (
        {"any_of": [{"tags": "a"}, {"media_type": "video", "min_size": 9}]},
        "tagged a or (video, size from 9 B)",
    ),
    ({"all_of": {"any_of": [{"tags": "a"}, {"none_of": {"tags": "b"}}]}}, "(tagged a or not tagged b)"),
    ({"none_of": {}}, "not all items"),
    ({"after": 2014, "before": 2014, "has_date": True}, "dated 2014"),
    ({"after": 2014, "has_date": False}, "dated from 2014-01-01 by file date"),
    ({"has_date": True}, "with a capture time"),
    ({"has_location": False}, "without a place"),
    ({"box": (38, -10, 39.5, -9)}, "between 38.00° N and 39.50° N, 10.00° W and 9.00° W"),
    ({"area": [(0, 0), (0, 3), (3, 0)]}, "in an area around 1.00° N, 1.00° E"),
    ({"near": (-33.87, 151.21, 10)}, "within 10 km of 33.87° S, 151.21° E"),
    ({"text": "lisbon"}, "“lisbon”"),
    ({"missing": True}, "missing files"),
    ({"missing": None}, "missing files too"),
    ({"duplicates": True}, "with copies"),
    ({"duplicates": False}, "without copies"),
    ({"has_date": False}, "without a capture time"),
    ({"orientation": ["portrait", "square"]}, "portrait or square"),
    ({"country": ["Portugal", "Spain"]}, "country Portugal or Spain"),
    ({"place": "Lisbon, Portugal"}, "place Lisbon, Portugal"),
    ({"has_location": True}, "with a place"),
    ({"max_rating": 2}, "rating up to 2"),
    ({"max_duration": 90}, "length up to 1:30 min"),
    ({"min_width": 100, "max_width": 2000}, "width 100 px to 2,000 px"),
    ({"resolution": ["HD", "Full HD"]}, "HD or Full HD"),
    ({"box": (-1, 0, 0, 20)}, "between 1.00° S and 0.00° N, 0.00° E and 20.00° E"),
    ({"near": (10, -20, 1.5)}, "within 1.5 km of 10.00° N, 20.00° W"),
    ({"area": [(0, 3), (0, 6), (-3, 6)]}, "in an area around 1.00° S, 5.00° E"),
    ({"after": "2014-05-03T12:00", "before": "2014-05-05T12:00"}, "dated 2014-05-03 to 2014-05-05"),
    ({"before": "2014-05-03"}, "dated up to 2014-05-03"),
    ({"year": [2014, 2016]}, "dated 2014 or 2016"),
]


@pytest.mark.parametrize(("fields", "text"), EXAMPLES)
def test_a_condition_in_words(fields: dict[str, Any], text: str) -> None:
    """A condition is one clause; without its fields nothing is left of it."""
    chosen = MediaFilter(**fields)
    (clause,) = describe(chosen)
    assert clause.text == text
    assert without(chosen, *clause.fields) == MediaFilter()


@pytest.mark.parametrize("name", ["all_of", "none_of"])
def test_one_of_several_parts_is_removed(name: str) -> None:
    """The rest of a filter without one of its parts has the other parts and conditions."""
    parts = (MediaFilter(genre="Rock"), MediaFilter(artist="Björk"))
    chosen = MediaFilter.of(media_type="audio", **{name: parts})
    rests = [clause.rest for clause in describe(chosen) if clause.fields == (name,)]
    assert rests == [chosen.replace(**{name: one}) for one in parts[::-1]]


def test_every_field_is_described() -> None:
    """No condition works unseen."""
    said = {name for fields, _ in EXAMPLES for name in fields}
    unsaid = set(MediaFilter.model_fields) - said
    assert unsaid <= {"max_duration", "max_width", "min_height"}  # halves of ranges that are said above


def test_an_empty_filter_has_no_description() -> None:
    """All items need no words."""
    assert describe(MediaFilter()) == ()


def test_note_on_full_text() -> None:
    """The SQL of a filter with a search says that only the library database can run it."""
    note = 'The search runs only on the library database: lib.sql("...", engine="database")'
    assert note in MediaFilter(text="lisbon").sql()
    assert note not in MediaFilter(artist="lisbon").sql()
