"""Tags, collections and the ways to name items."""

from __future__ import annotations

import re
import warnings
from typing import Any
from uuid import UUID, uuid4

import pandas as pd
import pytest
from sqlalchemy import select, text

from mfkit import MediaFilter, MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError, FilterWarning, ReadOnlyLibraryError
from mfkit.models import MediaItem, Tag, collection_items
from tests.samples import item
from tests.unit.library.filled_library import names, write


class TestCuration:
    """tag, untag, add_to, remove_from: by frame, filter, ids or one id, in one transaction."""

    @pytest.mark.parametrize("way", ["frame", "filter", "mapping", "ids", "uuids", "series", "generator"])
    def test_ways_to_name_items(self, filled: MediaLibrary, way: str) -> None:
        """Each way to name items means the same ones."""
        frame = filled.items(media_type="video")
        items: Any = {
            "frame": frame,
            "filter": MediaFilter(media_type="video"),
            "mapping": {"media_type": "video"},
            "ids": list(frame["id"]),
            "uuids": [UUID(one) for one in frame["id"]],
            "series": frame["id"],
            "generator": (one for one in frame["id"]),
        }[way]
        assert filled.tag(items, "sea") == 2
        assert sorted(names(filled.items(tags="sea"))) == ["film", "phone"]

    @pytest.mark.parametrize("kind", [str, UUID])
    def test_one_item(self, filled: MediaLibrary, kind: Any) -> None:
        """A single id needs no list."""
        assert filled.tag(kind(filled.items()["id"][0]), "sea") == 1

    def test_counts(self, filled: MediaLibrary) -> None:
        """What is returned is how many items changed."""
        assert filled.tag(MediaFilter(media_type="video"), "sea") == 2
        assert filled.tag(MediaFilter(), "sea") == 3
        assert filled.tag(MediaFilter(), "sea") == 0
        assert filled.tag(MediaFilter(), "sea", "sun") == 5
        assert filled.untag(MediaFilter(media_type="video"), "sea", "nothing") == 2
        assert filled.untag(MediaFilter(), "sea") == 3
        assert filled.untag(MediaFilter(), "sea") == 0
        tags = filled.tags().set_index("name")["items"].to_dict()
        assert tags == {"sea": 0, "sun": 5}

    def test_tags_ignore_case(self, filled: MediaLibrary) -> None:
        """A tag in another case is the one that is there; spaces around it do not count."""
        filled.tag(MediaFilter(), "Sea")
        assert filled.tag(MediaFilter(), " sEA ") == 0
        assert list(filled.tags()["name"]) == ["Sea"]
        assert filled.untag(MediaFilter(), "SEA") == 5

    def test_tagging_twice_changes_nothing(self, filled: MediaLibrary) -> None:
        """The same name in two cases is one tag, and the same item twice is one item."""
        key = filled.items()["id"][0]
        assert filled.tag([key, key], "sea", "Sea", "sea") == 1
        assert list(filled.tags()["items"]) == [1]

    def test_a_filter_on_tags_selects_items_as_they_were(self, filled: MediaLibrary) -> None:
        """A filter on tags means the items as they were before the tags change."""
        filled.tag(MediaFilter(media_type="video"), "old")
        assert filled.tag(MediaFilter(tags="old"), "new") == 2
        assert filled.untag(MediaFilter(tags="old"), "old") == 2
        assert filled.count(tags="new") == 2

    def test_collections(self, filled: MediaLibrary) -> None:
        """Items go in and out; what is returned is how many."""
        assert filled.add_to("best", MediaFilter(media_type="video")) == 2
        assert filled.add_to("Best", MediaFilter()) == 3
        assert filled.add_to("best", MediaFilter()) == 0
        assert list(filled.collections()["items"]) == [5]
        assert filled.remove_from("BEST", MediaFilter(media_type="video")) == 2
        assert filled.remove_from("best", MediaFilter(media_type="video")) == 0
        assert filled.remove_from("nothing", MediaFilter()) == 0
        assert list(filled.collections()["items"]) == [3]

    def test_order_in_collections(self, filled: MediaLibrary) -> None:
        """Items given one by one keep their order, later ones behind; a filter's come without a place."""
        frame = filled.items(order_by="file_size")
        filled.add_to("best", frame.iloc[[2, 0]])
        filled.add_to("best", list(frame["id"].iloc[[1, 2, 3]]))
        filled.add_to("best", MediaFilter())
        query = (
            select(MediaItem.file_name, collection_items.c.position)
            .join(collection_items, collection_items.c.media_item_id == MediaItem.id)
            .order_by(collection_items.c.position.nulls_last())
        )
        held = filled.frame(query)
        wanted = names(frame.iloc[[2, 0, 1, 3, 4]])
        assert names(held) == wanted
        positions = [None if pd.isna(one) else int(one) for one in held["position"]]
        assert positions[:4] == sorted(set(positions[:4])) and positions[4] is None

    def test_empty_selections_change_nothing(self, filled: MediaLibrary) -> None:
        """A selection without items is not an error, and creates no tag."""
        assert filled.tag([], "sea") == 0
        assert filled.tags().empty
        assert filled.tag(filled.items(min_size="1 TB"), "sea") == 0
        assert filled.add_to("best", filled.items(min_size="1 TB")) == 0

    def test_filter_without_items_gives_a_warning(self, filled: MediaLibrary) -> None:
        """A filter that selects nothing gives a warning; items that are already tagged give none."""
        for method in ("tag", "add_to"):
            with pytest.warns(FilterWarning, match="^No items match the filter.$"):
                assert self.call(filled, method, MediaFilter(min_size="1 TB")) == 0
        assert filled.tag(MediaFilter(), "sea") == len(filled)
        with warnings.catch_warnings(action="error"):
            assert filled.tag(MediaFilter(), "sea") == 0

    @pytest.mark.parametrize("method", ["tag", "untag", "add_to", "remove_from"])
    def test_unknown_id(self, filled: MediaLibrary, method: str) -> None:
        """One id that is not in the library, and nothing happens to the others; no tag is left behind."""
        known = filled.items()["id"][0]
        with pytest.raises(FilterError, match="1 of the 2 ids are not in this library"):
            self.call(filled, method, [known, uuid4()])
        assert len(filled.tags()) == len(filled.collections()) == 0

    @pytest.mark.parametrize("method", ["tag", "untag", "add_to", "remove_from"])
    @pytest.mark.parametrize(
        ("items", "message"),
        [
            ("/a/b.jpg", "'/a/b.jpg' is not the id of an item. Give the DataFrame of items.. or its column"),
            ([5], "5 is not the id of an item"),
            (5, "5 are not items. Give the DataFrame"),
            (pd.DataFrame({"x": [1]}), "no column 'id'"),
            ({"nonsense": 1}, "A filter has no field"),
            ([None], "None is not the id of an item"),
            (pd.DataFrame({"id": [None]}), "is not the id of an item"),
        ],
        ids=["text", "list", "number", "frame", "mapping", "none", "null"],
    )
    def test_no_items(self, library: MediaLibrary, method: str, items: Any, message: str) -> None:
        """What names no items is refused by a message that says what would."""
        with pytest.raises(FilterError, match=message):
            self.call(library, method, items)

    @pytest.mark.parametrize("method", ["tag", "untag", "add_to", "remove_from"])
    def test_filter_fields_as_keywords(self, library: MediaLibrary, method: str) -> None:
        """The message writes the call with the filter as the argument that the method expects."""
        filter_ = "mfkit.MediaFilter(looks_like='screenshot')"
        arguments = f"{filter_}, 'sea'" if method in ("tag", "untag") else f"'sea', {filter_}"
        with pytest.raises(FilterError, match=re.escape(f"Give it a filter: {method}({arguments}).")):
            getattr(library, method)("sea", looks_like="screenshot")

    @pytest.mark.parametrize("method", ["tag", "untag", "add_to", "remove_from"])
    @pytest.mark.parametrize("name", ["", "  ", "a\x00b", "\ud800"], ids=ascii)
    def test_missing_name_is_refused(self, filled: MediaLibrary, method: str, name: str) -> None:
        """An empty name, or one that no database can hold, is refused."""
        with pytest.raises(FilterError):
            self.call(filled, method, MediaFilter(), name)

    def test_missing_names_are_refused(self, filled: MediaLibrary) -> None:
        """At least one tag must be named."""
        with pytest.raises(FilterError, match="Give one or more names"):
            filled.tag(MediaFilter())

    @pytest.mark.parametrize("name", ["'; DROP TABLE tags; --", "<script>", "%", "é", "=1+1", "a" * 3000])
    def test_names_are_not_interpreted(self, filled: MediaLibrary, name: str) -> None:
        """Any other name is kept as it is."""
        filled.tag(MediaFilter(), name)
        filled.add_to(name, MediaFilter())
        assert list(filled.tags()["name"]) == list(filled.collections()["name"]) == [name]
        assert filled.count(tags=name, collection=name) == 5

    def test_rolls_back(self, filled: MediaLibrary) -> None:
        """A fault in the middle leaves nothing of the call, and the library usable."""
        write(filled, Tag(name="sun"))
        fail = (
            text(
                "CREATE TRIGGER fail BEFORE INSERT ON media_tags WHEN (SELECT count(*) FROM media_tags) >= 3 "
                "BEGIN SELECT RAISE(ABORT, 'no more'); END"
            )
            if filled.database.dialect == "sqlite"
            else text("ALTER TABLE media_tags ADD CONSTRAINT fail CHECK (created_at < '2000-01-01')")
        )

        async def make() -> None:
            async with filled.database.transaction() as connection:
                await connection.execute(fail)

        run_sync(make())
        with pytest.raises(Exception, match="no more|fail"):
            filled.tag(MediaFilter(), "sea", "sun")
        assert filled.tags().set_index("name")["items"].to_dict() == {"sun": 0}
        assert filled.add_to("best", MediaFilter()) == 5

    def test_many(self, library: MediaLibrary) -> None:
        """Tens of thousands of ids need no more parameters than a database takes."""
        write(library, *(item(f"/{n}.jpg") for n in range(2000)))
        unknown = [uuid4() for _ in range(70_000)]
        with pytest.raises(FilterError, match="70000 of the 72000"):
            library.tag([*library.items()["id"], *unknown], "sea")
        assert library.tag(library.items(), "sea") == 2000

    def test_read_only(self, database_url: str) -> None:
        """A library that may only be read cannot be curated."""
        with MediaLibrary(database_url, read_only=True) as library:
            with pytest.raises(ReadOnlyLibraryError):
                library.tag([], "sea")
            assert library.count() == 0

    @staticmethod
    def call(library: MediaLibrary, method: str, items: Any, name: str = "sea") -> int:
        """Call a method that changes tags or collections, whatever the order of its arguments."""
        function = getattr(library, method)
        return int(function(items, name) if "tag" in method else function(name, items))
