"""Open the page of `mfkit app` or `mfkit lab`: `python -m tests.browser.open_page app library.db`.

Prints as JSON what the page asked for beyond this machine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.browser.lab import Lab, visit
from tests.commands import serving

_LAB = ("--allow-root", "--LabApp.expose_app_in_browser=True")


def _main(server: str, library: str) -> None:
    folder = Path(library).parent
    arguments = [library] if server == "app" else ["--library", library, *_LAB]
    with serving(folder / "said", server, *arguments) as address, visit(folder / "profile") as browser:
        if server == "app":
            browser.page.goto(address)
        else:
            place, _, token = address.partition("/lab")
            browser.open(Lab(place, token.partition("?token=")[2], folder / "notebooks"), "explore.ipynb")
            browser.run_all()
            browser.command("extensionmanager:show-panel")
        browser.plots(1)
        browser.page.wait_for_load_state("networkidle")
        print(json.dumps(browser.outside))


if __name__ == "__main__":
    _main(*sys.argv[1:])
