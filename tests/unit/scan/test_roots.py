"""Roots of a scan: which folders remain if some are inside others."""

from __future__ import annotations

from pathlib import Path

from mfkit.scan.roots import resolve_roots


def test_only_folders_inside_other_roots_are_left_out(tmp_path: Path) -> None:
    """A name that begins like another root's is no folder in it, and each root is scanned once."""
    for name in ("photos", "photos 2", "photos/2024"):
        (tmp_path / name).mkdir()
    roots = [tmp_path / name for name in ("photos 2", "photos/2024", "photos", "photos 2")]
    assert resolve_roots(roots) == [str(tmp_path / "photos 2"), str(tmp_path / "photos")]
    assert resolve_roots([tmp_path, "/"]) == ["/"]
