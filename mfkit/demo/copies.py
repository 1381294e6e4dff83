"""Duplicates: the same bytes in a second place, as backups and double downloads leave them."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from mfkit.demo.entry import DemoCopy, DemoFile

# Folder, which of its files in order of name, folder of the copy, format of its name, days until copied
# with a new date (0: the date was kept).
COPIES = (
    ("Pictures/2014/Lisbon", (4, 5, 6), "Phone backup/2014", "{stem}{suffix}", 0),
    ("Pictures/2018/Sydney", (0, 2), "Phone backup/2018", "{stem}{suffix}", 0),
    ("Old laptop/My Pictures/2009-07 Kraków", (1,), "Old laptop/To sort", "Copy of {stem}{suffix}", 40),
    ("Pictures/2019/Cape Town", (3,), "Pictures/Best of", "cape town best{suffix}", 21),
    ("Pictures/2022/Lofoten 🏔️", (5,), "Pictures/Best of", "{stem}{suffix}", 0),
    ("Music/Los Faroles de Abril/Calle sin número", (0, 2), "Old laptop/To sort", "{stem}{suffix}", 0),
    ("Documents/Invoices/2019", (0,), "Downloads", "{stem} (1){suffix}", 2),
    ("Video/Holidays/2014 Lisbon", (1,), "Phone backup/2014", "{stem}{suffix}", 0),
)


def plan_copies(files: Sequence[DemoFile]) -> Iterator[DemoCopy]:
    """Plans the copies of files that are themselves planned; a folder left out has none."""
    for folder, picks, target, name, days in COPIES:
        inside = sorted(file.path for file in files if file.path.rpartition("/")[0] == folder)
        dates = {file.path: file.modified for file in files}
        for source in (inside[pick] for pick in picks if pick < len(inside)):
            stem, dot, ending = source.rpartition("/")[2].rpartition(".")
            path = f"{target}/{name.format(stem=stem, suffix=dot + ending)}"
            yield DemoCopy(path, source, dates[source] + timedelta(days=days))
