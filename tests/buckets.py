"""Buckets for the tests, and what tests do with them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from mfkit import MediaLibrary
from mfkit.distributed.s3_object import BLOCK
from tests.object_storage import Request, Server

LARGE = 3 * BLOCK
"""Bytes of an object that is not read whole."""


class Bucket:
    """A bucket that a test fills and scans."""

    def __init__(self, server: Server) -> None:
        self.server, self.name, self._client = server, server.bucket_name(), server.client()
        self._client.create_bucket(Bucket=self.name)
        self.url = f"s3://{self.name}"

    def put(self, key: str, data: bytes, **more: Any) -> str:
        """Put an object and return its ETag."""
        return str(self._client.put_object(Bucket=self.name, Key=key, Body=data, **more)["ETag"]).strip('"')

    def put_folder(self, folder: Path, prefix: str) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{prefix}/{path.relative_to(folder)}", path.read_bytes())

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self.name, Key=key)

    def copy(self, key: str, to: str) -> None:
        self._client.copy_object(Bucket=self.name, Key=to, CopySource={"Bucket": self.name, "Key": key})

    def put_parts(self, key: str, *parts: bytes) -> str:
        upload = self._client.create_multipart_upload(Bucket=self.name, Key=key)["UploadId"]
        named = {"Bucket": self.name, "Key": key, "UploadId": upload}
        done = [
            {"PartNumber": number, **self._client.upload_part(**named, PartNumber=number, Body=part)}
            for number, part in enumerate(parts, 1)
        ]
        wanted = {"Parts": [{name: one[name] for name in ("PartNumber", "ETag")} for one in done]}
        reply = self._client.complete_multipart_upload(**named, MultipartUpload=wanted)
        return str(reply["ETag"]).strip('"')

    def forbid(self, action: str, what: str = "") -> None:
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": f"arn:aws:s3:::{self.name}{what}",
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self._client.put_bucket_policy(Bucket=self.name, Policy=json.dumps(policy))

    def requests(self) -> list[Request]:
        """Return the requests that were sent to the bucket since the last look."""
        return [one for one in self.server.requests() if one.path.startswith(f"/{self.name}")]


def scan(lib: MediaLibrary, root: str, **how: Any) -> Any:
    """Scan by one worker, so that requests can be counted."""
    return lib.scan(root, progress=False, workers=1, **how)


def paths(lib: MediaLibrary, **chosen: Any) -> list[str]:
    """Return the paths of the items, sorted."""
    return sorted(lib.items(**chosen)["file_path"])


def noise(seed: int, size: int) -> bytes:
    """Return bytes of no kind, the same for the same seed."""
    return b"".join(hashlib.sha256(b"%d %d" % (seed, place)).digest() for place in range(size // 32))
