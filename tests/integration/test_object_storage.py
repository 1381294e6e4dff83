"""Scans of a bucket: the same library as of a folder, by few requests and few bytes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mfkit
from mfkit import MediaLibrary
from mfkit.scan.objects import BLOCK, stand_in
from tests.object_storage import CREDENTIALS, Request, Server

LARGE = 3 * BLOCK


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
        self._client.copy_object(
            Bucket=self.name, Key=to, CopySource={"Bucket": self.name, "Key": key}
        )

    def put_parts(self, key: str, *parts: bytes) -> str:
        upload = self._client.create_multipart_upload(Bucket=self.name, Key=key)["UploadId"]
        named = {"Bucket": self.name, "Key": key, "UploadId": upload}
        done = [
            {"PartNumber": number, "ETag": self._client.upload_part(**named, PartNumber=number, Body=part)["ETag"]}
            for number, part in enumerate(parts, 1)
        ]
        return str(self._client.complete_multipart_upload(**named, MultipartUpload={"Parts": done})["ETag"]).strip('"')

    def forbid(self, action: str, what: str = "") -> None:
        statement = {
            "Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{self.name}{what}"
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self._client.put_bucket_policy(Bucket=self.name, Policy=json.dumps(policy))

    def requests(self) -> list[Request]:
        """Return the requests that were sent to the bucket since the last look."""
        return [one for one in self.server.requests() if one.path.startswith(f"/{self.name}")]


@pytest.fixture
def bucket(object_storage_server: Server) -> Iterator[Bucket]:
    """An empty bucket."""
    yield Bucket(object_storage_server)
    object_storage_server.mend()


@pytest.fixture
def lib(sqlite_path: Path) -> Iterator[MediaLibrary]:
    """A library without items."""
    with MediaLibrary(sqlite_path) as lib:
        yield lib


def scan(lib: MediaLibrary, root: str, **how: Any) -> Any:
    return lib.scan(root, progress=False, workers=1, **how)


def paths(lib: MediaLibrary, **chosen: Any) -> list[str]:
    return sorted(lib.items(**chosen)["file_path"])


def noise(seed: int, size: int) -> bytes:
    return b"".join(hashlib.sha256(b"%d %d" % (seed, place)).digest() for place in range(size // 32))


def test_a_bucket_has_the_facts_that_a_folder_has(bucket: Bucket, lib: MediaLibrary, demo: Path) -> None:
    """The demo library in a bucket is understood as it is on a disk: kinds, facts, places, sidecars."""
    bucket.put_folder(demo, "media")
    bucket.requests()
    found = scan(lib, f"{bucket.url}/media")
    here = scan(lib, str(demo))
    assert found.total.files == here.total.files
    columns = [
        "file_name", "file_size", "mime_type", "media_type", "duration", "width", "height", "fps", "video_codec",
        "audio_codec", "bitrate", "artist", "title", "year", "camera_model", "iso", "latitude", "location_name",
        "file_created_at", "compression_ratio",
    ]

    def rows(folder: str) -> Any:
        frame = lib.items(folder=folder, columns=["file_path", *columns])
        frame["file_path"] = frame["file_path"].str.removeprefix(folder)
        return frame.sort_values("file_path").reset_index(drop=True)

    mine = rows(f"{bucket.url}/media")
    assert len(mine) > 100
    print(found, sum(one.sent for one in bucket.requests()))
