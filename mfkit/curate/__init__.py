"""What a person says of a library: tags and collections, and selections kept by name."""

from mfkit.curate.chosen import Items
from mfkit.curate.labels import add_to, remove_from, tag, tag_people, untag
from mfkit.curate.undo import Change, take_back
from mfkit.curate.views import delete_filter, save_filter, unknown_filter

__all__ = [
    "Change",
    "Items",
    "add_to",
    "delete_filter",
    "remove_from",
    "save_filter",
    "tag",
    "tag_people",
    "take_back",
    "unknown_filter",
    "untag",
]
