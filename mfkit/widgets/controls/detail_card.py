"""The detail card: every fact of an item with its origin, its tags, copies, collections, and a picture."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd
import traitlets

from mfkit.errors import MfkitError
from mfkit.filters.units import format_duration, format_rate, format_size
from mfkit.library import MediaLibrary

_TITLES = {
    "file": "File",
    "stream": "Picture and sound",
    "music": "Music",
    "camera": "Camera",
    "place": "Place",
    "tags": "Tags",
    "collections": "Collections",
    "copies": "Copies",
    "more": "More",
}
_LABELS = {
    "file_path": "path",
    "file_size": "size",
    "mime_type": "MIME type",
    "media_type": "type",
    "file_created_at": "made",
    "file_modified_at": "modified",
    "file_hash": "SHA-256",
    "missing_since": "missing since",
    "created_at": "added",
    "last_scanned_at": "last read",
    "fps": "frame rate",
    "bitrate": "bit rate",
    "iso": "ISO",
    "camera_make": "make",
    "camera_model": "model",
    "location_name": "name",
    "shutter_speed": "shutter",
    "compression_ratio": "compression",
}


def _moment(text: str) -> str:
    return f"{pd.Timestamp(text):%Y-%m-%d %H:%M:%S} UTC"


_WRITTEN: dict[str, Callable[[str], str]] = {
    "file_size": lambda text: f"{format_size(int(text))} ({int(text):,} bytes)",
    "file_created_at": _moment,
    "file_modified_at": _moment,
    "missing_since": _moment,
    "created_at": _moment,
    "last_scanned_at": _moment,
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


def card_content(facts: pd.DataFrame) -> dict[str, Any]:
    """Return what a card shows: ``title``, and ``groups`` of rows (label, value, origin), all plain text.

    Args:
        facts: As ``lib.metadata()`` returns them.
    """
    groups: dict[str, list[tuple[str, str, str]]] = {name: [] for name in _TITLES}
    title = ""
    for group, fact, value, origin in facts.itertuples(index=False, name=None):
        if fact == "file_name":
            title = value
        if fact in ("file_name", "folder"):
            continue  # the title and the path say it
        written = _WRITTEN[fact](value) if group != "more" and fact in _WRITTEN else value
        label = _LABELS.get(fact, fact.replace("_", " ")) if group != "more" else fact.replace("_", " ")
        groups[group].append((label, written, origin if fact else ""))
    shown = [{"name": _TITLES[name], "rows": rows} for name, rows in groups.items() if rows]
    # Through UTF-8, since half a letter in a name cannot be sent.
    whole = json.dumps({"title": title, "groups": shown}, ensure_ascii=False).encode("utf-8", "replace")
    card: dict[str, Any] = json.loads(whole)
    return card


class DetailCard(anywidget.AnyWidget):
    """A dialog with all that is known of an item.

    The facts are there at once; the picture follows when it is drawn, which nothing waits for.
    """

    _esm = Path(__file__).parents[1] / "static" / "card.js"

    _content = traitlets.Dict().tag(sync=True)
    _picture = traitlets.Bytes(b"").tag(sync=True)
    _note = traitlets.Unicode("").tag(sync=True)

    def __init__(self, lib: MediaLibrary, step: Callable[[str, int], None] | None = None) -> None:
        """Make a closed card.

        Args:
            lib: The library.
            step: Called with the item shown, and -1 or 1, when a person wants the one before or after.
        """
        super().__init__()
        self._lib = lib
        self._step = step
        self._item = ""
        self._drawing: threading.Thread | None = None
        self.on_msg(self._message)

    def show(self, item: str) -> None:
        """Show an item.

        Raises:
            MfkitError: It is not there any more.
        """
        shown = card_content(self._lib.metadata(item))
        self._item = item
        with self.hold_sync():
            self._content = shown
            self._picture = b""
            self._note = "A picture is being made …"
        self.send({"kind": "show"})
        self._drawing = threading.Thread(target=self._draw, args=(item,), daemon=True)
        self._drawing.start()

    def _draw(self, item: str) -> None:
        picture, note = b"", ""
        try:
            picture = self._lib.thumbnail(item)
        except MfkitError as error:
            note = str(error)
        except Exception as error:  # nobody hears what a thread raises
            note = f"No picture can be shown: {error}"
        if item == self._item:
            with self.hold_sync():
                self._picture, self._note = picture, note

    def _message(self, _: Any, message: Any, __: Any) -> None:
        if isinstance(message, dict) and message.get("kind") == "step" and self._step is not None:
            self._step(self._item, 1 if message.get("by") == 1 else -1)
