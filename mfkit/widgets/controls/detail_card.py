"""Dialog with the details of an item: metadata with their origin, tags, collections, copies and a preview."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import anywidget
import pandas as pd
import traitlets

from mfkit.errors import MfkitError
from mfkit.filters.units import format_duration, format_rate, format_size
from mfkit.library import MediaLibrary
from mfkit.widgets.shared_style import on_message, scripts

_TITLES = {
    "file": "File",
    "stream": "Format",
    "streams": "Streams",
    "chapters": "Chapters",
    "music": "Music",
    "camera": "Camera",
    "place": "Place",
    "tags": "Tags",
    "collections": "Collections",
    "copies": "Copies",
    "more": "More",
}
_LABELS = {
    "file_path": "Path",
    "file_size": "Size",
    "mime_type": "MIME type",
    "media_type": "Type",
    "captured_at": "Capture time",
    "capture_flag": "Implausible",
    "file_created_at": "Created",
    "file_modified_at": "Modified",
    "file_hash": "SHA-256",
    "created_at": "Added",
    "last_scanned_at": "Last read",
    "fps": "Frame rate",
    "bitrate": "Bit rate",
    "iso": "ISO",
    "camera_make": "Make",
    "camera_model": "Model",
    "location_name": "Name",
    "shutter_speed": "Shutter",
    "compression_ratio": "Compression",
}


def _utc(text: str) -> str:
    return f"{pd.Timestamp(text):%Y-%m-%d %H:%M:%S} UTC"


_FORMATS: dict[str, Callable[[str], str]] = {
    "file_size": lambda text: f"{format_size(int(text))} ({int(text):,} bytes)",
    "file_created_at": _utc,
    "file_modified_at": _utc,
    "missing_since": _utc,
    "created_at": _utc,
    "last_scanned_at": _utc,
    "duration": lambda text: format_duration(float(text)),
    "width": "{} px".format,
    "height": "{} px".format,
    "fps": lambda text: f"{float(text):.4g} per second",
    "bitrate": lambda text: format_rate(float(text)),
    "sample_rate": lambda text: f"{float(text) / 1000:g} kHz",
    "compression_ratio": lambda text: f"{float(text):.3g} : 1",
    "aperture": lambda text: f"f/{float(text):g}",
    "shutter_speed": "{} s".format,
    "focal_length": lambda text: f"{float(text):g} mm",
    "latitude": lambda text: f"{float(text):.6f}°",
    "longitude": lambda text: f"{float(text):.6f}°",
}


_PRECISIONS = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M"}


def _capture_time(file: dict[str, str]) -> str:
    """Format the capture time with its known precision, for example ``2014-05-31 12:01 (UTC+02:00)``."""
    form = _PRECISIONS.get(file.get("capture_precision", ""), "%Y-%m-%d %H:%M:%S")
    text = pd.Timestamp(file["captured_at"]).strftime(form)
    if "%H" not in form:
        return text
    if "capture_offset" not in file:
        return f"{text} (camera clock)"
    minutes = int(float(file["capture_offset"]))
    return f"{text} (UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02})"


def card_content(metadata: pd.DataFrame) -> dict[str, Any]:
    """Return the text of a detail card: its ``title``, and ``groups`` of (label, value, origin) rows.

    Args:
        metadata: DataFrame returned by ``lib.metadata()``.
    """
    groups: dict[str, list[tuple[str, str, str]]] = {name: [] for name in _TITLES}
    fields = metadata[metadata["group"] == "file"]
    file = dict(zip(fields["field"], fields["value"], strict=True))
    # These fields are left out, because the card shows them in its title, path or capture time.
    hidden = {"file_name", "folder", "capture_offset", "capture_precision"}
    if "captured_at" in file:
        hidden.add("file_created_at")
        file["captured_at"] = _capture_time(file)
    for group, name, value, origin in metadata.itertuples(index=False, name=None):
        if group == "file" and name in hidden:
            continue
        if name == "captured_at" and group == "file":
            value = file[name]
        label = name.replace("_", " ")
        if group != "more":
            value = _FORMATS.get(name, str)(value)
            label = _LABELS.get(name, label[:1].upper() + label[1:])
        groups[group].append((label, value, origin if name else ""))
    shown = [{"name": _TITLES[name], "rows": rows} for name, rows in groups.items() if rows]
    # Unpaired surrogates, which file names may contain, are replaced, because they cannot be sent to the
    # browser.
    content = json.dumps({"title": file.get("file_name", ""), "groups": shown}, ensure_ascii=False).encode(
        "utf-8", "replace"
    )
    card: dict[str, Any] = json.loads(content)
    return card


class DetailCard(anywidget.AnyWidget):
    """Dialog with all metadata of an item, and a preview.

    The metadata is shown immediately. A background thread adds the preview.

    Attributes:
        item: Id of the item; empty if the card has not been opened yet.
        content: Result of :func:`card_content`.
        preview: The preview as JPEG; empty while it is loading or if there is none.
        note: Text shown instead of the preview.
    """

    _esm = scripts("elements.js", "metadata_list.js", "card.js")

    content = traitlets.Dict().tag(sync=True)
    preview = traitlets.Bytes(b"").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)

    def __init__(self, lib: MediaLibrary, on_step: Callable[[str, int], None] | None = None) -> None:
        """Create a detail card dialog that is not open yet.

        Args:
            lib: The library.
            on_step: Called to open the neighbour of the item with the given id: -1 for the previous item, 1
                for the next.
        """
        super().__init__()
        self._lib = lib
        self.item = ""
        self._thread: threading.Thread | None = None
        if on_step is not None:
            on_message(self, "step", lambda message: on_step(self.item, 1 if message.get("by") == 1 else -1))

    def show(self, item: str) -> None:
        """Open the dialog with the details of an item.

        Raises:
            MfkitError: The item does not exist.
        """
        content = card_content(self._lib.metadata(item))
        self.item = item
        with self.hold_sync():
            self.content = content
            self.preview = b""
            self.note = "Loading preview …"
        self.send({"kind": "show"})
        self._thread = threading.Thread(target=self._load_preview, args=(item,), daemon=True)
        self._thread.start()

    def wait_for_preview(self, timeout: float) -> None:
        """Wait until the preview image is loaded, but at most ``timeout`` seconds."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _load_preview(self, item: str) -> None:
        preview, note = b"", ""
        try:
            preview = self._lib.thumbnail(item)
        except MfkitError as error:
            note = str(error)
        # Users would not see an exception in this background thread, so the card shows its message.
        except Exception as error:
            note = f"The preview could not be loaded: {error}"
        if item == self.item:
            with self.hold_sync():
                self.preview, self.note = preview, note
