"""A real Spark cluster for the tests: a standalone master and two workers on loopback, gone when they end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOOPBACK = "127.0.0.1"
_STARTS = 120.0


def java() -> str | None:
    """Return the path of a Java; None when there is none."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")


@contextmanager
def cluster() -> Iterator[str]:
    """Start a master and two workers of one core each, and stop them at the end; yields the master's URL."""
    import pyspark

    start = Path(pyspark.__file__).parent / "bin" / "spark-class"
    with socket.socket() as free:
        free.bind((_LOOPBACK, 0))
        port = free.getsockname()[1]
    url = f"spark://{_LOOPBACK}:{port}"
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mfkit-spark-")))
        environment = {
            **os.environ,
            "SPARK_LOCAL_IP": _LOOPBACK,
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_WORKER_OPTS": "-XX:TieredStopAtLevel=1",
            "SPARK_MASTER_OPTS": "-XX:TieredStopAtLevel=1",
        }

        def run(name: str, *arguments: str) -> Path:
            log = home / f"{name}.log"
            output = stack.enter_context(log.open("w"))
            process = subprocess.Popen(
                [str(start), *arguments], cwd=home, env=environment, stdout=output, stderr=output
            )
            stack.callback(_stop, process)
            return log

        web = ("--webui-port", "0")
        deploy = "org.apache.spark.deploy"
        log = run("master", f"{deploy}.master.Master", "--host", _LOOPBACK, "--port", str(port), *web)
        for number in range(2):
            place = ("--work-dir", str(home / f"worker-{number}"))
            size = ("--cores", "1", "--memory", "4g")
            run(f"worker-{number}", f"{deploy}.worker.Worker", "--host", _LOOPBACK, *size, *place, *web, url)
        ends = time.monotonic() + _STARTS
        while log.read_text().count("Registering worker") < 2:
            assert time.monotonic() < ends, log.read_text()[-2000:]
            time.sleep(0.1)
        yield url


@contextmanager
def session(master: str, memory: str = "512m", **further: str) -> Iterator[SparkSession]:
    """Open a Spark session on a cluster, with an executor of so much memory on each worker.

    Args:
        master: The cluster's URL.
        memory: Of the driver and of each executor.
        further: Settings by their names.
    """
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.host": _LOOPBACK,
        "spark.driver.bindAddress": _LOOPBACK,
        "spark.ui.enabled": "false",
        "spark.driver.memory": memory,
        "spark.executor.memory": memory,
        "spark.executor.cores": "1",
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
        "spark.sql.shuffle.partitions": "2",
        # What a person may have set, and no answer may depend on.
        "spark.sql.session.timeZone": "America/New_York",
        "spark.sql.ansi.enabled": "false",
        "spark.log.level": "OFF",
        "spark.ui.showConsoleProgress": "false",
        **further,
    }
    builder = SparkSession.builder.master(master).appName("mfkit's tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    try:
        ends = time.monotonic() + _STARTS
        # The driver counts as one.
        while made.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < 3:
            assert time.monotonic() < ends, "the workers have no executors"
            time.sleep(0.1)
        yield made
    finally:
        made.stop()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
