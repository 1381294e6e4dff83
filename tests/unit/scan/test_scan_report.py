"""Reports of scans: sums, speeds and messages."""

from __future__ import annotations

from mfkit.scan.scan_report import Counts, Effort, ScanReport


def report() -> ScanReport:
    """Return the report of two roots in which every count differs."""
    effort = Effort()
    effort.add_seconds("read", 2.0, 10)
    effort.add_seconds("read", 2.0, 30)
    effort.add_seconds("store", 0.5, 40)
    effort.read_bytes = 12_345
    for stage in ("read", "probe", "probe"):
        effort.count_failure(stage)
    one = Counts(
        files=1000, size=10**6, added=1, updated=2, moved=3, unchanged=4, copies=5, missing=6, failed=7
    )
    other = Counts(files=500, size=2 * 10**6, added=10, updated=20, moved=30, unchanged=40, copies=50)
    return ScanReport({"/one": one, "/two": other}, 65.4321, effort, ("A \x1b note",))


def test_total_of_all_roots() -> None:
    """Each count of the total is the sum of the same count of all roots."""
    assert report().total == Counts(1500, 3 * 10**6, 11, 22, 33, 44, 55, 6, 7)


def test_speed_of_a_stage() -> None:
    """The speed is in files per second; a stage that took no time has none."""
    effort = report().effort
    assert (effort.rate("read"), effort.rate("store"), effort.rate("walk")) == (10.0, 80.0, 0.0)
    assert effort.failures == {"read": 1, "probe": 2}


def test_values_of_the_dict() -> None:
    """The dict has the counts of each root, the total, and the effort of each stage."""
    values = report().as_dict()
    assert values["roots"]["/one"]["missing"] == 6 and values["total"]["copies"] == 55
    assert values["stages"]["read"] == {"seconds": 4.0, "files": 40, "files_per_second": 10.0}
    assert (values["seconds"], values["read_bytes"]) == (65.432, 12_345)
    assert values["failures"] == {"read": 1, "probe": 2} and values["notes"] == ["A \x1b note"]


def test_text() -> None:
    """The text has all counts that are not 0, the speeds, the failures and the notes."""
    assert str(report()).split("\n") == [
        "1,500 files, 3.00 MB, in 1:05 min",
        "  11 added, 22 updated, 33 moved, 55 new copies, 44 unchanged, 6 missing, 7 failed",
        "  Speed: reading files 10 files/s, storing rows 80 files/s",
        "  Failures (1 reading files, 2 reading metadata): see lib.failures()",
        "  A \\x1b note",
    ]


def test_text_of_a_small_scan() -> None:
    """Nouns are singular for one; new items are named even if there are none."""
    small = ScanReport({"/m": Counts(files=1, size=5, copies=1)}, 0.5)
    assert str(small).split("\n") == ["1 file, 5 B, in 0.5 s", "  0 added, 1 new copy"]


def test_html() -> None:
    """Names of roots in notes are escaped."""
    shown = ScanReport({}, 1.0, notes=("<b>empty</b>",))._repr_html_()
    assert shown.startswith("<pre>0 files") and "&lt;b&gt;empty&lt;/b&gt;" in shown
