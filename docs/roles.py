"""Docstrings name classes by Sphinx's roles, which editors know; on the pages only the name is shown."""

from __future__ import annotations

import re
from typing import Any

_ROLE = re.compile(r":(?:class|meth|func|data|attr|exc|mod):(?=<code)")


def on_page_content(html: str, **_: Any) -> str:
    """Return a page without the roles (a hook of MkDocs)."""
    return _ROLE.sub("", html)
