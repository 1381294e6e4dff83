"""Scans of real files: items, copies, failures, and files that are not opened again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import mfkit
from mfkit.errors import FolderNotFoundError
from mfkit.scan import item_rows
from mfkit.scan.extract import registry
from tests.samples import new_library

LONG_AGO = 1_500_000_000


@pytest.fixture
def media(tmp_path) -> Path:
    """Folder with a few small files that were modified long ago."""
    folder = tmp_path / "media"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "sub/c.txt"):
        write(folder / name, f"content of {name}")
    return folder


def write(path: Path, text: str, *, at: int = LONG_AGO) -> None:
    path.write_text(text)
    os.utime(path, (at, at))


def rescan(library: mfkit.MediaLibrary, folder: Path):
    return library.scan(folder, progress=False).total


def test_counts_of_the_demo_match_the_disk(library, demo):
    """Files and bytes match the file system; copies, failures and empty files are counted."""
    report = rescan(library, demo)
    files = [path for path in demo.rglob("*") if path.is_file()]
    totals = library.totals().iloc[0]
    assert report.files == totals.files == len(files)
    assert report.size == totals.bytes == sum(path.stat().st_size for path in files)
    assert totals.copies == report.copies == 12
    assert totals.unread == 1
    failures = library.failures()
    assert sorted(failures.stage) == ["probe", "probe", "read"]
    assert (failures.error == "The file is empty.").sum() == 1


def test_metadata_of_real_files(library, demo):
    """Metadata is extracted from photos, videos, music and documents."""
    rescan(library, demo)
    photos = library.items(media_type="image", has_location=True)
    assert len(photos) > 30 and photos.camera_model.notna().any() and photos.file_created_at.notna().all()
    films = library.items(media_type="video", missing=None)
    read = films[films.is_processed]
    assert (read.duration > 0).all() and (read.width > 0).all() and read.video_codec.notna().all()
    assert {"h264", "vp9", "mpeg2video"} <= set(read.video_codec)
    assert (read.compression_ratio > 1).all() and read.is_compressed.all()
    tracks = library.items(media_type="audio", min_duration=0.1)
    assert tracks.artist.nunique() > 5 and (tracks.sample_rate > 0).all() and (tracks.channels > 0).all()
    assert library.count(extension="pdf") >= 5
    assert library.items(extension="pdf").title.notna().any()


def test_a_second_scan_opens_no_file(library, demo):
    """A system call trace shows that unchanged files, copies and failures are not opened again."""
    rescan(library, demo)
    url = library.database.url.render_as_string(hide_password=False)
    code = (
        "import sys, mfkit\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: event == 'open' and opened.append(str(args[0])))\n"
        f"library = mfkit.MediaLibrary({url!r})\n"
        f"total = library.scan({str(demo)!r}, progress=False).total\n"
        f"mine = [one for one in opened if {str(demo)!r} in one]\n"
        "print(total.files, total.unchanged, total.failed, mine)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # Two of the files that were read are not understood; they count as unchanged and as failed.
    assert done.stdout.strip() == "200 199 3 []"


def test_a_new_extractor_version_extracts_metadata_again(library, demo, monkeypatch):
    """The next scan extracts the metadata of all files again, and keeps hashes and ids."""
    rescan(library, demo)
    before = library.items(missing=None).set_index("id").file_hash
    monkeypatch.setattr("mfkit.scan.scanner.EXTRACTOR_VERSION", registry.EXTRACTOR_VERSION + 1)
    report = rescan(library, demo)
    assert report.updated == len(before) and report.added == 0
    assert library.items(missing=None).set_index("id").file_hash.sort_index().equals(before.sort_index())
    assert rescan(library, demo).updated == 0


def test_a_move_keeps_id_and_tags(library, media):
    """A moved file stays the same item."""
    rescan(library, media)
    before = library.items(extension="txt", text="a.txt").iloc[0]
    library.tag(before.id, "kept")
    (media / "a.txt").rename(media / "sub" / "moved.txt")
    report = rescan(library, media)
    after = library.items(tags="kept").iloc[0]
    assert (report.moved, report.added, report.missing) == (1, 0, 0)
    assert (after.id, after.file_name, after.folder) == (before.id, "moved.txt", str(media / "sub"))


def test_a_missing_file_that_is_found_again(library, media):
    """A missing file is marked and keeps its row; when it is found again, it is not read again."""
    rescan(library, media)
    (media / "a.txt").rename(media.parent / "aside")
    assert rescan(library, media).missing == 1
    assert library.count() == 2 and library.count(missing=True) == 1
    (media.parent / "aside").rename(media / "a.txt")
    report = rescan(library, media)
    assert (report.missing, report.unchanged, library.count(missing=True)) == (0, 3, 0)


def test_an_edited_file_keeps_its_row(library, media):
    """Changed content at the same path keeps id and tags and gets new metadata."""
    rescan(library, media)
    before = library.items(text="a.txt").iloc[0]
    library.tag(before.id, "kept")
    write(media / "a.txt", "another content", at=LONG_AGO + 60)
    report = rescan(library, media)
    after = library.items(tags="kept").iloc[0]
    assert (report.updated, report.added) == (1, 0)
    assert after.id == before.id and after.file_hash != before.file_hash and after.file_size == 15


def test_an_edited_file_whose_old_content_is_at_a_new_path(library, media):
    """The edited file stays its item, and the new file becomes a new item."""
    rescan(library, media)
    write(media / "d.txt", (media / "a.txt").read_text(), at=LONG_AGO + 60)
    write(media / "a.txt", "another content", at=LONG_AGO + 60)
    report = rescan(library, media)
    assert (report.updated, report.added) == (1, 1)
    assert library.count() == 4 and rescan(library, media).unchanged == 4


def test_a_copy_where_an_item_went_missing(library, media):
    """A missing item at the same path does not make the copy count as missing."""
    shutil.copy2(media / "a.txt", media / "b2.txt")
    rescan(library, media)
    for name in ("a.txt", "b2.txt"):
        write(media / name, "both new", at=LONG_AGO + 60)
    rescan(library, media)
    before = library.totals().iloc[0].to_dict()
    assert rescan(library, media).unchanged == 4 and before["copies"] == 1
    assert library.totals().iloc[0].to_dict() == before


def test_a_copy_replaces_its_missing_original(library, media):
    """When the original is removed, the item gets the path of the copy."""
    shutil.copy2(media / "a.txt", media / "sub" / "z.txt")
    rescan(library, media)
    assert library.duplicates().file_name.tolist() == ["a.txt", "z.txt"]
    (media / "a.txt").unlink()
    assert rescan(library, media).missing == 0
    assert library.count() == 3 and library.duplicates().empty
    assert library.count(text="z.txt") == 1


def test_an_empty_root_marks_nothing_missing(library, media):
    """An empty root may be an unmounted drive, so the report has a note instead."""
    rescan(library, media)
    aside = media.parent / "aside"
    media.rename(aside)
    media.mkdir()
    report = library.scan(media, progress=False)
    assert report.total.missing == 0 and library.count() == 3
    assert "Nothing was marked as missing" in str(report) and "No files were found" not in str(report)
    new = media.parent / "new"
    new.mkdir()
    assert library.scan(new, progress=False).notes == (f"No files were found in {new}.",)


def bound_by_permissions(script: str) -> list[str]:
    """Return the command that runs a script so that file permissions bind it, also for root."""
    command = [sys.executable, "-c", script]
    if os.geteuid() != 0:
        return command
    powers = "-dac_override,-dac_read_search"
    return ["setpriv", f"--inh-caps={powers}", f"--bounding-set={powers}", *command]


def test_an_unreadable_folder_marks_nothing_missing(tmp_path, media):
    """Files below a folder that cannot be listed are not marked as missing."""
    script = (
        "import mfkit, os, sys\n"
        f"library = mfkit.MediaLibrary({str(tmp_path / 'library.db')!r})\n"
        f"library.scan({str(media)!r}, progress=False)\n"
        f"os.chmod({str(media / 'sub')!r}, 0)\n"
        f"total = library.scan({str(media)!r}, progress=False).total\n"
        "print(total.missing, total.failed, library.count(), library.failures().stage.tolist())\n"
    )
    done = subprocess.run(bound_by_permissions(script), capture_output=True, text=True)
    (media / "sub").chmod(0o755)
    assert done.stdout.strip() == "0 1 3 ['walk']", done.stderr


def test_names_that_are_not_utf8(library, media):
    """Such a path is stored readably, keeps its bytes, and is recognized by the next scan."""
    if sys.platform == "win32":
        pytest.skip("names are not bytes on Windows")
    path = os.path.join(os.fsencode(media), b"caf\xe9.txt")
    with open(path, "w") as file:
        file.write("coffee")
    os.utime(path, (LONG_AGO, LONG_AGO))
    rescan(library, media)
    item = library.items(text="caf").iloc[0]
    assert item.file_name == "caf\\xe9.txt" and "path_bytes" in item.extra_metadata
    assert rescan(library, media).unchanged == 4


def test_hostile_names(library, media):
    """File names with SQL, HTML or control characters are stored unchanged."""
    for name in ("'; DROP TABLE media_items; --", "%s {x} \\x41 ?", "a\nb", "<img src=x onerror=alert(1)>"):
        write(media / name, name)
    assert rescan(library, media).added == 7
    assert rescan(library, media).unchanged == 7


def test_a_file_changed_just_before_the_scan_is_read_again(library, media, monkeypatch):
    """A later change could have the same modification time, which may be rounded to two seconds."""
    assert item_rows.CLOCK_RESOLUTION == timedelta(seconds=2)
    monkeypatch.setattr(
        item_rows, "CLOCK_RESOLUTION", timedelta(hours=1)
    )  # the test may take longer than that
    (media / "now.txt").write_text("just now")
    rescan(library, media)
    assert rescan(library, media).unchanged == 3


def test_a_root_within_another_is_scanned_once(library, media):
    """A root inside another root is not scanned again."""
    report = library.scan(media, media / "sub", media, progress=False)
    assert list(report.roots) == [str(media)]


def test_without_roots_the_earlier_ones_are_scanned(library, media):
    """scan() without roots scans the roots of earlier scans."""
    rescan(library, media)
    assert library.scan(progress=False).total.unchanged == 3


@pytest.mark.parametrize("name, words", [("nowhere", "does not exist"), ("a.txt", "is a file")])
def test_a_root_that_cannot_be_scanned(library, media, name, words):
    """A root that does not exist or is a file raises an error before anything is scanned."""
    with pytest.raises(FolderNotFoundError, match=words):
        library.scan(media, media / name, progress=False)
    assert library.scans().empty


def test_scan_without_any_root(library):
    """scan() of a new library needs a folder."""
    with pytest.raises(FolderNotFoundError, match="Name one"):
        library.scan()


def test_an_interrupted_scan_keeps_what_is_stored(tmp_path, demo):
    """Ctrl-C stops the scan quickly and marks it as interrupted; the next scan reads the rest."""
    new_library(tmp_path / "library.db").close()
    script = (
        "import mfkit, os, signal, threading, time\n"
        f"library = mfkit.MediaLibrary({str(tmp_path / 'library.db')!r})\n"
        "def interrupt():\n"
        "    while library.scans().empty:\n"
        "        time.sleep(0.05)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=interrupt).start()\n"
        f"library.scan('/usr/share', {str(demo)!r}, workers=1, progress=False)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert "KeyboardInterrupt" in done.stderr
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        assert library.scans().status.tolist() == ["interrupted"]
        assert library.scan(demo, progress=False).total.files == 200


def test_the_report_prints_and_serialises(library, media):
    """A report has a readable text, and the same numbers as JSON values."""
    report = library.scan(media, progress=False)
    assert "3 files" in str(report) and "3 added" in str(report)
    assert report.as_dict()["total"]["added"] == 3
    assert report._repr_html_().startswith("<pre>")
