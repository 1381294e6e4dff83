"""A real object storage server for the tests: moto's, in a process of its own, which keeps account.

``python -m tests.object_storage`` serves on a free port and prints it. Before moto stands a gate that writes
down every request with the bytes it was answered with, and that spoils what a test asks it to.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request as HTTPRequest
from urllib.request import urlopen

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAOFTESTS", "AWS_SECRET_ACCESS_KEY": "s3cret-of-tests"}


class Request(NamedTuple):
    """A request that was answered."""

    method: str
    path: str
    query: str
    status: int
    sent: int

    @property
    def is_listing(self) -> bool:
        return "list-type=2" in self.query


class Server:
    """A running server.

    Attributes:
        url: Its address.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._numbers = count(1)

    def environment(self) -> dict[str, str]:
        """Return the variables by which every AWS program finds the server, and nothing of this machine."""
        nowhere = str(Path(__file__).parent / "nowhere")
        return {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": nowhere,
            "AWS_SHARED_CREDENTIALS_FILE": nowhere,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self) -> Any:
        """Return a client to fill buckets with."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="filler",
            aws_secret_access_key="filler",
        )

    def bucket_name(self) -> str:
        """Return the name of a bucket that is not there yet."""
        return f"bucket-{next(self._numbers)}"

    def requests(self) -> list[Request]:
        """Return the requests since the last time this was asked."""
        with urlopen(f"{self.url}/_requests") as reply:
            return [Request(*one) for one in json.load(reply)]

    def spoil(self, **rule: Any) -> None:
        """Spoil requests until :meth:`mend`.

        Args:
            rule: ``method``; ``contains``, a part of path and query; ``status`` to answer with, or ``cut``,
                the number of bytes after which the connection ends, or ``delay`` in seconds before each
                16 KiB, or ``page``, the number of objects in each answer to a listing; ``after``, how many to
                leave as they are; ``times``, how many to spoil.
        """
        urlopen(HTTPRequest(f"{self.url}/_spoil", json.dumps(rule).encode(), method="POST")).close()

    def mend(self) -> None:
        """Spoil nothing any more, and forget what was asked."""
        urlopen(HTTPRequest(f"{self.url}/_mend", b"", method="POST")).close()
        self.requests()


@contextmanager
def server() -> Iterator[Server]:
    """Start a server, and stop it at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.object_storage"],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        assert port.isdigit(), f"the server does not start: python -m tests.object_storage ({port})"
        yield Server(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class _Gate:
    """Stands before moto."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._requests: list[Request] = []
        self._rules: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, query, method = environ["PATH_INFO"], environ.get("QUERY_STRING", ""), environ["REQUEST_METHOD"]
        if path.startswith("/_"):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            if path == "/_spoil":
                self._rules.append({"after": 0, "times": -1, **json.loads(body)})
            elif path == "/_mend":
                self._rules = []
            answer, self._requests = (self._requests, []) if path == "/_requests" else ([], self._requests)
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(answer).encode()]
        rule = self._rule_for(method, f"{path}?{query}")
        if "page" in rule:
            environ["QUERY_STRING"] = query.replace("max-keys=1000", f"max-keys={rule['page']}")
        if "status" in rule:
            self._requests.append(Request(method, path, query, rule["status"], 0))
            start_response(f"{rule['status']} Spoilt", [("Content-Type", "application/xml")])
            return [b"<Error><Code>Spoilt</Code><Message>By a test</Message></Error>"]
        return self._passed(environ, start_response, Request(method, path, query, 0, 0), rule)

    def _passed(
        self, environ: dict[str, Any], start_response: Any, request: Request, rule: dict[str, Any]
    ) -> Iterator[bytes]:
        status = 0

        def started(line: str, headers: Any, *more: Any) -> Any:
            nonlocal status
            status = int(line.split()[0])
            return start_response(line, headers, *more)

        data = b"".join(self._app(environ, started))
        sent = data[: rule.get("cut", len(data))]
        self._requests.append(request._replace(status=status, sent=len(sent)))
        for at in range(0, len(sent), 1 << 14):
            time.sleep(rule.get("delay", 0))
            yield sent[at : at + (1 << 14)]

    def _rule_for(self, method: str, url: str) -> dict[str, Any]:
        for rule in reversed(self._rules):
            if rule.get("method", method) == method and rule.get("contains", "") in url and rule["times"]:
                if rule["after"]:
                    rule["after"] -= 1
                else:
                    rule["times"] -= 1
                    return rule
        return {}


def main() -> None:
    """Serve until killed."""
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    app = _Gate(DomainDispatcherApplication(create_backend_app))
    serving = make_server("127.0.0.1", 0, app, threaded=True, request_handler=MotoRequestHandler)
    print(serving.server_port, flush=True)
    serving.serve_forever()


if __name__ == "__main__":
    main()
