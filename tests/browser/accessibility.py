"""Names, roles, contrast and sizes of controls on a page, as axe-core checks them.

https://github.com/dequelabs/axe-core
"""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def violations(page: Page, part: str = "html") -> list[str]:
    """Return what axe-core finds in a part of a page: the rule, the element and the reason, one line each.

    Args:
        page: The page.
        part: Selector of the part, because the rest of JupyterLab's page is not ours.
    """
    found = Axe().run(page, part, {"runOnly": list(_RULES), "resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[1].strip()})"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]
