"""Lists of items, the details of one item, and the lists of tags, collections and saved filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unicodedata import normalize
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, Table, case, cast, func, or_, select

from mfkit.errors import FilterError, did_you_mean
from mfkit.filters.conditions import camera, conditions, container, lens
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import resolution
from mfkit.filters.text_search import search_hits, search_words
from mfkit.models import Collection, MediaCopy, SavedFilter, Tag, collection_items, media, media_tags
from mfkit.sql.elements import OrderedTexts, by_code_point

c = media.c
_tag, _collection, _saved = Tag.__table__.c, Collection.__table__.c, SavedFilter.__table__.c
_tag_links, _collection_links = media_tags.c, collection_items.c

_tag_names = (
    select(OrderedTexts(_tag.name))
    .join_from(media_tags, Tag, _tag.id == _tag_links.tag_id)
    .where(_tag_links.media_item_id == c.id)
    .scalar_subquery()
    .correlate(media)
)
COLUMNS: dict[str, ColumnElement[Any]] = {
    **c,
    "release_year": c.year,
    "place": c.location_name,
    "camera": camera,
    "lens": lens,
    "tags": _tag_names,
    "resolution": resolution,
    "container": container,
    "codec": func.coalesce(c.video_codec, c.audio_codec),
    "pixels": cast(c.width, BigInteger()) * c.height,
}
"""Name -> SQL expression to list and order items by: the columns of ``media`` and computed columns."""


def items(
    chosen: MediaFilter,
    *,
    columns: Sequence[str] | None = None,
    order_by: str | None = None,
    ascending: bool = True,
    limit: int | None = None,
    offset: int | None = None,
) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.items`, which lists the items that match a filter."""
    if columns is not None and not columns:
        raise FilterError(f"No column is named. Use at least one of {', '.join(COLUMNS)}.")
    for name, value in (("limit", limit), ("offset", offset)):
        if value is not None and value < 0:
            raise FilterError(f"{name} is {value}. Use 0 or more.")
    statement = select(*(_columns(columns) if columns is not None else c)).where(*conditions(chosen))
    if order_by is None:
        statement = statement.order_by(c.created_at.desc(), c.id)
    else:
        column = _column(order_by)
        ordered = column.asc() if ascending else column.desc()
        statement = statement.order_by(ordered.nulls_last(), c.id)
    return statement.limit(limit).offset(offset)


def count(chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement for the number of items. The result column is named ``files``."""
    return select(func.count().label("files")).select_from(media).where(*conditions(chosen))


def search(text: str, chosen: MediaFilter, *, limit: int | None = None) -> Select[Any]:
    """Return the SELECT statement that lists the items that match a text, the best matches first."""
    hits = search_hits(text)
    return (
        select(media)
        .join(hits, hits.c.media_item_id == c.id)
        .where(*conditions(chosen))
        .order_by(hits.c.rank, c.file_path)
        .limit(limit)
    )


def items_by_copies(text: str, chosen: MediaFilter, *, limit: int | None = None) -> Select[Any] | None:
    """Return the SELECT statement that lists the items with a copy whose path contains all words of a text.

    The words may occur anywhere in the path, and the case of ASCII letters is ignored.

    Returns:
        The statement, or None if the text has no letters and digits.
    """
    path = func.lower(MediaCopy.file_path)
    runs = [run for word in search_words(text) for run in word]
    if not runs:
        return None
    # macOS stores decomposed names (Unicode NFD), so both forms of each word are compared.
    found = (
        or_(*(path.contains(func.lower(form)) for form in dict.fromkeys((run, normalize("NFD", run)))))
        for run in runs
    )
    copies = select(MediaCopy.media_item_id).where(MediaCopy.missing_since.is_(None), *found)
    return select(media).where(c.id.in_(copies), *conditions(chosen)).order_by(c.file_path).limit(limit)


def item_row(item_id: UUID) -> Select[Any]:
    """Return the SELECT statement that selects the row of an item."""
    return select(media).where(c.id == item_id)


def tags_of(item_id: UUID) -> Select[Any]:
    """Return the SELECT statement that lists the names of an item's tags in the column ``name``."""
    statement = select(Tag.name).join(media_tags, _tag_links.tag_id == _tag.id)
    return statement.where(_tag_links.media_item_id == item_id).order_by(by_code_point(_tag.name))


def collections_of(item_id: UUID) -> Select[Any]:
    """Return the SELECT statement that lists the names of an item's collections in the column ``name``."""
    statement = select(Collection.name).join(
        collection_items, _collection_links.collection_id == _collection.id
    )
    return statement.where(_collection_links.media_item_id == item_id).order_by(
        by_code_point(_collection.name)
    )


def copies_of(item_id: UUID) -> Select[Any]:
    """Return the SELECT statement that lists the paths of an item's copies, except missing ones.

    Its column is ``name``.
    """
    return (
        select(MediaCopy.file_path.label("name"))
        .where(MediaCopy.media_item_id == item_id, MediaCopy.missing_since.is_(None))
        .order_by(MediaCopy.file_path)
    )


def tags() -> Select[Any]:
    """Return the SELECT statement that lists all tags, sorted by name.

    Its columns are ``name``, ``items`` (number of items), ``description``, ``color``, ``created_at`` and
    ``id``.
    """
    further = (_tag.description, _tag.color, _tag.created_at, _tag.id)
    return _counted(_tag.name, further, media_tags, _tag_links.tag_id == _tag.id)


def collections() -> Select[Any]:
    """Return the SELECT statement that lists all collections, sorted by name.

    Its columns are ``name``, ``items`` (number of items), ``description``, ``created_at``, ``modified_at``
    and ``id``.
    """
    further = (_collection.description, _collection.created_at, _collection.modified_at, _collection.id)
    links = _collection_links.collection_id == _collection.id
    return _counted(_collection.name, further, collection_items, links)


def _counted(
    name: Any, further: Sequence[ColumnElement[Any]], links: Table, linked: ColumnElement[bool]
) -> Select[Any]:
    """Return the SELECT statement that lists tags or collections with the number of their items."""
    return (
        select(name, func.count(links.c.media_item_id).label("items"), *further)
        .outerjoin_from(name.table, links, linked)
        # GROUP BY lists all selected columns. In DuckDB and Spark the id alone is not enough, because they do
        # not infer that it determines the other columns.
        .group_by(name, *further)
        .order_by(by_code_point(name))
    )


def saved_filters() -> Select[Any]:
    """Return the SELECT statement that lists all saved filters, sorted by name.

    Its columns are ``name``, ``filter`` (JSON), ``created_at``, ``modified_at`` and ``id``.
    """
    return select(_saved.name, _saved.filter, _saved.created_at, _saved.modified_at, _saved.id).order_by(
        by_code_point(_saved.name)
    )


def saved_filter(name: str) -> Select[Any]:
    """Return the SELECT statement that finds a saved filter by name.

    The comparison ignores case, but an exact match takes precedence. The column is ``filter`` (JSON).
    """
    return (
        select(_saved.filter)
        .where(func.lower(_saved.name) == func.lower(name))
        .order_by(case((_saved.name == name, 0), else_=1), _saved.name)
        .limit(1)
    )


def _columns(names: Sequence[str]) -> list[ColumnElement[Any]]:
    return [c[name] if name in c else _column(name).label(name) for name in names]


def _column(name: str) -> ColumnElement[Any]:
    if name not in COLUMNS:
        raise FilterError(
            f"Items have no column {name!r}. {did_you_mean(name, COLUMNS)}Use one of {', '.join(COLUMNS)}."
        )
    return COLUMNS[name]
