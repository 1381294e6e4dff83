"""Safety check for SQL from the user on Spark: it must be a single query that only reads known tables.

Spark SQL can read any file by its path and call static Java methods. So the parsed query plan is compared
with allowlists, and everything else is rejected.
Source: https://spark.apache.org/docs/latest/sql-ref-syntax.html.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from mfkit.errors import QueryError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_PLANS = frozenset(
    """
    Aggregate Deduplicate Distinct Except Filter Generate GlobalLimit Intersect Join LateralJoin
    LocalLimit LocalRelation Offset OneRowRelation OneRowRelation$ PipeOperator Pivot Project Repartition
    RepartitionByExpression Sample Sort SubqueryAlias Union Unpivot UnresolvedHaving UnresolvedInlineTable
    UnresolvedQualify UnresolvedRelation UnresolvedSubqueryColumnAliases UnresolvedTVFAliases
    UnresolvedTableValuedFunction UnresolvedWith
    """.split()
)
"""Allowed nodes of a query plan.

Commands and scripts are not allowed. Hints and named windows are also not allowed, because this check would
not see the expressions in them."""
_TABLE_FUNCTIONS = frozenset(
    """
    range explode explode_outer posexplode posexplode_outer inline inline_outer stack json_tuple
    """.split()
)
# Spark assigns each of its functions to a group. SQL from the user may call only the functions of these
# groups. Groups with unsafe functions are missing: functions of misc_funcs can call Java methods and return
# file names, and functions for XML, Avro and Protobuf can read a schema from any file.
_GROUPS = frozenset(
    f"{group}_funcs"
    for group in """
    agg array bitwise collection conditional conversion csv datetime generator hash json lambda map math
    predicate string struct url variant window
    """.split()
)
_FURTHER = frozenset(("typeof", "uuid", "raise_error", "assert_true"))
_NAMED_AT_RUN_TIME = frozenset(("ExpressionWithUnresolvedIdentifier", "PlanWithUnresolvedIdentifier"))


class SparkGuard:
    """Checker that rejects all statements of one Spark session that are not read-only queries."""

    def __init__(self, spark: SparkSession, relations: Collection[str]) -> None:
        """Create a checker for a Spark session.

        Args:
            spark: Spark session whose parser is used.
            relations: Names of the tables and views that statements may read, in lower case.
        """
        self._parser = spark._jsparkSession.sessionState().sqlParser()
        jvm = spark._jvm
        assert jvm is not None
        self._registry = jvm.org.apache.spark.sql.catalyst.analysis.FunctionRegistry.builtin()
        self._relations = frozenset(relations)
        self._functions: dict[str, bool] = {}

    def refuse_all_but_reading(self, sql: str) -> None:
        """Raise an error unless a statement is certainly read-only. The statement is parsed but not run.

        Raises:
            QueryError: The statement is not a query, or contains a disallowed element.
            PySparkException: Spark cannot parse the statement.
        """
        try:
            self._visit_plan(self._parser.parsePlan(sql), self._relations)
        except RecursionError as error:
            raise QueryError("The statement is nested too deeply. Split it with WITH.") from error

    def _visit_plan(self, plan: Any, known: frozenset[str]) -> None:
        kind = plan.getClass().getSimpleName()
        if kind not in _PLANS:
            raise QueryError(
                f"Only reading is allowed here, but the statement contains the syntax element {kind}."
            )
        if kind == "UnresolvedWith":
            for common in _each(plan.innerChildren()):
                name = common.alias().lower()
                self._visit_plan(common, known | {name} if plan.allowRecursion() else known)
                known |= {name}
        elif kind == "UnresolvedRelation":
            parts = list(_each(plan.multipartIdentifier()))
            if len(parts) != 1 or parts[0].lower() not in known or plan.isStreaming():
                raise QueryError(
                    f"The relation {'.'.join(parts)!r} does not exist. Use a relation of the dataset, "
                    "such as 'media'."
                )
        elif kind == "UnresolvedTableValuedFunction":
            self._check_function(list(_each(plan.name())), _TABLE_FUNCTIONS)
        for expression in _each(plan.expressions()):
            self._visit_expression(expression, known)
        for child in _each(plan.children()):
            self._visit_plan(child, known)

    def _visit_expression(self, expression: Any, known: frozenset[str]) -> None:
        kind = expression.getClass().getSimpleName()
        if kind in _NAMED_AT_RUN_TIME:
            raise QueryError("IDENTIFIER() is not allowed in sql(). Write the name itself.")
        if kind == "UnresolvedFunction":
            self._check_function(list(_each(expression.nameParts())))
        elif kind == "UnresolvedGenerator":
            self._check_function([expression.name().funcName()], _TABLE_FUNCTIONS)
        elif _has_plan(expression):
            self._visit_plan(expression.plan(), known)
        for child in _each(expression.children()):
            self._visit_expression(child, known)

    def _check_function(self, parts: list[str], allowed: frozenset[str] | None = None) -> None:
        name = parts[-1].lower()
        if len(parts) > 1 or not (self._is_harmless(name) if allowed is None else name in allowed):
            raise QueryError(f"The function {'.'.join(parts)}() is not allowed in sql().")

    def _is_harmless(self, name: str) -> bool:
        if name not in self._functions:
            found = None
            functions = self._registry.listFunction().iterator()
            while found is None and functions.hasNext():
                identifier = functions.next()
                if identifier.funcName().lower() == name:
                    found = self._registry.lookupFunction(identifier).get()
            self._functions[name] = name in _FURTHER or (found is not None and found.getGroup() in _GROUPS)
        return self._functions[name]


def _each(sequence: Any) -> Iterator[Any]:
    iterator = sequence.iterator()
    while iterator.hasNext():
        yield iterator.next()


def _has_plan(expression: Any) -> bool:
    kind = expression.getClass()
    while kind is not None:
        if kind.getSimpleName() == "PlanExpression":
            return True
        kind = kind.getSuperclass()
    return False
