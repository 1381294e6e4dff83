"""Choice of the capture time among all stated dates."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mfkit.scan.extract.capture_time import FIELDS, with_capture_time
from mfkit.scan.extract.schema import StatedDate

NOON = datetime(2020, 6, 1, 12)
ANDROID_DEFAULT = datetime(2002, 12, 8, 12)


def choose(*dates: StatedDate, name: str = "", media_type: str = "image", **fields: Any) -> tuple[Any, ...]:
    """Return the chosen time, its precision and its origin."""
    found = with_capture_time({"dates": dates, **fields}, name, media_type)
    origins = found.get("extra", {}).get("origins", {})
    return found.get("taken_at"), found.get("taken_precision"), origins.get("taken_at")


def test_the_most_trusted_field_is_chosen() -> None:
    """Each field comes before all later ones, in whatever order they are found."""
    fields = list(FIELDS)
    dates = [StatedDate(field, NOON + timedelta(hours=place)) for place, field in enumerate(fields)]
    for first in range(len(fields)):
        expected = FIELDS[fields[first]] or "pdf"
        found = choose(*reversed(dates[first:]), extra={"origins": {"taken_at": "pdf"}})
        assert found == (NOON + timedelta(hours=first), "second", expected)


def test_without_dates_there_is_no_capture_time() -> None:
    """Nothing is made up."""
    assert choose() == (None, None, None)


def test_an_epoch_is_skipped() -> None:
    """A less trusted field is used instead."""
    zero = StatedDate("exif original", datetime(1970, 1, 1))
    assert choose(zero, StatedDate("text", NOON)) == (NOON, "second", "text")


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], (ANDROID_DEFAULT, "second", "exif")),
        ([StatedDate("exif DateTime", NOON)], (NOON, "second", "exif DateTime")),
        ([StatedDate("gps", NOON.replace(tzinfo=UTC))], (NOON.replace(tzinfo=UTC), "second", "gps")),
    ],
)
def test_a_factory_date_is_used_only_alone(others: list[StatedDate], expected: tuple[Any, ...]) -> None:
    """Android writes 2002-12-08 12:00 while its clock is not set."""
    assert choose(StatedDate("exif digitized", ANDROID_DEFAULT), *others) == expected


def test_a_factory_date_comes_after_the_name() -> None:
    """The name of the file is a better field."""
    found = choose(StatedDate("exif original", ANDROID_DEFAULT), name="IMG_20130712_165427.jpg")
    assert found == (datetime(2013, 7, 12, 16, 54, 27), "second", "file name")


@pytest.mark.parametrize(
    ("precision", "origin"),
    [("year", "file name"), ("month", "file name"), ("day", "exif"), ("minute", "exif"), ("second", "exif")],
)
def test_the_name_completes_a_year_or_month(precision: str, origin: str) -> None:
    """The second in the name replaces a year or a month, but not a day or a time."""
    stated = StatedDate("exif original", datetime(2013, 7, 1), precision)
    found = choose(stated, name="IMG_20130712_165427.jpg")
    assert found == (
        (datetime(2013, 7, 12, 16, 54, 27), "second", origin)
        if origin == "file name"
        else (datetime(2013, 7, 1), precision, origin)
    )


def test_the_name_comes_last() -> None:
    """Any stated date comes before it, and documents have no capture time in their name."""
    name = "IMG_20130712_165427.jpg"
    assert choose(StatedDate("exif DateTime", NOON), name=name)[2] == "exif DateTime"
    assert choose(name=name)[2] == "file name"
    assert choose(name=name, media_type="document") == (None, None, None)


def test_a_day_comes_before_a_year() -> None:
    """A year alone, such as that of a release, says less than the header of the movie."""
    header = StatedDate("movie header", NOON.replace(tzinfo=UTC))
    year, day = (
        StatedDate("quicktime day", datetime(2019, 1, 1), precision) for precision in ("year", "day")
    )
    assert choose(year, header)[0] == NOON.replace(tzinfo=UTC)
    assert choose(day, header) == (datetime(2019, 1, 1), "day", "quicktime")


@pytest.mark.parametrize(
    ("name", "duration", "offset"),
    [
        ("VID_20200601_140003.mp4", None, 2.0),
        ("VID_20200601_173000.mp4", None, 5.5),
        ("VID_20200601_023000.mp4", None, -9.5),
        ("VID_20200601_135000.mp4", 600.0, 2.0),  # the header has the end of the recording
        ("VID_20200601_120000.mp4", None, 0.0),
        ("VID_20200601_140100.mp4", None, 2.0),  # a minute apart
        ("VID_20200601_140101.mp4", None, 0.0),
        ("VID_20200602_020000.mp4", None, 14.0),
        ("VID_20200602_023000.mp4", None, 0.0),  # no offset is larger than 14 hours
        ("VID_20200531_220000.mp4", None, -14.0),
        ("VID_20200601_141200.mp4", None, 0.0),
        ("VID_20200603_120000.mp4", None, 0.0),
        ("PXL_20200601_120000123.mp4", None, 0.0),
        ("VID_20200601.mp4", None, 0.0),  # a day without a time is not a capture time
        ("2020-06-01_14-00.mp4", None, 0.0),
    ],
)
def test_the_offset_of_a_movie_from_its_name(name: str, duration: float | None, offset: float) -> None:
    """The header states UTC and the name local time; they differ by the offset of the camera's clock."""
    header = NOON.replace(tzinfo=UTC)
    found, _, origin = choose(
        StatedDate("movie header", header), name=name, media_type="video", duration=duration
    )
    assert found == header and origin == "container"
    assert found.utcoffset() == timedelta(hours=offset)


