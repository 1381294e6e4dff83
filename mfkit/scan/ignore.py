"""Rules for the folders and files that a scan ignores: defaults, and gitignore patterns from the user.

By default a scan ignores only the names that operating systems and programs use for their own files,
listed in `FOLDERS` and `FILES`. Hidden files and folders are scanned, because users hide media too.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mfkit.errors import FilterError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec, PathSpec, Pattern

FOLDERS = frozenset(
    (
        # Folders of version control and code packages are ignored, because they contain program files and
        # icons, not the user's media.
        ".git",
        ".hg",
        ".svn",
        ".bzr",
        "node_modules",
        "__pycache__",
        # These folders are ignored, because they contain thumbnails and caches of scanned media.
        "@eadir",
        ".appledouble",
        ".appledb",
        ".@__thumb",
        ".thumbnails",
        ".cache",
        ".dropbox.cache",
        # Recycle bins are ignored. _FOLDER_PREFIX matches those with names that begin with .trash.
        "#recycle",
        "@recycle",
        "$recycle.bin",
        "recycler",
        ".dtrash",
        "network trash folder",
        # These folders are ignored, because each file system snapshot repeats all files of the volume.
        "#snapshot",
        "@recently-snapshot",
        ".snapshot",
        ".snapshots",
        ".zfs",
        ".stversions",
        # These folders are ignored, because they contain data of the file system and the operating system.
        "lost+found",
        "system volume information",
        ".spotlight-v100",
        ".fseventsd",
        ".documentrevisions-v100",
        ".temporaryitems",
        "temporary items",
    )
)
"""Lower-case names of folders that are ignored with their contents. Matching ignores case."""

FILES = frozenset((".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory", ".localized"))
"""Lower-case names of ignored files, which file managers create. Matching ignores case."""

# The recycle bins of Freedesktop and macOS are .Trash, .Trash-1000 and .Trashes. Android renames a file to
# .trashed-… for 30 days before it deletes it, and to .pending-… while it is being written. Synology's servers
# write previews named SYNOPHOTO_THUMB_… and SYNOFILE_THUMB_….
_FOLDER_PREFIX = ".trash"
_FILE_PREFIXES = ("._", ".trashed-", ".pending-", "synophoto_thumb_", "synofile_thumb_", "synoindex_")

INITIALS = frozenset(initial for name in (*FILES, *_FILE_PREFIXES) for initial in (name[0], name[0].upper()))
"""First characters of ignored names of files, by which a walk skips the check of most files."""


class IgnoreRules:
    """Rules that decide which files and folders a scan ignores.

    Patterns use gitignore syntax and are relative to the scanned root. The last matching pattern decides,
    and `include` is applied after `exclude`. If no pattern matches, the defaults decide. As in git, a file
    below an ignored folder can only be included together with that folder.

    Args:
        include: Patterns of files and folders to scan although a default or an `exclude` pattern ignores
            them.
        exclude: Patterns of files and folders to ignore; a leading ``!`` cancels an earlier pattern.

    Raises:
        FilterError: A pattern is empty or malformed.
    """

    __slots__ = ("_files", "_folders")

    def __init__(self, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> None:
        lines = [_to_gitignore_line(pattern) for pattern in exclude]
        for pattern in include:
            if pattern.startswith("!"):
                raise FilterError(
                    f"The include pattern {pattern!r} begins with '!'. Pass it as an exclude pattern, "
                    "without the '!'."
                )
            lines.append("!" + _to_gitignore_line(pattern))
        self._files: GitIgnoreSpec | None = None
        self._folders: PathSpec[Pattern] | None = None
        if lines:
            self._compile(lines)

    def _compile(self, lines: list[str]) -> None:
        # The package pathspec is imported here, because worker processes import this module but never use
        # patterns.
        from pathspec import GitIgnoreSpec, PathSpec

        try:
            self._files = GitIgnoreSpec.from_lines(lines)
            # Match folders with PathSpec, which applies the last matching pattern. In GitIgnoreSpec, a
            # pattern for files such as "*" overrides even a later pattern for folders such as "!*/". That is
            # right for the files in these folders, but not for the folders.
            self._folders = PathSpec(self._files.patterns)
        except ValueError as error:
            raise FilterError(f"Invalid gitignore pattern: {error}") from error

    @property
    def has_patterns(self) -> bool:
        """Whether the user gave patterns in addition to the defaults."""
        return self._files is not None

    def matches(self, relative_path: str, is_folder: bool) -> bool:
        """Return whether a file or folder is ignored.

        Args:
            relative_path: Path below the scanned root, separated by slashes, without a leading or trailing
                slash. Its parent folders are not checked; the caller checks them first.
            is_folder: Whether the entry is a folder.
        """
        if self._files is not None and self._folders is not None:
            is_ignored = (
                self._folders.check_file(f"{relative_path}/")
                if is_folder
                else self._files.check_file(relative_path)
            ).include
            if is_ignored is not None:
                return is_ignored
        name = relative_path[relative_path.rfind("/") + 1 :].lower()
        if is_folder:
            return name in FOLDERS or name.startswith(_FOLDER_PREFIX)
        return name in FILES or name.startswith(_FILE_PREFIXES)


def _to_gitignore_line(pattern: str) -> str:
    """Return a pattern as a gitignore line, with a leading ``#`` escaped because it would start a comment."""
    if not pattern.strip() or "\n" in pattern:
        raise FilterError(f"{pattern!r} is not a pattern. Use one such as '*.tmp' or 'private/'.")
    return f"\\{pattern}" if pattern.startswith("#") else pattern
