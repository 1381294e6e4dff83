"""Safety check for SQL from the user: it must be a single SELECT that only reads known tables and views.

In DuckDB even a SELECT can write files (``WITH x AS (COPY ... TO ...) SELECT 1``), also in a read-only
transaction. Therefore the syntax tree from DuckDB's own parser is compared with allowlists, and every
statement with another element is rejected.
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
    "SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE BASE_TABLE SUBQUERY JOIN EMPTY "
    "EXPRESSION_LIST PIVOT TABLE_FUNCTION SHOW_REF ORDER_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER "
    "DISTINCT_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING".split()
)
"""Allowed types of syntax tree nodes. Expressions are not listed; their functions are checked instead."""
_TABLE_FUNCTIONS = frozenset(
    "range generate_series unnest repeat json_each json_tree regexp_split_to_table "
    "generate_subscripts".split()
)
_RANDOM = frozenset(("random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "error"))
# These functions are rejected, because they would get around the check of tables and views: they analyze
# further SQL text, return settings, or read the catalog.
_REVEALING = frozenset(
    "json_serialize_plan current_setting getvariable pg_get_viewdef pg_get_constraintdef get_block_size "
    "format_type pg_sleep".split()
)
_SHOWN = frozenset(('"tables"', "__show_tables_expanded"))
_INFORMATION = frozenset(("tables", "columns", "schemata"))
_EXPLAIN = re.compile(
    r"((?:\s|--[^\n]*\n|/\*(?:(?!/\*).)*?\*/)*EXPLAIN\b(?:\s+ANALYZE\b)?(?:\s*\(\s*FORMAT\s+\w+\s*\))?)(.*)",
    re.IGNORECASE | re.DOTALL,
)


def require_read_only(connection: duckdb.DuckDBPyConnection, sql: str, relations: Collection[str]) -> None:
    """Raise an error unless a statement provably only reads.

    Args:
        connection: Connection that parses the statement without running it.
        sql: The statement.
        relations: Names of the tables and views that the statement may read, in lower case.

    Raises:
        QueryError: The text is not a single SELECT or EXPLAIN SELECT, or contains a disallowed element.
        duckdb.Error: DuckDB cannot parse the statement.
    """
    import duckdb

    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise QueryError(f"sql() takes one statement, but got {len(statements)}. Call it once for each.")
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
    """Visitor that checks all nodes of a statement's syntax tree against the allowlists."""

    def __init__(self, relations: Collection[str]) -> None:
        self._relations = frozenset(relations)

    def visit(self, part: Any, visible: frozenset[str]) -> None:
        """Check a node of the syntax tree and all nodes below it.

        Args:
            part: The node.
            visible: Names of the common table expressions that the node may use.
        """
        if isinstance(part, list):
            for one in part:
                self.visit(one, visible)
        elif isinstance(part, dict):
            self._visit_object(part, visible)

    def _visit_object(self, part: dict[str, Any], visible: frozenset[str]) -> None:
        if "cte_map" in part:
            visible = self._check_ctes(part["cte_map"]["map"], visible)
        kind = part.get("type")
        if "info_type" in part:
            raise _refused(str(part["info_type"]))
        if "class" in part:
            if "function_name" in part:
                self._check_function(part, _functions())
        elif isinstance(kind, str) and kind not in _PARTS:
            raise _refused(kind)
        elif kind == "BASE_TABLE":
            self._check_table(part, visible)
        elif kind == "SHOW_REF":
            self._check_shown(part, visible)
        elif kind == "RECURSIVE_CTE_NODE":
            visible |= {part["cte_name"].lower()}
        for name, value in part.items():
            if kind == "TABLE_FUNCTION" and name == "function":
                self._check_function(value, _TABLE_FUNCTIONS)
                self.visit(list(value.values()), visible)
            elif name != "cte_map":
                self.visit(value, visible)

    def _check_ctes(self, entries: list[dict[str, Any]], visible: frozenset[str]) -> frozenset[str]:
        """Check common table expressions, and return ``visible`` with the names of the expressions added."""
        for entry in entries:
            self.visit(entry["value"], visible)
            visible |= {entry["key"].lower()}
        return visible

    def _check_function(self, part: dict[str, Any], allowed: frozenset[str]) -> None:
        name = part.get("function_name", "").lower()
        place = part.get("catalog", ""), part.get("schema", "")
        if name not in allowed or place not in (("", ""), ("", "main"), ("system", "main")):
            raise QueryError(
                f"The function {name}() is not allowed in sql(), because it may do more than compute a value."
            )

    def _check_table(self, part: dict[str, Any], visible: frozenset[str]) -> None:
        name, schema = part["table_name"].lower(), part["schema_name"].lower()
        if schema == "information_schema":
            allowed = name in _INFORMATION
        else:
            allowed = name in self._relations or (not schema and name in visible)
            allowed = allowed and schema in ("", "main")
        if not allowed or part["catalog_name"] or part.get("at_clause"):
            raise QueryError(
                f"The relation {part['table_name']!r} does not exist. SHOW TABLES lists the names."
            )

    def _check_shown(self, part: dict[str, Any], visible: frozenset[str]) -> None:
        if part["query"] is None and part["table_name"] not in _SHOWN:
            self._check_table(part, visible)


def _refused(kind: str) -> QueryError:
    return QueryError(f"Only reading is allowed here, but the statement contains the syntax element {kind}.")


@cache
def _functions() -> frozenset[str]:
    """Return the names of all allowed functions, most of which DuckDB declares free of side effects."""
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT function_name FROM duckdb_functions() WHERE function_type IN "
            "('scalar', 'aggregate', 'window', 'macro') GROUP BY ALL "
            "HAVING NOT bool_or(coalesce(has_side_effects, false) OR coalesce(stability, '') = 'VOLATILE')"
        ).fetchall()
    names = {name for (name,) in rows} | _RANDOM | {"mfkit_fold", "unnest"}
    return frozenset(name for name in names if name not in _REVEALING and not name.startswith("__"))
