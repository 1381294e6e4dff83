"""Buckets of object storage: the only place that speaks to one, and the words for what goes wrong there.

Through s3fs, so that credentials, region, endpoint and proxies are found where every AWS program finds them:
environment, profile, configuration files, instance metadata. mfkit takes none of them as an argument, and
none gets into a message: servers' own words and the endpoint's URL are left out of those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self

from mfkit.errors import FolderNotFoundError, MfkitError, StorageUnavailableError
from mfkit.scan.stored_path import URL

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}\Z")
_TRIES = 3
"""How often a reply that breaks off is asked for again; what does not even begin, botocore asks again."""
_PIECE = 1 << 16
_SETTINGS = {
    # Together less than a file's time limit, so that a dead line is told apart from a hanging file.
    "connect_timeout": 10,
    "read_timeout": 15,
    "retries": {"mode": "standard"},
    # A checksum that the server keeps speaks of the whole object; what is read here are parts.
    "response_checksum_validation": "when_required",
}
_LOGIN = frozenset(
    (
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "TokenRefreshRequired",
        "AuthorizationHeaderMalformed",
        "RequestTimeTooSkewed",
    )
)


class ObjectError(OSError):
    """An object cannot be read; the message is a part of a sentence that says why."""


class ObjectGoneError(ObjectError):
    """There is no such object."""


class ByteRange(NamedTuple):
    """A part of an object.

    Attributes:
        data: The bytes.
        size: How many the whole object has.
        etag: Its version, without quotes.
    """

    data: bytes
    size: int
    etag: str


class S3Client:
    """A connection to object storage."""

    def __init__(self) -> None:
        """Find the credentials and the endpoint; nothing is asked yet.

        Raises:
            MfkitError: The packages for it are not installed.
            StorageUnavailableError: The configuration makes no sense.
        """
        try:
            import s3fs
            from fsspec.asyn import sync
        except ImportError as error:
            raise MfkitError("Object storage needs more packages: pip install 'mfkit[s3]'") from error
        # Not a shared one: another scan may be of another endpoint, with other credentials.
        self._files = s3fs.S3FileSystem(
            skip_instance_cache=True, use_listings_cache=False, config_kwargs=dict(_SETTINGS)
        )
        self._sync = sync
        with _storage_faults("Object storage"):
            self._client: Any = self._files.s3

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._call(self._client.close)

    def pages(
        self, bucket: str, prefix: str, *, delimiter: str = "", most: int = 1000
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield an account of the objects whose keys begin so, page by page, in the order of their keys.

        Args:
            bucket: Its name.
            prefix: What the keys begin with.
            delimiter: Leaves out keys that have it behind the prefix.
            most: Objects a page.

        Raises:
            FolderNotFoundError: There is no such bucket.
            StorageUnavailableError: It cannot be listed.
        """
        more: dict[str, str] = {}
        while True:
            with _storage_faults(f"{URL}{bucket}"):
                reply = self._call(
                    self._client.list_objects_v2,
                    Bucket=bucket,
                    Prefix=prefix,
                    Delimiter=delimiter,
                    MaxKeys=most,
                    **more,
                )
            yield reply.get("Contents", [])
            if not reply.get("IsTruncated"):
                return
            more = {"ContinuationToken": reply["NextContinuationToken"]}

    def head(self, bucket: str, key: str) -> dict[str, Any]:
        """Return what is kept about an object, with its checksum where there is one.

        Raises:
            ObjectGoneError: There is none of that key.
            ObjectError: It cannot be asked for.
        """
        with _object_faults():
            reply: dict[str, Any] = self._call(
                self._client.head_object, Bucket=bucket, Key=key, ChecksumMode="ENABLED"
            )
        return reply

    def read(
        self,
        bucket: str,
        key: str,
        start: int,
        length: int,
        beat: Callable[[], None],
        etag: str | None = None,
    ) -> ByteRange:
        """Read a part of an object; fewer bytes, where it ends.

        Args:
            bucket: Its name.
            key: The object's.
            start: Where, in bytes.
            length: How many bytes.
            beat: Called whenever some have come.
            etag: The version that it must be.

        Raises:
            ObjectGoneError: There is none of that key.
            ObjectError: It cannot be read, or is another version.
        """
        asked = {"Bucket": bucket, "Key": key, "Range": f"bytes={start}-{start + length - 1}"}
        if etag is not None:
            asked["IfMatch"] = f'"{etag}"'
        for left in reversed(range(_TRIES)):
            with _object_faults():
                try:
                    return self._read_once(asked, beat)
                except _broken():
                    if not left:
                        raise
        raise AssertionError("a try returns or raises")

    def _read_once(self, asked: dict[str, str], beat: Callable[[], None]) -> ByteRange:
        reply = self._call(self._client.get_object, **asked)
        body = reply["Body"]
        parts = []
        try:
            while part := self._call(body.read, _PIECE):
                parts.append(part)
                beat()
        finally:
            body.close()
        _, _, whole = str(reply.get("ContentRange", "")).rpartition("/")
        data = b"".join(parts)
        # A server that knows no ranges sends all of it.
        return ByteRange(data, int(whole) if whole.isdigit() else len(data), plain_etag(reply.get("ETag")))

    def _call(self, method: Any, *arguments: Any, **named: Any) -> Any:
        return self._sync(self._files.loop, method, *arguments, **named)


