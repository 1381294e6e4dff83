"""Functions that change a library: tags, collections, saved filters, and rows of items and copies."""

from mfkit.catalog.item_selection import ItemsArgument
from mfkit.catalog.saved_filters import delete_filter, save_filter, unknown_filter
from mfkit.catalog.tags_and_collections import (
    Change,
    add_to,
    delete_tag,
    remove_from,
    tag,
    tag_people,
    undo_change,
    untag,
)

__all__ = [
    "Change",
    "ItemsArgument",
    "add_to",
    "delete_filter",
    "delete_tag",
    "remove_from",
    "save_filter",
    "tag",
    "tag_people",
    "undo_change",
    "unknown_filter",
    "untag",
]
