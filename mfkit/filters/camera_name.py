"""The camera of an item as people say it: many makers write their name into the model as well."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, case, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from mfkit.models import media

c = media.c


class _FirstWord(FunctionElement[str]):
    """Argument: a text. What stands before its first space, or all of it."""

    inherit_cache = True
    type = Text()


@compiles(_FirstWord, "sqlite")
def _first_word_sqlite(element: _FirstWord, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"substr({text}, 1, instr({text} || ' ', ' ') - 1)"


@compiles(_FirstWord)
def _first_word(element: _FirstWord, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"split_part({text}, ' ', 1)"


def camera_of(make: ColumnElement[Any], model: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return make and model with a space between, or the model alone where it begins with the maker's
    name; null when neither is known."""
    # "NIKON CORPORATION" and "NIKON D7100", "Canon" and "Canon EOS 80D".
    said = case(
        (_FirstWord(model) == _FirstWord(make), model),
        else_=func.coalesce(make, "") + " " + func.coalesce(model, ""),
    )
    return func.nullif(func.trim(said), "", type_=Text())


camera = camera_of(c.camera_make, c.camera_model)
"""The camera's name."""
