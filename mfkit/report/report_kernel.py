"""Kernel manager for reports: connects through socket files that other users cannot open."""

from __future__ import annotations

import os
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from traitlets import Dict, default

from mfkit.processes.child_process import safe_environment
from mfkit.processes.temporary_folder import TemporaryFolder


class LocalKernelManager(AsyncKernelManager):
    """Kernel manager that uses socket files instead of network ports, except on Windows.

    TCP connections to a kernel are not encrypted, and ipykernel warns about that. By default Jupyter creates
    the socket files in the current folder, where two kernels conflict; here each kernel has its own folder.
    """

    environment = Dict(help="Additional environment variables of the kernel.").tag(config=True)

    @default("transport")
    def _default_transport(self) -> str:
        return "tcp" if os.name == "nt" else "ipc"

    @default("ip")
    def _default_ip(self) -> str:
        if self.transport == "tcp":
            return "127.0.0.1"
        self._folder = TemporaryFolder("kernel")
        return str(self._folder.path / "ipc")

    # The base class declares this method as synchronous.
    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the kernel without the current folder on its import path."""
        await super().start_kernel(**{**options, "env": {**safe_environment(), **self.environment}})
