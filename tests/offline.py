"""A network namespace that leads nowhere, and what the programs in it tried to reach beyond loopback.

To be run in one: ``unshare --net --mount python -m tests.offline``. A tunnel that nobody answers from is the
default route, so that each packet that would leave the machine is seen, lookups of names too.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.requirements import require

ROOT = Path(__file__).parents[1]
_NAME_SERVER = "198.51.100.53"
_TUNSETIFF = 0x400454CA  # https://docs.kernel.org/networking/tuntap.html
_TUN, _NO_PACKET_INFORMATION = 0x0001, 0x1000
_PROTOCOLS = {6: "tcp", 17: "udp"}
"""Others are the kernel's own, such as the search for routers."""


class Ran(NamedTuple):
    """What a command did.

    Attributes:
        code: Its exit code.
        said: What it printed.
        attempts: Where it tried to send to: ``tcp 192.0.2.1:443``, ``udp 198.51.100.53:53 example.org``.
    """

    code: int
    said: str
    attempts: list[str]


def run_offline(commands: Mapping[str, Sequence[str]], folder: Path) -> dict[str, Ran]:
    """Run commands, one after the other, in a network namespace that leads nowhere.

    Args:
        commands: Name -> what to run.
        folder: Where to run it.
    """
    require(shutil.which("ip"), "The program ip", "iproute2")
    unshare = ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    usable = shutil.which("unshare") and Path("/dev/net/tun").exists()
    usable = usable and not subprocess.run([*unshare, "true"], capture_output=True).returncode
    require(usable, "A network namespace of the tests' own, with /dev/net/tun,", "util-linux")
    done = subprocess.run(
        [*unshare, sys.executable, "-m", "tests.offline"],
        input=json.dumps(commands),
        text=True,
        cwd=folder,
        stdout=subprocess.PIPE,
        timeout=800,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
    )
    return {name: Ran(*one) for name, one in json.loads(done.stdout).items()}


def _tunnel() -> int:
    """Make the tunnel the default route of this namespace, and its name server one beyond it."""
    tunnel = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tunnel, _TUNSETIFF, struct.pack("16sH22x", b"outside", _TUN | _NO_PACKET_INFORMATION))
    for line in (
        "link set lo up",
        "link set outside up",
        "addr add 198.51.100.1/24 dev outside",
        "-6 addr add 2001:db8::1/64 dev outside nodad",
        "route add default dev outside",
        "-6 route add default dev outside",
    ):
        subprocess.run(["ip", *line.split()], check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as resolver:
        resolver.write(f"nameserver {_NAME_SERVER}\n")
        resolver.flush()
        os.chmod(resolver.name, 0o644)
        subprocess.run(["mount", "--bind", resolver.name, "/etc/resolv.conf"], check=True)
    return tunnel


def _target(packet: bytes) -> str | None:
    """Return where a packet is to go; None for the kernel's own."""
    if packet[0] >> 4 == 4:
        protocol, address, payload = packet[9], packet[16:20], packet[(packet[0] & 15) * 4 :]
    else:
        protocol, address, payload = packet[6], packet[24:40], packet[40:]
    if protocol not in _PROTOCOLS:
        return None
    port = int.from_bytes(payload[2:4])
    asked = payload[20:].partition(b"\0")[0]  # a query's name, behind two headers
    name = f" {asked.decode(errors='replace')}" if port == 53 and protocol == 17 else ""
    return f"{_PROTOCOLS[protocol]} {ipaddress.ip_address(address)}:{port}{name}"


def _main() -> None:
    """Run the commands that stdin names, and say on stdout what they did."""
    commands: dict[str, list[str]] = json.load(sys.stdin)
    tunnel = _tunnel()
    seen: list[str] = []

    def read() -> None:
        while True:
            if target := _target(os.read(tunnel, 65536)):
                seen.append(target)

    threading.Thread(target=read, daemon=True).start()
    done = {}
    for name, command in commands.items():
        seen.clear()
        ran = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        time.sleep(0.1)  # what its last packets take to be read
        done[name] = Ran(ran.returncode, ran.stdout.decode(errors="replace"), sorted(set(seen)))
    json.dump(done, sys.stdout)


if __name__ == "__main__":
    _main()
