"""What files look like: a match and a near miss of every rule, with equal answers from every engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.engines.snapshot import parallel_build
from mfkit.errors import FilterError
from mfkit.models import LOOKS_LIKE, picture_quality
from mfkit.models.looks_like_rules import RULES
from tests.samples import item

PNG = {"mime_type": "image/png"}
WEBP = {"mime_type": "image/webp"}
VIDEO = {"media_type": "video", "mime_type": "video/mp4"}
AUDIO = {"media_type": "audio", "mime_type": "audio/ogg"}
PDF = {"media_type": "document", "mime_type": "application/pdf"}
CAMERA = {"camera_make": "Canon", "camera_model": "EOS R5"}
PAGE = {"width": 1654, "height": 2339, "mean_luminance": 200.0}
# Path -> the rule that holds (None for a near miss), and the columns that differ from a plain image.
CASES: dict[str, tuple[str | None, dict[str, Any]]] = {
    "/p/STK-20240517-WA0001.webp": ("sticker name", WEBP),
    "/p/STK-20240517-XA0001.webp": (None, WEBP),
    "/p/stickers.webp": (None, WEBP),
    "/p/sticker 2.webp": ("sticker name", WEBP),
    "/p/giphy (1).gif": ("GIF site name", {}),
    "/p/giphyfoo.gif": (None, {}),
    "/p/tenor.gif": ("GIF site name", {}),
    "/p/tenor solo.jpg": (None, {}),
    "/p/a9KYbbZ_460s.jpg": ("9GAG name", {}),
    "/p/a9KYbbZ_460svvp9.webm": (None, VIDEO | {"mime_type": "video/webm", "file_name": "a9KYb_460sv.webm"}),
    "/p/a9KYbbZ_700bwp.webp": ("9GAG name", WEBP),
    "/p/a9KYbbZ_460x.jpg": (None, {}),
    "/p/Funny meme.JPG": ("meme in the name", {}),
    "/p/Memento.jpg": (None, {}),
    "/p/memes/x.jpg": ("meme or sticker folder", {}),
    "/p/my memes folder/x.jpg": (None, {}),
    "/p/Screenshot_2024-05-17.png": ("screenshot name", {}),
    "/p/2024 Screenshot.jpg": ("screenshot name", {}),
    "/p/Снимок экрана 2024-05-17.png": ("screenshot name", {}),
    "/p/Capture d’écran 2024.png": ("screenshot name", {}),
    "/p/Capture d’e\u0301cran 2024.png": ("screenshot name", {}),
    "/p/Screening.jpg": (None, {}),
    "/p/Screen Recording 2024.mov": ("screenshot name", VIDEO),
    "/p/Screenshot.pdf": (None, PDF),
    "/p/Screenshots/a.jpg": ("screenshot folder", {}),
    "/p/Screenshots of 2024/a.jpg": (None, {}),
    "/p/IMG_0001.PNG": ("screenshot comment", {"description": "Screenshot"}),
    "/p/IMG_0002.PNG": (None, {"description": "A Screenshot"}),
    "/p/1.png": ("PNG of a phone screen's size", PNG | {"width": 1170, "height": 2532}),
    "/p/2.png": ("PNG of a phone screen's size", PNG | {"width": 2532, "height": 1170}),
    "/p/3.png": (None, PNG | {"width": 1170, "height": 2533}),
    "/p/4.png": (None, PNG | {"width": 1170, "height": 2532} | CAMERA),
    "/p/5.jpg": (None, {"width": 1170, "height": 2532}),
    "/p/6.png": ("PNG of a phone screen's size", PNG | {"width": 1080, "height": 1920}),
    "/p/7.png": (None, PNG | {"width": 1920, "height": 1080}),
    "/p/8.png": (None, PNG | {"width": 2**31 - 1, "height": 2**31 - 1}),
    "/p/IMG-20240517-WA0012.jpg": ("WhatsApp name", CAMERA),
    "/p/VID-20240517-WA0012.mp4": ("WhatsApp name", VIDEO),
    "/p/PTT-20240517-WA0012.opus": ("WhatsApp name", AUDIO),
    "/p/IMG-holidays-waiter.jpg": (None, {}),
    "/p/IMG-2024051-WA0012.jpg": (None, {}),
    "/p/WhatsApp Image 2024-05-17 at 10.11.12.jpeg": ("WhatsApp name", {}),
    "/p/WhatsApp Image of us.jpeg": (None, {}),
    "/p/photo_2024-05-17_10-11-12.jpg": ("Telegram name", {}),
    "/p/photo_2024.jpg": (None, {}),
    "/p/photo_5@17-05-2024_10-11-12.jpg": ("Telegram name", {}),
    "/p/signal-2024-05-17-101112.jpg": ("Signal name", {}),
    "/p/signal-tower.jpg": (None, {}),
    "/p/FB_IMG_1546300800000.jpg": ("Facebook name", {}),
    "/p/FB_IMG_x.jpg": (None, {}),
    "/p/received_1234567890.jpeg": ("Facebook name", {}),
    "/p/received_2024.jpeg": (None, {}),
    "/p/12345678_1234567890_1234567890_n.jpg": ("Facebook name", {}),
    "/p/12345678_1234567890_n.jpg": (None, {}),
    "/p/viber_image_2024-05-17_10-11-12.jpg": ("Viber name", {}),
    "/p/viber image.jpg": (None, {}),
    "/p/mmexport1546300800000.jpg": ("WeChat name", {}),
    "/p/mmexports.jpg": (None, {}),
    "/p/LINE_ALBUM_trip_240517.jpg": ("LINE name", {}),
    "/p/line.jpg": (None, {}),
    "/p/KakaoTalk_20240517_101112345.jpg": ("KakaoTalk name", {}),
    "/p/KakaoTalk.jpg": (None, {}),
    "/p/threema-20240517-101112345.jpg": ("Threema name", {}),
    "/p/threema-logo.jpg": (None, {}),
    "/p/Snapchat-123456.jpg": ("Snapchat name", {}),
    "/p/Snapchat.jpg": (None, {}),
    "/p/WhatsApp Images/Sent/a.jpg": ("messenger folder", {}),
    "/p/WhatsApp Images of Ann/a.jpg": (None, {}),
    "/p/Scan0001.jpg": ("scan name", {}),
    "/p/scan 1.pdf": ("scan name", PDF),
    "/p/Scandinavia.jpg": (None, {}),
    "/p/scanner.jpg": (None, {}),
    "/p/a.jpg": ("scanner", {"camera_make": "Canon", "camera_model": "CanoScan 9000F"}),
    "/p/b.jpg": ("scanner", {"camera_make": "EPSON", "camera_model": "Perfection V600"}),
    "/p/c.jpg": (None, {"camera_make": "Canon", "camera_model": "EOS 90D"}),
    "/p/d.jpg": ("scanning software", {"extra_metadata": {"software": "VueScan 9 x64"}}),
    "/p/e.jpg": (None, {"extra_metadata": {"lens": "VueScan", "software": "Ver. 1.0"}}),
    "/p/page.jpg": ("white page", PAGE),
    "/p/page turned.jpg": ("white page", PAGE | {"width": 2339, "height": 1654}),
    "/p/letter.jpg": ("white page", PAGE | {"width": 1700, "height": 2200}),
    "/p/page too dark.jpg": (None, PAGE | {"mean_luminance": 199.9}),
    "/p/page not inspected.jpg": (None, {"width": 1654, "height": 2339}),
    "/p/photo of a page.jpg": (None, PAGE | CAMERA),
    "/p/page too wide.jpg": (None, PAGE | {"width": 1750}),
    "/p/page too small.jpg": (None, PAGE | {"width": 1060, "height": 1499}),
    "/p/page just large enough.jpg": ("white page", PAGE | {"width": 1060, "height": 1500}),
    "/p/f.webp": ("WebP of 512 pixels", WEBP | {"width": 512, "height": 470}),
    "/p/g.webp": (None, WEBP | {"width": 513, "height": 512}),
    "/p/h.webp": (None, WEBP | {"width": 512, "height": 512} | CAMERA),
    "/p/00001IMG_00001_BURST20240517101112345_COVER.jpg": ("burst name", CAMERA),
    "/p/sunburst2.jpg": (None, {}),
    "/p/IMG_1234-edited.jpg": ("name of an edited picture", CAMERA),
    "/p/IMG_E1234.JPG": ("name of an edited picture", CAMERA),
    "/p/unedited.jpg": (None, {}),
    "/p/IMG_East.JPG": (None, {}),
    "/p/i.jpg": ("editing software", CAMERA | {"extra_metadata": {"software": "Adobe Photoshop 25.0"}}),
    "/p/j.jpg": (None, CAMERA | {"extra_metadata": {"software": "Firmware 1.2", "x": "Adobe Photoshop"}}),
    "/p/k.jpg": (None, CAMERA | {"extra_metadata": {"software": None}}),
    "/p/k2.jpg": (None, CAMERA | {"extra_metadata": {"software": 5, "x": "Adobe Photoshop"}}),
    "/p/k3.jpg": (
        "editing software",
        CAMERA | {"extra_metadata": {"a": 1, "software": 'GIMP "2.10"', "z": 2}},
    ),
    "/p/k4.jpg": (None, CAMERA | {"extra_metadata": {"comment": '"software": "GIMP"'}}),
    "/p/line\nbreak Screenshot.jpg": ("screenshot name", {}),
    "/p/it's 100% $1 :x.jpg": (None, {}),
}


def fill(library: MediaLibrary) -> None:
    """Store one item for each case."""

    async def add() -> None:
        async with library.database.session() as session:
            for number, (path, (_, given)) in enumerate(CASES.items()):
                values = dict(given)
                luminance = values.pop("mean_luminance", None)
                names = ("width", "height", "camera_make", "camera_model", "description", "extra_metadata")
                facts = {name: values.pop(name) for name in names if name in values}
                own = {
                    "media_type": "image",
                    "mime_type": "image/jpeg",
                    "file_name": Path(path).name,
                    **values,
                }
                stored = item(path, facts=facts, file_hash=f"{number:064}", **own)
                session.add(stored)
                if luminance is not None:
                    shares = {"clipped_shadows": 0.0, "clipped_highlights": 0.5, "entropy": 3.0}
                    measures = {"file_hash": stored.file_hash, "mean_luminance": luminance, **shares}
                    await session.execute(insert(picture_quality).values(measures))
            await session.commit()

    run_sync(add())


def rules(library: MediaLibrary, engine: str | None = None) -> dict[str, str | None]:
    """Return the rule for each path."""
    query = "SELECT file_path, looks_like, looks_like_rule FROM media"
    frame = library.sql(query, engine=engine) if engine else library.sql(query)
    values = {rule.name: rule.value for rule in RULES}
    found = frame.astype(object).where(frame.notna(), None)
    for row in found.itertuples():
        assert row.looks_like == values.get(row.looks_like_rule)
    return dict(zip(found["file_path"], found["looks_like_rule"], strict=True))


EXPECTED = {path: rule for path, (rule, _) in CASES.items()}


def test_every_rule_has_a_match_and_a_value() -> None:
    """No rule is untested, and names of rules are unique."""
    assert {rule.name for rule in RULES} == {rule for rule in EXPECTED.values() if rule}
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert {rule.value for rule in RULES} == set(LOOKS_LIKE)


def test_each_rule_on_the_database_and_its_snapshot(library: MediaLibrary) -> None:
    """Each case has its rule on SQLite and PostgreSQL, and on the snapshot."""
    fill(library)
    assert rules(library, "database") == EXPECTED
    assert rules(library) == EXPECTED


def test_each_rule_in_the_snapshot_of_a_large_library(
    lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that builds the snapshot of a large library has the same rules."""
    monkeypatch.setattr(parallel_build, "LARGE_LIBRARY", 1)
    fill(lib)
    assert rules(lib) == EXPECTED


