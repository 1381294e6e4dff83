"""What a scan leaves out: folders and files that no person put there, and what a person asks to leave out.

Hidden files and folders are scanned like all others: people hide pictures too. Left out by default are only
names that systems and programs give to what is theirs; `FOLDERS` and `FILES` say which, and why.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mfkit.errors import FilterError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec, PathSpec, Pattern

FOLDERS = frozenset(
    (
        # Version control and packages of code: objects under hashed names, icons of other people's programs.
        ".git",
        ".hg",
        ".svn",
        ".bzr",
        "node_modules",
        "__pycache__",
        # Thumbnails and caches that programs make from the media that are scanned themselves.
        "@eadir",
        ".@__thumb",
        ".thumbnails",
        ".cache",
        ".dropbox.cache",
        # Recycle bins, next to those whose names begin with .trash: thrown away is not in the library.
        "#recycle",
        "@recycle",
        "$recycle.bin",
        "recycler",
        ".dtrash",
        # Snapshots: every file of the volume once more for each of them.
        "#snapshot",
        "@recently-snapshot",
        ".snapshot",
        ".snapshots",
        ".zfs",
        ".stversions",
        # The file system's and the system's own records.
        "lost+found",
        "system volume information",
        ".spotlight-v100",
        ".fseventsd",
        ".documentrevisions-v100",
        ".temporaryitems",
    )
)
"""Names of folders left out with all that is in them; case does not count."""

FILES = frozenset((".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory", ".localized"))
"""Names of files left out; case does not count. They hold a file manager's view of a folder."""

# Freedesktop's and macOS's bins (.Trash, .Trash-1000, .Trashes). Android renames a picture in its place
# for thirty days before it deletes it (.trashed-…), and while it is not wholly written (.pending-…).
_FOLDER_PREFIX = ".trash"
_FILE_PREFIXES = ("._", ".trashed-", ".pending-")


class IgnoreRules:
    """The rule for one scan.

    Patterns have the syntax of gitignore and are relative to the scanned root. The last one that fits
    decides, and `include` comes after `exclude`; where none fits, the defaults do. As with git, nothing
    below a folder that is left out can be brought back without the folder.

    Args:
        include: Patterns of what is scanned although a default or an `exclude` pattern leaves it out.
        exclude: Patterns of what is left out; ``!`` before one takes back an earlier one.

    Raises:
        FilterError: A pattern is empty or malformed.
    """

    __slots__ = ("_files", "_folders")

    def __init__(self, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> None:
        lines = [_line(pattern) for pattern in exclude]
        for pattern in include:
            if pattern.startswith("!"):
                raise FilterError(
                    f"The include pattern {pattern!r} begins with '!'; give it as an exclude "
                    "pattern instead, without the '!'."
                )
            lines.append("!" + _line(pattern))
        self._files: GitIgnoreSpec | None = None
        self._folders: PathSpec[Pattern] | None = None
        if lines:
            self._compile(lines)

    def _compile(self, lines: list[str]) -> None:
        # Here and not above: the processes that read files import this module, and never have a pattern.
        from pathspec import GitIgnoreSpec, PathSpec

        try:
            self._files = GitIgnoreSpec.from_lines(lines)
            # GitIgnoreSpec ranks patterns for files by whether they name the file or a folder above it; to a
            # folder itself that rank does not apply ("*" would always beat "!*/").
            self._folders = PathSpec(self._files.patterns)
        except ValueError as error:
            raise FilterError(f"A pattern is not in gitignore's syntax: {error}") from error

    @property
    def has_patterns(self) -> bool:
        """Whether there are other rules than the defaults."""
        return self._files is not None

    def matches(self, relative_path: str, is_folder: bool) -> bool:
        """Tell whether an entry is left out.

        Args:
            relative_path: Path below the scanned root, with slashes, without one at either end. Its
                folders are taken to have been asked about before, on the way down.
            is_folder: Whether the entry is a folder.
        """
        if self._files is not None and self._folders is not None:
            verdict = (
                self._folders.check_file(f"{relative_path}/")
                if is_folder
                else self._files.check_file(relative_path)
            ).include
            if verdict is not None:
                return verdict
        name = relative_path[relative_path.rfind("/") + 1 :].lower()
        if is_folder:
            return name in FOLDERS or name.startswith(_FOLDER_PREFIX)
        return name in FILES or name.startswith(_FILE_PREFIXES)


def _line(pattern: str) -> str:
    """A pattern as a line of gitignore, where ``#`` would begin a comment, but an argument has none."""
    if not pattern.strip() or "\n" in pattern:
        raise FilterError(f"{pattern!r} is no pattern; give one such as '*.tmp' or 'private/'.")
    return f"\\{pattern}" if pattern.startswith("#") else pattern
