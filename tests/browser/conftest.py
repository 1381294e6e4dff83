"""The library and the JupyterLab that browser tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.models import MediaCopy, MediaItem
from tests.browser.lab import CHROMIUM, Lab, jupyter_lab
from tests.requirements import require
from tests.synthetic import HOSTILE, fill


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Iterator[MediaLibrary]:
    """The demo library with additional items that have hostile names; one of them has a copy."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    with MediaLibrary(tmp_path_factory.mktemp("library") / "library.db") as lib:
        lib.scan(demo, progress=False)
        fill(lib, 12)
        run_sync(_copy(lib, HOSTILE[0]))
        yield lib


async def _copy(lib: MediaLibrary, name: str) -> None:
    async with lib.database.session() as session:
        item = (await session.scalars(select(MediaItem).where(MediaItem.file_name == name))).one()
        path = f"/spare/{name}/{name}"
        session.add(MediaCopy(media_item_id=item.id, file_path=path, file_name=name))


@pytest.fixture(scope="session")
def lab(library: MediaLibrary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab whose kernels open the shared library."""
    assert library.database.file is not None
    with jupyter_lab(tmp_path_factory.mktemp("lab"), library.database.file) as running:
        yield running