def test_read_only_library(library: MediaLibrary) -> None:
    """The rules also work on a read-only connection, on which SQLite refuses some functions in views."""
    fill(library)
    scans = library.count(looks_like="scan")
    with MediaLibrary(library.database.url, read_only=True, engine="database") as read_only:
        assert read_only.count(looks_like="scan") == scans
        assert len(read_only.similar(looks_like="scan")) == 0


def test_filter_facet_and_dimension(library: MediaLibrary) -> None:
    """Items are selected, counted and grouped by what they look like, also with engine="database"."""
    fill(library)
    scans = library.items(looks_like="Scan", order_by="file_path")
    values = {rule.name: rule.value for rule in RULES}
    expected = sorted(path for path, rule in EXPECTED.items() if rule and values[rule] == "scan")
    assert sorted(scans["file_path"]) == expected
    assert library.count(looks_like=["scan", "burst member"]) == len(expected) + 1
    facet = library.facets("looks_like").set_index("value")["files"]
    assert facet["scan"] == len(expected) and set(facet.index) == set(LOOKS_LIKE)
    by_rule = library.summary("looks_like_rule").set_index("looks_like_rule")["files"]
    assert by_rule["WhatsApp name"] == 4
    with pytest.raises(FilterError, match="'screen shot' is not a value of looks_like. Use one of"):
        library.items(looks_like="screen shot")


def test_a_renamed_and_an_inspected_file_have_current_answers(lib: MediaLibrary) -> None:
    """The answer follows the name and the measured pixels at the next query."""
    fill(lib)
    assert lib.count(looks_like="burst member") == 1

    async def change() -> None:
        async with lib.database.transaction() as connection:
            await connection.exec_driver_sql(
                "UPDATE media_items SET file_name = 'IMG_BURST12.jpg' WHERE file_path = '/p/Memento.jpg'"
            )
            await connection.exec_driver_sql(
                "INSERT INTO picture_quality SELECT file_hash, 1, 0, 0, 240, 3 FROM media_items "
                "WHERE file_path = '/p/page not inspected.jpg'"
            )

    run_sync(change())
    assert lib.count(looks_like="burst member") == 2
    assert "/p/page not inspected.jpg" in set(lib.items(looks_like="scan")["file_path"])
