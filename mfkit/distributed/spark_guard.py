"""Check of free SQL for Spark by its parsed plan: a statement must be one query on known relations.

Spark SQL can read any file by its path and call static methods of Java, so everything that is not listed
here is rejected. Source: https://spark.apache.org/docs/latest/sql-ref-syntax.html.
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
"""Plan nodes of queries. Commands, hints, scripts and named windows, which hide expressions, are left out."""
_TABLE_FUNCTIONS = frozenset(
    """
    range explode explode_outer posexplode posexplode_outer inline inline_outer stack json_tuple
    """.split()
)
# Spark's function groups, except misc_funcs (methods of Java, names of files), xml_funcs, and those of
# formats whose schemas are read from files.
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
    """Check of statements for one Spark session."""

    def __init__(self, spark: SparkSession, relations: Collection[str]) -> None:
        """Set the session and the relations that statements can read, in lower case."""
        self._parser = spark._jsparkSession.sessionState().sqlParser()
        jvm = spark._jvm
        assert jvm is not None
        self._registry = jvm.org.apache.spark.sql.catalyst.analysis.FunctionRegistry.builtin()
        self._relations = frozenset(relations)
        self._functions: dict[str, bool] = {}

    def refuse_all_but_reading(self, sql: str) -> None:
        """Reject a statement unless it is certainly read-only; nothing is analysed or run.

        Raises:
            QueryError: The statement is not a query, or uses something that is not allowed.
            PySparkException: Spark cannot parse it.
        """
        try:
            self._visit_plan(self._parser.parsePlan(sql), self._relations)
        except RecursionError as error:
            raise QueryError("The statement is nested too deeply. Split it with WITH.") from error

    def _visit_plan(self, plan: Any, known: frozenset[str]) -> None:
        kind = plan.getClass().getSimpleName()
        if kind not in _PLANS:
            raise QueryError(f"Only reading is allowed here, and the statement has a part of type {kind}.")
        if kind == "UnresolvedWith":
            for common in _each(plan.innerChildren()):
                name = common.alias().lower()
                self._visit_plan(common, known | {name} if plan.allowRecursion() else known)
                known |= {name}
        elif kind == "UnresolvedRelation":
            parts = list(_each(plan.multipartIdentifier()))
            if len(parts) != 1 or parts[0].lower() not in known or plan.isStreaming():
                raise QueryError(f"The relation {'.'.join(parts)!r} does not exist. Use media, for example.")
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
