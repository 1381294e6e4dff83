"""The kernel that executes a report, reached through a socket file that no other user can open."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref

from jupyter_client.manager import AsyncKernelManager
from traitlets import default


class LocalKernelManager(AsyncKernelManager):
    """Starts a kernel that listens on no network port where the system knows socket files.

    What a kernel says is not encrypted over TCP, and ipykernel warns of that on every start. Jupyter would
    name the socket files in the present folder, where two kernels at once meet: here they have a folder of
    their own.
    """

    @default("transport")
    def _default_transport(self) -> str:
        return "tcp" if os.name == "nt" else "ipc"

    @default("ip")
    def _default_ip(self) -> str:
        if self.transport == "tcp":
            return "127.0.0.1"
        folder = tempfile.mkdtemp(prefix="mfkit-kernel-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return os.path.join(folder, "ipc")
