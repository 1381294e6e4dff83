"""Check free SQL for DuckDB by its parsed tree: one SELECT over known relations that only reads.

DuckDB calls a statement a SELECT that writes files (``WITH x AS (COPY ... TO ...) SELECT 1``), also in a
read-only transaction. So the tree that DuckDB's own parser makes is compared with lists of what is allowed,
and everything else is refused.
Source: https://duckdb.org/docs/stable/data/json/sql_to_and_from_json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Any

from mfkit.errors import QueryError

if TYPE_CHECKING:
    import duckdb

_PARTS = frozenset(
    (
        "SELECT_NODE",
        "SET_OPERATION_NODE",
        "RECURSIVE_CTE_NODE",
        "CTE_NODE",
        "BASE_TABLE",
        "SUBQUERY",
        "JOIN",
        "EMPTY",
        "EXPRESSION_LIST",
        "PIVOT",
        "TABLE_FUNCTION",
        "SHOW_REF",
        "ORDER_MODIFIER",
        "LIMIT_MODIFIER",
        "LIMIT_PERCENT_MODIFIER",
        "DISTINCT_MODIFIER",
        "ORDER_DEFAULT",
        "ASCENDING",
        "DESCENDING",
    )
)
"""Types of everything in a tree but expressions, which are made of functions."""
_TABLE_FUNCTIONS = frozenset(
    (
        "range",
        "generate_series",
        "unnest",
        "repeat",
        "json_each",
        "json_tree",
        "regexp_split_to_table",
        "generate_subscripts",
    )
)
_RANDOM = frozenset(("random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "error"))
# They plan a statement that is given as text, tell settings, or look into the catalog.
_REVEALING = frozenset(
    (
        "json_serialize_plan",
        "current_setting",
        "getvariable",
        "pg_get_viewdef",
        "pg_get_constraintdef",
        "get_block_size",
        "format_type",
        "pg_sleep",
    )
)
_SHOWN = frozenset(('"tables"', "__show_tables_expanded"))
_INFORMATION = frozenset(("tables", "columns", "schemata"))
_EXPLAIN = re.compile(
    r"((?:\s|--[^\n]*\n|/\*(?:(?!/\*).)*?\*/)*EXPLAIN\b(?:\s+ANALYZE\b)?(?:\s*\(\s*FORMAT\s+\w+\s*\))?)(.*)",
    re.IGNORECASE | re.DOTALL,
)


def refuse_all_but_reading(
    connection: duckdb.DuckDBPyConnection, sql: str, relations: Collection[str]
) -> None:
    """Refuse a statement that cannot be shown to only read.

    Args:
        connection: Whose parser is asked; nothing is run.
        sql: The statement.
        relations: Names that it may read from, in lower case.

    Raises:
        QueryError: It is not one SELECT, or an EXPLAIN of one, or uses something that is not allowed.
        duckdb.Error: DuckDB cannot parse it.
    """
    import duckdb

    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise QueryError(f"sql() takes one statement, and this is {len(statements)}. Call it once for each.")
    checked = sql
    if statements[0].type == duckdb.StatementType.EXPLAIN:
        explained = _EXPLAIN.fullmatch(sql)
        checked = explained[2] if explained else ""
    row = connection.execute("SELECT json_serialize_sql($1::VARCHAR)", [checked]).fetchone()
    assert row is not None
    try:
        tree = json.loads(row[0])
        if tree["error"] or len(tree["statements"]) != 1:
            raise QueryError("Only reading is allowed here. Use a SELECT, or EXPLAIN with a SELECT.")
        _Check(relations).visit(tree["statements"][0], frozenset())
    except RecursionError as error:
        raise QueryError("The statement is nested too deeply. Split it with WITH.") from error


class _Check:
    """Walks through a tree."""

    def __init__(self, relations: Collection[str]) -> None:
        self._relations = frozenset(relations)

    def visit(self, part: Any, known: frozenset[str]) -> None:
        """Check a part of the tree.

        Args:
            part: The part.
            known: Names of the common table expressions that can be seen from there.
        """
        if isinstance(part, list):
            for one in part:
                self.visit(one, known)
        elif isinstance(part, dict):
            self._visit_object(part, known)

    def _visit_object(self, part: dict[str, Any], known: frozenset[str]) -> None:
        if "cte_map" in part:
            known = self._common(part["cte_map"]["map"], known)
        kind = part.get("type")
        if "info_type" in part:
            raise _refused(str(part["info_type"]))
        if "class" in part:
            if "function_name" in part:
                self._check_function(part, _functions())
        elif isinstance(kind, str) and kind not in _PARTS:
            raise _refused(kind)
        elif kind == "BASE_TABLE":
            self._check_table(part, known)
        elif kind == "SHOW_REF":
            self._check_shown(part, known)
        elif kind == "RECURSIVE_CTE_NODE":
            known |= {part["cte_name"].lower()}
        for name, value in part.items():
            if kind == "TABLE_FUNCTION" and name == "function":
                self._check_function(value, _TABLE_FUNCTIONS)
                self.visit(list(value.values()), known)
            elif name != "cte_map":
                self.visit(value, known)

    def _common(self, entries: list[dict[str, Any]], known: frozenset[str]) -> frozenset[str]:
        """Check common table expressions, and return the names that are known behind them."""
        for entry in entries:
            self.visit(entry["value"], known)
            known |= {entry["key"].lower()}
        return known

    def _check_function(self, part: dict[str, Any], allowed: frozenset[str]) -> None:
        name = part.get("function_name", "").lower()
        place = part.get("catalog", ""), part.get("schema", "")
        if name not in allowed or place not in (("", ""), ("", "main"), ("system", "main")):
            raise QueryError(f"The function {name}() is not allowed in sql(): it may do more than compute.")

    def _check_table(self, part: dict[str, Any], known: frozenset[str]) -> None:
        name, schema = part["table_name"].lower(), part["schema_name"].lower()
        if schema == "information_schema":
            allowed = name in _INFORMATION
        else:
            allowed = name in self._relations or (not schema and name in known)
            allowed = allowed and schema in ("", "main")
        if not allowed or part["catalog_name"] or part.get("at_clause"):
            raise QueryError(
                f"There is no relation {part['table_name']!r} here. SHOW TABLES lists the names."
            )

    def _check_shown(self, part: dict[str, Any], known: frozenset[str]) -> None:
        if part["query"] is None and part["table_name"] not in _SHOWN:
            self._check_table(part, known)


def _refused(kind: str) -> QueryError:
    return QueryError(f"Only reading is allowed here, and the statement has a part of type {kind}.")


@cache
def _functions() -> frozenset[str]:
    """Return the names of the functions that DuckDB declares to have no effect."""
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT function_name FROM duckdb_functions() WHERE function_type IN "
            "('scalar', 'aggregate', 'window', 'macro') GROUP BY ALL "
            "HAVING NOT bool_or(coalesce(has_side_effects, false) OR coalesce(stability, '') = 'VOLATILE')"
        ).fetchall()
    names = {name for (name,) in rows} | _RANDOM | {"mfkit_fold", "unnest"}
    return frozenset(name for name in names if name not in _REVEALING and not name.startswith("__"))