def test_an_offset_is_kept() -> None:
    """The chosen time is aware if its field states an offset."""
    aware = NOON.replace(tzinfo=timezone(timedelta(hours=-5)))
    found = choose(StatedDate("xmp original", aware))[0]
    assert found.isoformat() == "2020-06-01T12:00:00-05:00"


@pytest.mark.parametrize(
    ("other", "offset"),
    [
        (StatedDate("xmp original", NOON.replace(tzinfo=timezone(timedelta(hours=-5)))), -300),
        (StatedDate("iptc created", NOON.replace(tzinfo=timezone(timedelta(minutes=330)))), 330),
        (StatedDate("xmp original", NOON.replace(second=1, tzinfo=UTC)), None),
        (StatedDate("gps", NOON.replace(tzinfo=UTC)), None),
    ],
)
def test_the_offset_may_be_in_another_field(other: StatedDate, offset: int | None) -> None:
    """A field with the same local time adds its UTC offset; the satellites' time is always in UTC."""
    expected = None if offset is None else timedelta(minutes=offset)
    for precision, added in (("second", expected), ("minute", expected), ("day", None)):
        taken_at, _, origin = choose(StatedDate("exif original", NOON, precision), other)
        assert origin == "exif" and taken_at.replace(tzinfo=None) == NOON
        assert taken_at.utcoffset() == added


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("exif original", "exif digitized"),
        ("exif original", "xmp original"),
        ("xmp original", "exif digitized"),
        ("exif digitized", "xmp DateCreated"),
        ("xmp DateCreated", "iptc created"),
        ("iptc created", "iptc digitized"),
        ("iptc digitized", "quicktime creationdate"),
        ("quicktime creationdate", "quicktime day"),
        ("quicktime day", "recorded"),
        ("riff", "movie header"),
        ("h264 sei", "movie header"),
        ("movie header", "xmp CreateDate"),
        ("xmp CreateDate", "text"),
        ("text", "gps"),
        ("gps", "exif DateTime"),
        ("exif DateTime", "file name"),
    ],
)
@pytest.mark.parametrize("precision", ["second", "minute", "day"])
def test_order_of_fields(better: str, worse: str, precision: str) -> None:
    """The order is that of docs/fidelity.md; a time of day does not count more than the field."""
    later = NOON + timedelta(days=1)
    found = choose(StatedDate(worse, later), StatedDate(better, NOON, precision))
    assert found[:2] == (NOON, precision)


@pytest.mark.parametrize("precision", ["month", "year"])
def test_a_complete_date_is_better_than_a_month(precision: str) -> None:
    """A month or a year is used only if no field states a day."""
    found = choose(StatedDate("exif original", NOON, precision), StatedDate("exif DateTime", NOON, "day"))
    assert found == (NOON, "day", "exif DateTime")
    month, year = StatedDate("gps", NOON, "month"), StatedDate("exif original", NOON, "year")
    assert choose(year, month)[1] == "month"


def test_the_dos_epoch_is_a_factory_date() -> None:
    """Cameras without a clock write 1980-01-01 00:00, and Excel writes 1899-12-30."""
    epoch = StatedDate("exif original", datetime(1980, 1, 1))
    assert choose(epoch, StatedDate("exif DateTime", NOON))[0] == NOON
    assert choose(epoch._replace(value=datetime(1899, 12, 30)), StatedDate("exif DateTime", NOON))[0] == NOON
    later = StatedDate("exif original", datetime(1980, 1, 1, 0, 0, 1))
    assert choose(later, StatedDate("exif DateTime", NOON))[0] == later.value


@pytest.mark.parametrize("media_type", ["image", "video", "audio"])
def test_names_of_media_state_a_date(media_type: str) -> None:
    """Voice messages have dated names, too."""
    found = choose(name="AUD-20190101-WA0001.opus", media_type=media_type)
    assert found == (datetime(2019, 1, 1), "day", "file name")
