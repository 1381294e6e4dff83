"""Panel that compares the files of a group of similar pictures or exact copies, to decide which to keep."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from mfkit.analysis import scan_history
from mfkit.core.database import NullDatabase
from mfkit.core.event_loop import run_sync
from mfkit.core.warn_caller import silent
from mfkit.errors import ExportError
from mfkit.exchange.export.paths_to_move import (
    files_of_frame,
    paths_of_items,
    write_move_script,
    write_path_list,
)
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_size, plural
from mfkit.library import MediaLibrary
from mfkit.thumbnails import Thumbnailer
from mfkit.widgets.controls.row_grid import replace_surrogates
from mfkit.widgets.gallery.file_groups import FileGroup, decisions, duplicate_groups, similar_groups
from mfkit.widgets.gallery.item_files import item_files
from mfkit.widgets.gallery.picture_source import PictureSource
from mfkit.widgets.new_file import new_file
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.render_queue import in_background
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import control_row, on_message, scripts, small_button, status_line, styled

_MAX_SHOWN = 12
"""Maximum number of files of a group that are shown. Tagging and export also apply to the files not shown."""
_MAX_FULL = 4
"""Maximum number of pictures of a group that are sent in full size. The others are shown as thumbnails."""
_EMPTY = {
    "similar": "No similar pictures. Only pictures that lib.inspect() has processed are compared.",
    "copies": "No exact copies in this selection.",
}
_FORMATS = {"Shell script that moves them": "sh", "CSV (any program)": "csv"}


class CompareView(anywidget.AnyWidget):
    """Pictures of a group side by side or one after the other, all zoomed to the same place.

    Attributes:
        group: Number, total, and files of the group: ``{"number": 1, "total": 9, "files": [...]}``.
        note: Text instead of the pictures, or about the last decision.
    """

    _esm = scripts("elements.js", "compare.js")
    _css = Path(__file__).parents[1] / "static" / "compare.css"

    group = traitlets.Dict().tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)


class ComparePanel(Panel):
    """Comparison of similar pictures, or of exact copies, group by group. The panel never deletes files.

    Attributes:
        view: The pictures of the current group.
        kind: Buttons *Similar* and *Exact copies*.
        scope: Buttons to choose whether actions apply to the current group or to all groups.
        groups: The groups with the current decisions.

    ![Two versions of a photo side by side, with their differences](../images/panels/compare.png)

    Example:
        >>> mfkit.widgets.ComparePanel(mfkit.open_library())  # doctest: +SKIP
    """

    draw_priority = 3

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """Create the panel. ``on_change`` is called after items were tagged."""
        self._on_change = on_change
        self.groups: list[FileGroup] = []
        self._at = 0
        self._decided: dict[str, set[str]] = {}
        self._sending: Future[None] | None = None
        self.view = CompareView()
        self._pictures = PictureSource(Thumbnailer(), lambda message, data: self.view.send(message, data))
        kinds = [("Similar", "similar"), ("Exact copies", "copies")]
        # A published dataset has no perceptual hashes, so only exact copies can be compared.
        kinds = kinds[1:] if isinstance(lib.database, NullDatabase) else kinds
        self.kind = styled(widgets.ToggleButtons, options=kinds)
        self.scope = styled(widgets.ToggleButtons, options=[("This group", "one"), ("All groups", "all")])
        for switch in (self.kind, self.scope):
            switch.add_class("mfkit-switch")
        self.summary: widgets.HTML = status_line()
        self.tag_field = styled(widgets.Text, value="to remove", description="Tag")
        self.tag_button = small_button(tooltip="Tag the files that are not kept")
        self.format = styled(widgets.Dropdown, options=list(_FORMATS.items()), description="Export")
        self.file_name = styled(widgets.Text, value="to remove", placeholder="File name")
        self.export_button = small_button(tooltip="Write the paths of the files that are not kept")
        body = [
            self.summary,
            self.view,
            control_row(self.scope),
            control_row(self.tag_field, self.tag_button),
            control_row(self.format, self.file_name, self.export_button),
            self.status,
        ]
        super().__init__(lib, selection, "Compare", body, [self.kind])
        self.kind.observe(self.follow, "value")
        self.scope.observe(self._update_buttons, "value")
        on_message(self.view, "step", lambda message: self.show_group(self._at + int(message.get("by", 0))))
        on_message(self.view, "keep", self._decide)
        on_message(self.view, "pictures", lambda _: self._send_pictures())
        self.tag_button.on_click(lambda _: self.run_action(self._tag))
        self.export_button.on_click(lambda _: self.run_action(self._export))

    def options(self) -> Hashable:
        """Return the kind of groups that the user has chosen: ``similar`` or ``copies``."""
        return str(self.kind.value)

    def draw(self, chosen: MediaFilter) -> None:
        """Query the groups, restore earlier decisions, and show the first group if the groups changed."""
        if self.kind.value == "similar":
            with silent():
                groups = similar_groups(self.lib.similar(chosen))
        else:
            groups = duplicate_groups(self.lib.duplicates(chosen))
        for group in groups:
            decided = self._decided.get(_key(group), set()) & {one.path for one in group.files}
            group.kept = decided or group.kept
        same = [_key(one) for one in groups] == [_key(one) for one in self.groups]
        self.groups = groups
        self.show_group(self._at if same else 0)

    def show_group(self, at: int) -> None:
        """Show the group at a position, or the nearest group if the position is out of range."""
        self._at = max(0, min(at, len(self.groups) - 1))
        self.view.note = "" if self.groups else _EMPTY[self.kind.value]
        self._show()

    def _show(self) -> None:
        if not self.groups:
            self.view.group = {}
        else:
            group = self.groups[self._at]
            differing = group.differing()
            self.view.group = {
                "number": self._at + 1,
                "total": len(self.groups),
                "more": max(0, len(group.files) - _MAX_SHOWN),
                "files": [
                    {
                        "id": one.id,
                        "at": at,
                        "name": replace_surrogates(one.path.rpartition("/")[2]),
                        "path": replace_surrogates(one.path),
                        "keep": one.path in group.kept,
                        "suggestion": one.suggestion,
                        "values": [[text, name in differing] for name, text in one.values.items()],
                    }
                    for at, one in enumerate(group.files[:_MAX_SHOWN])
                ],
            }
        self._update_buttons()

    def _decide(self, message: dict[str, Any]) -> None:
        """Mark a file of the current group as kept or not kept, as the browser requests."""
        at = int(message.get("at", -1))
        if message.get("number") != self._at + 1 or not self.groups:
            return
        group = self.groups[self._at]
        if 0 <= at < len(group.files) and group.set_kept(group.files[at].path, bool(message.get("keep"))):
            self._decided[_key(group)] = set(group.kept)
            self.view.note = ""
        else:
            self.view.note = "Keep at least one file of each group."
            # The user has cleared the last check box of the group, but at least one file must be kept. Let
            # the browser draw the unchanged group again, so that the check box is selected as before.
            self.view.send({"kind": "redraw"})
        self._show()

    def _send_pictures(self) -> None:
        """Send the pictures of the current group: first all thumbnails, then pictures in full size."""
        if self._sending is not None:
            self._sending.cancel()
        if self.groups:
            ids = dict.fromkeys(one.id for one in self.groups[self._at].files[:_MAX_SHOWN])
            self._sending = in_background(self._send_files(list(ids)))

    async def _send_files(self, ids: list[str]) -> None:
        found = await item_files(self.lib, ids)
        files = [found[one] for one in ids if one in found]
        for one in files:
            await self._pictures.send(one, full=False)
        for one in files[:_MAX_FULL]:
            await self._pictures.send(one)

    def _in_scope(self) -> list[FileGroup]:
        return self.groups[self._at : self._at + 1] if self.scope.value == "one" else self.groups

    def _update_buttons(self, _: Any = None) -> None:
        removed = [one for group in self._in_scope() for one in group.removed()]
        paths = sum(one.paths for one in removed)
        self.summary.value = self._summary()
        # A tag belongs to the content, which is the same for exact copies, so a single copy cannot be tagged.
        can_tag = self.kind.value == "similar" and not self.lib.database.read_only
        self.tag_field.disabled = not can_tag
        self.tag_button.disabled = not (can_tag and removed)
        self.tag_button.description = f"Tag {plural(len(removed), 'file')}" if can_tag else "Tag"
        self.export_button.disabled = not removed
        self.export_button.description = f"Export {plural(paths, 'path')}"

    def _summary(self) -> str:
        """Return the numbers of files to remove and the bytes that this frees, of this group and of all."""
        if not self.groups:
            return ""
        one, every = (
            f"removing {plural(sum(file.paths for file in removed), 'file')} frees "
            f"<b>{format_size(sum(file.freed for file in removed))}</b>"
            for removed in (
                self.groups[self._at].removed(),
                [file for group in self.groups for file in group.removed()],
            )
        )
        total = f"; all {len(self.groups)} groups: {every}" if len(self.groups) > 1 else ""
        return f"This group: {one}{total}. This panel does not delete files."

    def _tag(self) -> None:
        name = self.tag_field.value.strip()
        ids = {one.id: None for group in self._in_scope() for one in group.removed()}
        changed = self.lib.tag(list(ids), name)
        self.show_status(f"{plural(changed, 'file')} tagged ", name)
        if self._on_change is not None:
            self._on_change()

    def _export(self) -> None:
        path = new_file(self.file_name.value, "to remove", f".{self.format.value}")
        groups = self._in_scope()
        # In groups of similar files, an item is removed as a whole, with its exact copies.
        removed = (
            [one.id for group in groups for one in group.removed()] if self.kind.value == "similar" else []
        )
        paths = run_sync(paths_of_items(removed, self.lib.aio.frame))
        first = self._at + 1 if self.scope.value == "one" else 1
        rows = files_of_frame(decisions(groups), paths, first)
        try:
            if self.format.value == "csv":
                count = write_path_list(path, rows)
            else:
                count = write_move_script(path, rows, self.lib.frame(scan_history.roots())["root"])
        except OSError as error:
            raise ExportError(f"'{path}' cannot be written: {error.strerror or error}.") from error
        omitted = len(rows) - count
        self.show_status(
            f"Exported {plural(count, 'path')} to ",
            str(path.resolve()),
            f"; {plural(omitted, 'file')} that a script cannot move left out" if omitted else "",
        )


def _key(group: FileGroup) -> str:
    """Return a text that identifies a group by its paths, so that a decision survives a new query."""
    return "\0".join(sorted(one.path for one in group.files))