def split_url(url: str) -> tuple[str, str]:
    """Return bucket and key of an object's URL.

    Raises:
        FolderNotFoundError: It names no bucket.
    """
    bucket, _, key = url.removeprefix(URL).partition("/")
    if not _NAME.match(bucket):
        # What stands there may be a login.
        raise FolderNotFoundError(
            "A URL of object storage reads s3://bucket/prefix, with the name of a bucket and no login, port "
            "or server; those come from the environment (AWS_PROFILE, AWS_ENDPOINT_URL and the like)."
        )
    return bucket, key


def plain_etag(etag: object) -> str:
    """Return an ETag without quotes and without the mark of a weak one."""
    return str(etag or "").removeprefix("W/").strip('"')


def _broken() -> tuple[type[Exception], ...]:
    """What a reply that breaks off raises."""
    from aiohttp import ClientError as HTTPError
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    return (HTTPError, HTTPClientError, IncompleteReadError, TimeoutError)


@contextmanager
def _storage_faults(where: str) -> Iterator[None]:
    """Say in mfkit's words why a bucket cannot be worked with."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code, status = _code(error)
        if code == "NoSuchBucket" or status == 404:
            raise FolderNotFoundError(
                f"There is no bucket {where}; check its name and the endpoint."
            ) from error
        if code in _LOGIN:
            raise StorageUnavailableError(
                f"{where} refuses the login ({code}); check the credentials, the region and the clock."
            ) from error
        if status in (401, 403):
            raise StorageUnavailableError(
                f"{where} may not be listed with these credentials ({code}): they need s3:ListBucket."
            ) from error
        raise StorageUnavailableError(f"{where} answers with {code}; try again later.") from error
    except (BotoCoreError, *_broken()) as error:
        raise StorageUnavailableError(f"{where} cannot be listed: {_reason(error)}.") from error


@contextmanager
def _object_faults() -> Iterator[None]:
    """Say in mfkit's words why an object cannot be read."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code, status = _code(error)
        if status == 404:
            raise ObjectGoneError("it is no longer there") from error
        if status == 412:
            raise ObjectError("it changed while it was read; scan again") from error
        if code == "InvalidObjectState":
            raise ObjectError("it is archived; restore it first") from error
        if status in (401, 403):
            raise ObjectError(f"these credentials may not read it ({code})") from error
        raise ObjectError(f"object storage answers with {code}") from error
    except (BotoCoreError, *_broken()) as error:
        raise ObjectError(_reason(error)) from error


def _code(error: Any) -> tuple[str, int]:
    reply = error.response
    return (
        str(reply.get("Error", {}).get("Code", "an error")),
        int(reply.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)),
    )


def _reason(error: Exception) -> str:
    """Return why no answer came, without addresses and logins."""
    from botocore import exceptions

    if isinstance(error, (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)):
        return (
            "no credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or run: aws configure"
        )
    if isinstance(error, exceptions.ProfileNotFound):
        return "the profile that AWS_PROFILE names is not in the configuration"
    if isinstance(error, (exceptions.ConnectTimeoutError, exceptions.EndpointConnectionError)):
        return "the endpoint cannot be reached; check the network and AWS_ENDPOINT_URL"
    if isinstance(error, (exceptions.HTTPClientError, *_broken())):
        return "the connection was lost"
    return f"the configuration of AWS is not usable ({type(error).__name__})"
