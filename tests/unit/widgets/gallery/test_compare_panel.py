"""Comparison of similar pictures and exact copies: decisions, tags, and exported paths."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mfkit import MediaFilter, MediaLibrary
from mfkit.filters.units import format_size
from mfkit.widgets import ComparePanel, Explorer, Selection


def scene(seed: int) -> Image.Image:
    """Return a picture with a few large areas, which recompression does not change much."""
    cells = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return Image.fromarray(cells).resize((800, 600), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def inspected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with an inspected library: two pictures, smaller versions, and exact copies of two files."""
    folder = tmp_path_factory.mktemp("compared")
    copies = folder / "media" / "copies"
    copies.mkdir(parents=True)
    for number in range(2):
        scene(number).save(folder / "media" / f"{number}.jpg", quality=95)
        scene(number).resize((400, 300)).save(folder / "media" / f"{number} small.jpg", quality=70)
    for name in ("0.jpg", "1 small.jpg"):
        shutil.copy2(folder / "media" / name, copies / name)
    with MediaLibrary(folder / "library.db") as library:
        library.scan(folder / "media", progress=False)
        library.inspect(progress=False)
    return folder


@pytest.fixture
def lib(inspected: Path, tmp_path: Path) -> Iterator[MediaLibrary]:
    """A copy of the inspected library."""
    shutil.copy2(inspected / "library.db", tmp_path / "library.db")
    with MediaLibrary(tmp_path / "library.db") as library:
        yield library


@pytest.fixture
def panel(lib: MediaLibrary) -> ComparePanel:
    return ComparePanel(lib)


def names(panel: ComparePanel, *, kept: bool) -> list[str]:
    return [one["name"] for one in panel.view.group["files"] if one["keep"] is kept]


def tell(panel: ComparePanel, **message: object) -> None:
    panel.view._handle_custom_msg(message, [])


def test_groups_name_the_differences(panel: ComparePanel) -> None:
    """The suggested file comes first and is kept; values that differ are marked."""
    group = panel.view.group
    assert (group["number"], group["total"], group["more"]) == (1, 2, 0)
    best, other = group["files"]
    assert best["values"][0] == ["800 × 600", True] and other["values"][0] == ["400 × 300", True]
    assert best["values"][2] == other["values"][2] == ["no original metadata", False]
    assert (best["keep"], other["keep"]) == (True, False)
    assert best["suggestion"] == "Suggestion: keep (most pixels)"
    assert other["suggestion"] == "Suggestion: remove (fewer pixels)"
    assert panel.tag_button.description == "Tag 1 file" and not panel.tag_button.disabled


@pytest.mark.parametrize(("kind", "name"), [("similar", "1.jpg"), ("copies", "1 small.jpg")])
def test_groups_of_the_selection(lib: MediaLibrary, kind: str, name: str) -> None:
    """Only files of the selection are compared."""
    found = lib.items()
    lib.tag(found[found["file_name"].str.startswith("1")], "chosen")
    panel = ComparePanel(lib, Selection(MediaFilter(tags="chosen")))
    panel.kind.value = kind
    assert panel.view.group["total"] == 1 and name in [one["name"] for one in panel.view.group["files"]]


def test_steps_stop_at_the_ends(panel: ComparePanel) -> None:
    """The first group has none before it, the last one none after it."""
    for by, number in ((-1, 1), (1, 2), (1, 2), (-1, 1)):
        tell(panel, kind="step", by=by)
        assert panel.view.group["number"] == number


def test_one_file_of_each_group_is_kept(panel: ComparePanel) -> None:
    """The last kept file cannot be released; after another one is kept, it can."""
    tell(panel, kind="keep", number=1, at=0, keep=False)
    assert panel.view.note == "Keep at least one file of each group."
    assert len(names(panel, kept=True)) == 1
    before = names(panel, kept=False)
    tell(panel, kind="keep", number=1, at=1, keep=True)
    assert panel.view.note == "" and names(panel, kept=False) == [] and panel.tag_button.disabled
    tell(panel, kind="keep", number=1, at=0, keep=False)
    assert names(panel, kept=True) == before
    tell(panel, kind="keep", number=2, at=0, keep=True)
    assert names(panel, kept=True) == before


