"""The promise "Offline": no command sends anything beyond this machine, nor looks a name up."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

import mfkit
from tests.browser.lab import CHROMIUM
from tests.commands import SERVERS, every_command, in_one_process, outcomes, own_places
from tests.offline import run_offline
from tests.requirements import require


class TestOffline:
    """Programs in a network namespace whose only way out is watched."""

    def test_attempts_are_noticed(self, tmp_path: Path) -> None:
        """Of a lookup, a connection and a message, whether to IPv4 or to IPv6."""
        script = "import socket; s = socket.socket(socket.{}, socket.{}); s.settimeout(1); {}"
        commands = {
            name: [sys.executable, "-c", script.format(*how)]
            for name, how in {
                "name": ("AF_INET", "SOCK_STREAM", "s.connect(('nowhere.example', 80))"),
                "tcp": ("AF_INET", "SOCK_STREAM", "s.connect(('192.0.2.1', 443))"),
                "tcp6": ("AF_INET6", "SOCK_STREAM", "s.connect(('2001:db8:1::1', 443))"),
                "udp": ("AF_INET", "SOCK_DGRAM", "s.sendto(b'x', ('192.0.2.1', 9))"),
                "loopback": ("AF_INET", "SOCK_DGRAM", "s.sendto(b'x', ('127.0.0.1', 9))"),
            }.items()
        }
        ran = run_offline(commands, tmp_path)
        assert any("nowhere" in one for one in ran["name"].attempts)
        assert ran["tcp"].attempts == ["tcp 192.0.2.1:443"]
        assert ran["tcp6"].attempts == ["tcp 2001:db8:1::1:443"]
        assert ran["udp"].attempts == ["udp 192.0.2.1:9"]
        assert ran["loopback"].attempts == []

    def test_every_command(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It does its work, and nothing leaves; a report is a PDF with its charts as pictures.

        What runs until it is stopped is in tests/browser/test_offline.py.
        """
        require(CHROMIUM, "The browser Chromium", "chromium")
        for name, value in own_places(tmp_path).items():
            monkeypatch.setenv(name, value)
        (tmp_path / "media").mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / "media" / "one.png")
        with mfkit.MediaLibrary(tmp_path / "library.db") as library:
            library.scan(tmp_path / "media", progress=False)
        (tmp_path / "list.csv").write_text("file_path,file_size,title\n/music/a.mp3,7,A\n")
        values = {
            "library": ["library.db"],
            "source": ["library.db"],
            "folder": ["demo"],
            "target": ["items.csv"],
            "file": ["list.csv"],
            "folders": ["media"],
            "names": ["good"],
            "name": ["kept"],
            "tag delete name": ["good"],
            "words": ["music"],
            "report target": ["report.pdf"],
            "savings target": ["av1"],
            "playable target": ["safari"],
            "publish target": ["dataset"],
            "db copy target": ["copy.db"],
        }
        options = {"report": ["--pictures", "charts"], "tag add": ["--all"], "tag remove": ["--all"]}
        lines = [line for name, line in every_command(values, options) if name not in SERVERS]
        ran = run_offline({"commands": in_one_process(lines)}, tmp_path)["commands"]
        assert ran.code == 0, ran.said
        ends = zip(lines, outcomes(ran.said), strict=True)
        assert [(line, *end) for line, end in ends if end.code not in (0, 1)] == []
        assert ran.attempts == []
        assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
        assert list((tmp_path / "charts").glob("*.png"))
