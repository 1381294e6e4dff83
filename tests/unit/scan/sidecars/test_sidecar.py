"""XMP sidecars, and how what sidecars say joins with what a file says itself."""

import json
import os
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from mfkit.scan.extract import xmp
from mfkit.scan.extract.schema import LAST_CHANGE, Metadata, from_origin
from mfkit.scan.sidecars.sidecar import (
    MAX_JSON,
    MAX_XMP,
    FolderNames,
    SidecarFacts,
    Sidecars,
    media_of,
    read_sidecars,
    sidecar_names,
    with_sidecars,
)

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description
 exif:DateTimeOriginal="2019-07-14T12:30:45" exif:GPSLatitude="59,54.0N" exif:GPSLongitude="10,42.0E"
 tiff:Make="Nikon" xmp:Rating="4">
 <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Fjord</rdf:li></rdf:Alt></dc:title>
 <dc:subject><rdf:Bag><rdf:li>boat</rdf:li><rdf:li>sea</rdf:li></rdf:Bag></dc:subject>
 <Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>Ann</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage>
 <mwg-rs:Regions><rdf:li mwg-rs:Name="Bea" mwg-rs:Type="Face"/></mwg-rs:Regions>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize("sidecar", ["photo.jpg.xmp", "photo.xmp", "photo.jpg.XMP", "PHOTO.XMP"])
def test_both_conventions_are_found(sidecar: str) -> None:
    """With the file's extension (darktable, digiKam) and without (Adobe); case does not count."""
    names = ["photo.jpg", sidecar, "other.xmp"]
    assert sidecar_names("photo.jpg", names).xmp == (sidecar,)
    assert media_of(sidecar, names) == ("photo.jpg",)


def test_the_fuller_name_wins() -> None:
    """It can be meant for nobody else."""
    assert sidecar_names("p.jpg", ["p.jpg", "p.xmp", "p.jpg.xmp"]).xmp == ("p.jpg.xmp", "p.xmp")


def test_a_stem_speaks_for_a_picture_and_its_jpeg() -> None:
    """RAW and JPEG are one shot."""
    assert media_of("p.xmp", ["p.nef", "p.jpg", "q.jpg", "p.xmp"]) == ("p.jpg", "p.nef")


def test_a_version_of_darktable_is_left_out() -> None:
    """photo_01.jpg.xmp is another development of photo.jpg, unless there is such a file."""
    assert not sidecar_names("photo.jpg", ["photo.jpg", "photo_01.jpg.xmp"])
    assert media_of("photo_01.jpg.xmp", ["photo.jpg", "photo_01.jpg.xmp"]) == ()
    assert sidecar_names("photo_01.jpg", ["photo_01.jpg", "photo_01.jpg.xmp"])


def test_the_files_own_spelling_wins() -> None:
    """Where a file system tells capitals apart."""
    names = FolderNames(["p.jpg", "P.jpg", "p.jpg.xmp", "P.jpg.xmp"])
    assert sidecar_names("p.jpg", names).xmp == ("p.jpg.xmp",)
    assert sidecar_names("P.jpg", names).xmp == ("P.jpg.xmp",)


def test_a_sidecar_has_none_itself() -> None:
    """Nor does a file in a folder without any."""
    assert not sidecar_names("p.xmp", ["p.xmp", "p.xmp.json", "p.xmp.xmp"])
    assert list(sidecar_names("p.jpg", ["p.jpg"])) == []


def test_an_xmp_sidecar_is_read(tmp_path: Path) -> None:
    """Title, time, place, keywords, people, rating; and which file said so."""
    (tmp_path / "p.jpg.xmp").write_text(XMP)
    facts = with_sidecars({}, read_sidecars(tmp_path, Sidecars("p.jpg", ("p.jpg.xmp",))))
    assert (facts["title"], facts["taken_at"]) == ("Fjord", datetime(2019, 7, 14, 12, 30, 45))
    assert facts["latitude"] == pytest.approx(59.9) and facts["longitude"] == pytest.approx(10.7)
    assert (facts["extra"]["keywords"], facts["extra"]["rating"]) == (["boat", "sea"], 4)
    assert facts["extra"]["people"] == ["Ann", "Bea"]
    assert facts["extra"]["sidecars"] == ["p.jpg.xmp"]
    assert set(facts["extra"]["origins"].values()) == {"sidecar"}


