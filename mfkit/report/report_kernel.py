"""The kernel that executes a report, reached through a socket file that no other user can open."""

from __future__ import annotations

import os
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from traitlets import Dict, default

from mfkit.processes.child_process import safe_environment
from mfkit.processes.temporary_folder import TemporaryFolder


class LocalKernelManager(AsyncKernelManager):
    """Starts a kernel that listens on no network port where the system knows socket files.

    What a kernel says is not encrypted over TCP, and ipykernel warns of that on every start. Jupyter would
    name the socket files in the present folder, where two kernels at once meet: here they have a folder of
    their own.
    """

    environment = Dict(help="Variables that the kernel has besides those of this process.").tag(config=True)

    @default("transport")
    def _default_transport(self) -> str:
        return "tcp" if os.name == "nt" else "ipc"

    @default("ip")
    def _default_ip(self) -> str:
        if self.transport == "tcp":
            return "127.0.0.1"
        self._folder = TemporaryFolder("kernel")
        return str(self._folder.path / "ipc")

    # The base class of Jupyter's asynchronous manager declares the method as synchronous.
    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the kernel, in which no module of the current folder is found."""
        await super().start_kernel(**{**options, "env": {**safe_environment(), **self.environment}})
