"""SQL expressions, for each database, that tell what a file looks like, such as a screenshot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from mfkit.models.looks_like_rules import RULES, LooksLikeRule


class _Dialect(ABC):
    """Base class for the SQL that differs between databases in the rules for what a file looks like.

    Attributes:
        tables: Prefixes of the columns of items, metadata and quality.
    """

    tables = {"i": "i.", "m": "m.", "q": "q."}

    def lower(self, column: str) -> str:
        """Return SQL that converts ASCII letters to lower case."""
        return f"lower({column})"

    @abstractmethod
    def software(self) -> str:
        """Return SQL for the name of the program that wrote the file."""

    def software_matches(self, patterns: Sequence[str]) -> str:
        """Return the condition that the name of the program matches at least one GLOB pattern."""
        return self.matches(self.lower(self.software()), patterns)

    @abstractmethod
    def matches(self, text: str, patterns: Sequence[str]) -> str:
        """Return the condition that a text matches at least one GLOB pattern."""


class _Sqlite(_Dialect):
    def software(self) -> str:
        # The name is found by a text search in the JSON, because SQLite before 3.45 refuses JSON functions in
        # a view if the connection has trusted_schema = OFF. A quoted word that is followed by a colon can
        # only be a key.
        key, column = '"software":', "m.extra_metadata"
        value = f"ltrim(substr({column}, instr({column}, '{key}') + {len(key)}))"
        return (
            f"CASE WHEN instr({column}, '{key}') > 0 AND substr({value}, 1, 1) = '\"' "
            f"THEN substr({value}, 2, instr(substr({value}, 2), '\"') - 1) END"
        )

    def software_matches(self, patterns: Sequence[str]) -> str:
        # A subquery is used, so that the view contains the long expression for the name only once.
        name = self.lower(self.software())
        return f"EXISTS (SELECT 1 FROM (SELECT {name} AS name) WHERE {self.matches('name', patterns)})"

    def matches(self, text: str, patterns: Sequence[str]) -> str:
        return " OR ".join(f"{text} GLOB '{pattern}'" for pattern in patterns)


class _Postgresql(_Dialect):
    def lower(self, column: str) -> str:
        return f'lower({column} COLLATE "C")'

    def software(self) -> str:
        return "m.extra_metadata ->> 'software'"

    def matches(self, text: str, patterns: Sequence[str]) -> str:
        return f"{text} ~ '{_regex_of(patterns)}'"


class _Duckdb(_Dialect):
    tables = {"i": "", "m": "", "q": ""}

    def lower(self, column: str) -> str:
        return f"mfkit_fold(CAST({column} AS VARCHAR))"

    def software(self) -> str:
        return (
            "CASE WHEN contains(extra_metadata, '\"software\"') AND json_valid(extra_metadata) "
            "THEN json_extract_string(extra_metadata, '$.software') END"
        )

    def matches(self, text: str, patterns: Sequence[str]) -> str:
        return f"regexp_matches({text}, '{_regex_of(patterns)}')"


_DIALECTS = {"sqlite": _Sqlite(), "postgresql": _Postgresql(), "duckdb": _Duckdb()}
_SPECIAL = frozenset("\\.^$+(){}|")


def _regex_of(patterns: Sequence[str]) -> str:
    """Return the regular expression, quoted for SQL, that matches the same texts as the GLOB patterns."""
    return f"(?s)^(?:{'|'.join(map(_regex, patterns))})$".replace("'", "''")


def _regex(pattern: str) -> str:
    """Convert a GLOB pattern to a regular expression that PostgreSQL and DuckDB understand alike."""
    parts = []
    in_set = False
    for character in pattern:
        in_set = character == "[" or (in_set and character != "]")
        if not in_set and character in "*?":
            parts.append(".*" if character == "*" else ".")
        else:
            parts.append(f"\\{character}" if not in_set and character in _SPECIAL else character)
    return "".join(parts)


def looks_like_rule(dialect: str) -> str:
    """Return an SQL expression for the name of the first rule that a file meets, or null if it meets none."""
    sql = _DIALECTS[dialect]
    cases = " ".join(f"WHEN {_condition(rule, sql)} THEN '{_quoted(rule.name)}'" for rule in RULES)
    return f"CASE {cases} END"


def looks_like(rule: str) -> str:
    """Return an SQL expression for the column ``looks_like``, with values such as ``screenshot``.

    Args:
        rule: SQL expression for the name of the rule that a file meets; see :func:`looks_like_rule`.
    """
    cases = " ".join(f"WHEN '{_quoted(one.name)}' THEN '{one.value}'" for one in RULES)
    return f"CASE {rule} {cases} END"


def _quoted(name: str) -> str:
    return name.replace("'", "''")


def _condition(rule: LooksLikeRule, sql: _Dialect) -> str:
    types = ", ".join(f"'{name}'" for name in rule.media_types)
    return f"{sql.tables['i']}media_type IN ({types}) AND ({' OR '.join(_parts(rule, sql))})"


def _parts(rule: LooksLikeRule, sql: _Dialect) -> Iterator[str]:
    item, metadata = sql.tables["i"], sql.tables["m"]
    if rule.names:
        yield sql.matches(sql.lower(f"{item}file_name"), rule.names)
    if rule.folders:
        yield sql.matches(sql.lower(f"{item}file_path"), tuple(f"*/{name}/*" for name in rule.folders))
    if rule.software:
        yield sql.software_matches(rule.software)
    if rule.cameras:
        yield sql.matches(sql.lower(f"{metadata}camera_model"), rule.cameras)
    if rule.condition:
        yield rule.condition.format(**sql.tables)
