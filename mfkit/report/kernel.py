"""The kernel that executes a report, reached through a socket file that no other user can open."""

from __future__ import annotations

import os

from jupyter_client.manager import AsyncKernelManager
from traitlets import default


class LocalKernelManager(AsyncKernelManager):
    """Starts a kernel that listens on no network port where the system knows socket files.

    What a kernel says is not encrypted over TCP, and ipykernel warns of that on every start.
    """

    @default("transport")
    def _default_transport(self) -> str:
        return "tcp" if os.name == "nt" else "ipc"
