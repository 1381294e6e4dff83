"""``mfkit lab``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import Library, example, existing, path
from mfkit.processes.folder import TemporaryFolder
from mfkit.processes.server import serving
from mfkit.shipped import shipped

_OFFLINE = (
    # News, a newer JupyterLab, and extensions would each be asked for over the network.
    "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog=example("mfkit lab --port 8890"),
)
def lab(
    context: typer.Context,
    library: Library = "library.db",
    notebooks: Annotated[
        Path | None,
        typer.Option(parser=path, help="Where the notebooks are kept; beside the library if not given."),
    ] = None,
) -> None:
    """Open JupyterLab on the notebooks; further options go to JupyterLab.

    The notebooks are copied beside the library on first use, so that they can be edited; a copy that
    is there is never overwritten. They may import modules that lie beside them; nothing else in the current
    folder is run. JupyterLab itself runs in another folder: give paths in its options in full.
    """
    from mfkit.opening import LIBRARY

    with existing(library) as lib:
        file = lib.database.file
    folder = (notebooks or (file.parent if file is not None else Path()) / "notebooks").resolve()
    copy_notebooks(folder)
    # JupyterLab refuses an option that is given twice.
    given = {one.partition("=")[0] for one in context.args}
    options = [one for one in _OFFLINE if one.partition("=")[0] not in given]
    with TemporaryFolder("lab") as temporary:
        try:
            with serving(
                temporary.path, "jupyterlab", str(folder / "explore.ipynb"), *options, *context.args,
                inherited=False, variables={LIBRARY: library if file is None else str(file.resolve())},
            ) as server:
                raise typer.Exit(server.wait())
        except KeyboardInterrupt:
            print("Stopped.")


def copy_notebooks(folder: Path) -> None:
    """Copy the shipped notebooks into a folder, without touching those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(shipped("notebooks").glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copyfile(notebook, folder / notebook.name)
