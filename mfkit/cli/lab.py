"""``mfkit lab``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import Library, example, existing
from mfkit.shipped import shipped


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog=example("mfkit lab --port 8890"),
)
def lab(
    context: typer.Context,
    library: Library = "library.db",
    notebooks: Annotated[
        Path | None, typer.Option(help="Where the notebooks are kept; beside the library if not given.")
    ] = None,
) -> None:
    """Open JupyterLab on the notebooks; further options go to JupyterLab.

    The notebooks are copied beside the library on first use, so that they can be edited; a copy that
    is there is never overwritten.
    """
    with existing(library) as lib:
        file = lib.database.file
    folder = notebooks or (file.parent if file is not None else Path()) / "notebooks"
    copy_notebooks(folder)
    named = library if file is None else str(file.resolve())
    command = [sys.executable, "-m", "jupyterlab", str(folder / "explore.ipynb"), *context.args]
    raise typer.Exit(subprocess.call(command, env={**os.environ, "MFKIT_LIBRARY": named}))


def copy_notebooks(folder: Path) -> None:
    """Copy the shipped notebooks into a folder, without touching those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(shipped("notebooks").glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copyfile(notebook, folder / notebook.name)