def _takeout(**changes: object) -> bytes:
    return json.dumps(
        {
            "title": "p.jpg",
            "photoTakenTime": {"timestamp": "0"},
            "description": "Google's",
            "geoData": {"latitude": 1.0, "longitude": 2.0},
        }
        | changes
    ).encode()


def test_a_takeout_json_is_read(tmp_path: Path) -> None:
    """A time of zero is none."""
    (tmp_path / "p.jpg.json").write_bytes(_takeout())
    facts = with_sidecars({}, read_sidecars(tmp_path, Sidecars("p.jpg", (), ("p.jpg.json",))))
    assert (facts["latitude"], facts["extra"]["description"]) == (1.0, "Google's")
    assert "taken_at" not in facts
    assert facts["extra"]["sidecars"] == ["p.jpg.json"]


def test_the_wrong_twin_is_passed_over(tmp_path: Path) -> None:
    """Of two JSON files for one cut name the title decides; without a match there is no fact."""
    media = "a" * 46 + "xy.jpg"
    (tmp_path / "1.json").write_bytes(_takeout(title="a" * 46 + "zz.jpg", description="no"))
    (tmp_path / "2.json").write_bytes(_takeout(title=media, description="yes"))
    found = read_sidecars(tmp_path, Sidecars(media, (), ("1.json", "2.json")))
    assert found.takeout["extra"]["description"] == "yes"
    assert read_sidecars(tmp_path, Sidecars(media, (), ("1.json",))).takeout == {}


OWN: Metadata = from_origin(
    "exif",
    {
        "title": "Own",
        "taken_at": datetime(2019, 7, 14, 10, 0, 5),
        "latitude": 50.0,
        "longitude": 5.0,
        "camera_make": "Canon",
        "extra": {"keywords": ["own"], "description": "Own"},
    },
)
EDIT: Metadata = from_origin(
    "sidecar",
    {
        "title": "Edit",
        "taken_at": datetime(2020, 1, 1, 8),
        "latitude": 60.0,
        "longitude": 6.0,
        "camera_make": "Nikon",
        "iso": 100,
        "extra": {"keywords": ["edit"], "lens": "50 mm", "sidecars": ["p.xmp"]},
    },
)
EXPORT: Metadata = from_origin(
    "sidecar",
    {
        "taken_at": datetime(2021, 1, 1, 8, tzinfo=UTC),
        "latitude": 70.0,
        "longitude": 7.0,
        "extra": {"description": "Google's", "people": ["Ann"], "sidecars": ["p.json"]},
    },
)


def test_a_persons_edit_wins_over_the_file() -> None:
    """Title, time, place, keywords; but what took the picture, the file knows."""
    facts = with_sidecars(OWN, SidecarFacts(EDIT, EXPORT))
    assert (facts["title"], facts["latitude"], facts["taken_at"]) == ("Edit", 60.0, datetime(2020, 1, 1, 8))
    assert (facts["camera_make"], facts["iso"], facts["extra"]["lens"]) == ("Canon", 100, "50 mm")
    assert facts["extra"]["keywords"] == ["edit"]
    assert facts["extra"]["origins"]["title"] == "sidecar"
    assert facts["extra"]["origins"]["camera_make"] == "exif"
    assert facts["extra"]["sidecars"] == ["p.xmp", "p.json"]


def test_takeout_only_fills_what_is_missing() -> None:
    """The camera's clock and place win over Google's."""
    facts = with_sidecars(OWN, SidecarFacts({}, EXPORT))
    assert (facts["latitude"], facts["taken_at"]) == (50.0, datetime(2019, 7, 14, 10, 0, 5))
    assert (facts["extra"]["description"], facts["extra"]["people"]) == ("Own", ["Ann"])
    assert with_sidecars({}, SidecarFacts({}, EXPORT))["latitude"] == 70.0


def test_half_a_place_is_never_joined_with_another_half() -> None:
    """A place comes from one source."""
    facts = with_sidecars({"extra": {}}, SidecarFacts({"latitude": 60.0, "extra": {}}, EXPORT))
    assert (facts["latitude"], facts["longitude"]) == (70.0, 7.0)