def test_tag_the_rest(panel: ComparePanel, lib: MediaLibrary) -> None:
    """The files that are not kept are tagged, of this group or of all; decisions survive a new query."""
    tell(panel, kind="keep", number=1, at=1, keep=True)
    tell(panel, kind="keep", number=1, at=0, keep=False)
    released = names(panel, kept=False)
    panel.tag_button.click()
    assert list(lib.items(tags="to remove")["file_name"]) == released
    panel.refresh()
    assert names(panel, kept=False) == released
    panel.scope.value = "all"
    assert panel.tag_button.description == "Tag 2 files"
    panel.tag_button.click()
    assert lib.count(tags="to remove") == 2


def test_exact_copies_are_exported_by_path(
    panel: ComparePanel, inspected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies of one content cannot be tagged, but their paths are exported; a file is never replaced."""
    monkeypatch.chdir(tmp_path)
    panel.kind.value = "copies"
    assert panel.view.group["total"] == 2 and panel.tag_button.disabled
    (kept,), (removed,) = (
        [one["path"] for one in panel.view.group["files"] if one["keep"] is keep] for keep in (True, False)
    )
    assert {kept, removed} == {str(inspected / "media" / one) for one in ("0.jpg", "copies/0.jpg")}
    panel.format.value = "csv"
    assert panel.export_button.description == "Export 1 path"
    panel.export_button.click()
    with (tmp_path / "to remove.csv").open(newline="") as file:
        assert list(csv.reader(file))[1:] == [["1", kept, removed]]
    panel.export_button.click()
    assert "already exists" in panel.message.value
    panel.format.value = "sh"
    panel.export_button.click()
    script = (tmp_path / "to remove.sh").read_text()
    name = Path(removed).name
    assert script.endswith(f"\nmove_copy '{removed}' '00001-{name}' '{kept}'\n")
    assert "rm " not in script and panel.message.value == ""
    assert script.count('\nrefuse_inside "$1" \'/') == 1


def test_similar_files_are_exported_with_their_copies(
    panel: ComparePanel, inspected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All paths of an item are exported, and the row of each path names the path of the file to keep."""
    monkeypatch.chdir(tmp_path)
    if names(panel, kept=True) != ["1.jpg"]:
        tell(panel, kind="step", by=1)
    assert names(panel, kept=True) == ["1.jpg"] and panel.export_button.description == "Export 2 paths"
    number, media = str(panel.view.group["number"]), inspected / "media"
    bytes_of = {name: (media / name).stat().st_size for name in ("0 small.jpg", "1 small.jpg")}
    freed = 2 * bytes_of["1 small.jpg"]
    assert panel.summary.value == (
        f"This group: removing 2 files frees <b>{format_size(freed)}</b>; all 2 groups: removing 3 files "
        f"frees <b>{format_size(freed + bytes_of['0 small.jpg'])}</b>. This panel does not delete files."
    )
    panel.format.value = "csv"
    panel.export_button.click()
    with (tmp_path / "to remove.csv").open(newline="") as file:
        assert list(csv.reader(file))[1:] == [
            [number, str(media / "1.jpg"), str(media / one)] for one in ("1 small.jpg", "copies/1 small.jpg")
        ]
    assert panel.status.value.startswith("Exported 2 paths to ")


def test_nothing_to_compare(tmp_path: Path) -> None:
    """A library without inspected pictures says what to do."""
    scene(0).save(tmp_path / "0.jpg")
    with MediaLibrary(tmp_path / "library.db") as lib:
        lib.scan(tmp_path, progress=False)
        panel = ComparePanel(lib)
        assert panel.view.group == {} and "lib.inspect()" in panel.view.note
        assert panel.tag_button.disabled and panel.export_button.disabled
        panel.kind.value = "copies"
        assert panel.view.note == "No exact copies in this selection."


def test_gallery_and_table_share_the_chosen_files(lib: MediaLibrary) -> None:
    """Files chosen in the table are also chosen in the gallery, and vice versa."""
    explorer = Explorer(lib)
    ids = list(lib.items()["id"])
    explorer.files.grid.chosen = ids[:1]
    explorer.files_view.switch.value = "Gallery"
    gallery = explorer.files_view.gallery
    assert gallery is not None and gallery.chosen == (ids[0],)
    assert list(explorer.files_view.children) == [gallery] and not explorer.files.active and gallery.active
    gallery.grid.chosen = ids[1:3]
    assert explorer.files.chosen == tuple(ids[1:3])
    explorer.files_view.switch.value = "Table"
    assert explorer.files.chosen == tuple(ids[1:3]) and explorer.files.active and not gallery.active
    explorer.selection.change(text="small")
    assert explorer.files.chosen == () and gallery.chosen == ()
    explorer.files_view.switch.value = "Gallery"
    assert len(gallery.grid.ids) == 2 and explorer.files_view.gallery is gallery