@pytest.mark.parametrize(
    "own",
    [
        datetime(2019, 7, 14, 12, 30, 45, 250_000),
        datetime(2019, 7, 14, 12, 30, 45, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_copied_time_does_not_take_the_offset_away(own: datetime, tmp_path: Path) -> None:
    """Programs write the camera's time into the sidecar, without offset and fraction."""
    (tmp_path / "p.xmp").write_text(XMP)
    found = read_sidecars(tmp_path, Sidecars("p.jpg", ("p.xmp",)))
    assert with_sidecars({"taken_at": own}, found)["taken_at"] == own


def test_a_mere_creation_date_fills_only() -> None:
    """xmp:CreateDate may be the sidecar's own."""
    packet = b'<rdf:Description xmp:CreateDate="2022-02-02T02:02:02"/>'
    found = SidecarFacts(xmp.read(packet), {})
    assert with_sidecars(OWN, found)["taken_at"] == OWN["taken_at"]
    assert with_sidecars({}, found)["taken_at"] == datetime(2022, 2, 2, 2, 2, 2)


def test_the_last_change_is_the_last_resort() -> None:
    """Where the file knows only when it was changed, Takeout knows better."""
    own = from_origin(LAST_CHANGE, {"taken_at": datetime(2024, 1, 1)})
    assert with_sidecars(own, SidecarFacts({}, EXPORT))["taken_at"] == EXPORT["taken_at"]
    alone = with_sidecars(own, SidecarFacts({}, {}))
    assert alone["taken_at"] == datetime(2024, 1, 1)
    assert alone["extra"]["origins"]["taken_at"] == LAST_CHANGE


def test_without_sidecars_nothing_changes() -> None:
    """The file's own facts stay as they are."""
    assert with_sidecars(OWN, SidecarFacts({}, {})) == OWN


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"<", b"{", b"\0" * 1000, b"<dc:title>" + b"<rdf:li" * 500_000]
)
def test_noise_says_nothing(content: bytes, tmp_path: Path) -> None:
    """And costs no time."""
    for name in ("p.xmp", "p.jpg.json"):
        (tmp_path / name).write_bytes(content)
    began = time.perf_counter()
    found = read_sidecars(tmp_path, sidecar_names("p.jpg", ["p.jpg", "p.xmp", "p.jpg.json"]))
    assert time.perf_counter() - began < 2
    assert set(with_sidecars({}, found).get("extra", {})) <= {"probe_notes"}


def test_a_huge_sidecar_is_read_in_part(tmp_path: Path) -> None:
    """XMP up to its limit; a JSON file of that size is none of Takeout's."""
    (tmp_path / "p.xmp").write_text(XMP + " " * (2 * MAX_XMP))
    (tmp_path / "p.jpg.json").write_bytes(_takeout() + b" " * MAX_JSON)
    found = read_sidecars(tmp_path, Sidecars("p.jpg", ("p.xmp",), ("p.jpg.json",)))
    assert found.xmp["title"] == "Fjord" and found.takeout == {}
    assert "larger" in found.xmp["extra"]["probe_notes"][0]


def test_a_sidecar_that_is_gone_is_a_note(tmp_path: Path) -> None:
    """Its media file does not fail with it."""
    facts = with_sidecars({"title": "Own"}, read_sidecars(tmp_path, Sidecars("p.jpg", ("p.xmp",))))
    assert facts["title"] == "Own"
    assert facts["extra"]["probe_notes"][0].startswith("p.xmp: ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """A pipe would wait for ever, a link lead out of the scanned folders."""
    outside = tmp_path / "outside"
    outside.write_text(XMP)
    os.mkfifo(tmp_path / "a.xmp")
    (tmp_path / "b.xmp").symlink_to(outside)
    (tmp_path / "c.xmp").mkdir()
    found = read_sidecars(tmp_path, Sidecars("p.jpg", ("a.xmp", "b.xmp", "c.xmp")))
    assert len(found.xmp["extra"]["probe_notes"]) == 3 and "title" not in found.xmp


def test_exifs_colons_are_a_date_too() -> None:
    """As darktable writes it."""
    facts = xmp.read(b'<rdf:Description exif:DateTimeOriginal="2019:07:14 12:30:45.250"/>')
    assert facts["taken_at"] == datetime(2019, 7, 14, 12, 30, 45, 250_000)


def test_openings_without_an_end_cost_no_time() -> None:
    """A list of which every member begins and none ends."""
    began = time.perf_counter()
    xmp.read(b"<dc:title>" + b"<rdf:li" * 600_000 + b"</dc:title>", MAX_XMP)
    assert time.perf_counter() - began < 2
