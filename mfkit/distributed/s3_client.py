"""Client for object storage (S3), and conversion of its errors to mfkit's errors.

The client uses s3fs, which finds credentials, region, endpoint and proxies in the same places as all AWS
programs: environment, profile, configuration files, instance metadata. mfkit does not accept them as
arguments. Error messages do not contain them, because the server's messages and the endpoint's URL are left
out.
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
"""Number of attempts if the connection is lost during a reply. botocore repeats only unanswered requests."""
_CHUNK = 1 << 16
_SETTINGS = {
    # The sum of these timeouts is below the time limit for reading a file. A lost connection is therefore not
    # mistaken for a file that takes too long to read.
    "connect_timeout": 10,
    "read_timeout": 15,
    "retries": {"mode": "standard"},
    # Stored checksums are not validated, because each one covers a whole object, but requests read only parts
    # of objects.
    "response_checksum_validation": "when_required",
}
_LOGIN_ERRORS = frozenset(
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
    """Raised if a stored object cannot be read. The message is the reason, for use within a sentence."""


class ObjectGoneError(ObjectError):
    """Raised if an object does not exist in object storage."""


class ByteRange(NamedTuple):
    """Result of an HTTP range request: some bytes of an object in object storage.

    Attributes:
        data: The received bytes.
        size: Size of the whole object in bytes.
        etag: ETag of the object, without quotes.
    """

    data: bytes
    size: int
    etag: str


class S3Client:
    """Synchronous client for object storage that lists buckets and reads objects."""

    def __init__(self) -> None:
        """Find the credentials and the endpoint without sending a request.

        Raises:
            MfkitError: The required packages are not installed.
            StorageUnavailableError: The configuration is invalid.
        """
        try:
            import s3fs
            from fsspec.asyn import sync
        except ImportError as error:
            raise MfkitError("Object storage needs more packages: pip install 'mfkit[s3]'") from error
        # s3fs must not reuse a cached file system object, because another scan can use another endpoint or
        # other credentials.
        self._files = s3fs.S3FileSystem(
            skip_instance_cache=True, use_listings_cache=False, config_kwargs=dict(_SETTINGS)
        )
        self._sync = sync
        with _storage_errors("Object storage"):
            self._client: Any = self._files.s3

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._call(self._client.close)

    def pages(
        self, bucket: str, prefix: str, *, delimiter: str = "", most: int = 1000
    ) -> Iterator[list[dict[str, Any]]]:
        """List the objects whose keys have a prefix, page by page and sorted by key.

        Args:
            bucket: Name of the bucket.
            prefix: Prefix of the keys.
            delimiter: Keys that contain this text after the prefix are left out.
            most: Maximum number of objects per page.

        Raises:
            FolderNotFoundError: The bucket does not exist.
            StorageUnavailableError: The bucket cannot be listed.
        """
        more: dict[str, str] = {}
        while True:
            with _storage_errors(f"{URL}{bucket}"):
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
        """Request the metadata of an object, including its checksum if one is stored.

        Raises:
            ObjectGoneError: The object does not exist.
            ObjectError: The object cannot be accessed.
        """
        with _object_errors():
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
        heartbeat: Callable[[], None],
        etag: str | None = None,
    ) -> ByteRange:
        """Read a range of bytes of an object. The result is shorter if the object ends within the range.

        Args:
            bucket: Name of the bucket.
            key: Key of the object.
            start: Offset of the first byte.
            length: Number of bytes.
            heartbeat: Function that is called after each received chunk.
            etag: Expected ETag of the object; None accepts any.

        Raises:
            ObjectGoneError: The object does not exist.
            ObjectError: The object cannot be read, or its ETag differs.
        """
        request = {"Bucket": bucket, "Key": key, "Range": f"bytes={start}-{start + length - 1}"}
        if etag is not None:
            request["IfMatch"] = f'"{etag}"'
        for left in reversed(range(_TRIES)):
            with _object_errors():
                try:
                    return self._read_once(request, heartbeat)
                except _connection_errors():
                    if not left:
                        raise
        raise AssertionError("This line cannot be reached, because the loop returns or raises.")

    def _read_once(self, request: dict[str, str], heartbeat: Callable[[], None]) -> ByteRange:
        reply = self._call(self._client.get_object, **request)
        body = reply["Body"]
        parts = []
        try:
            while part := self._call(body.read, _CHUNK):
                parts.append(part)
                heartbeat()
        finally:
            body.close()
        _, _, whole = str(reply.get("ContentRange", "")).rpartition("/")
        data = b"".join(parts)
        # A response without Content-Range means that the server ignored the range and sent the whole object.
        return ByteRange(data, int(whole) if whole.isdigit() else len(data), plain_etag(reply.get("ETag")))

    def _call(self, method: Any, *arguments: Any, **named: Any) -> Any:
        return self._sync(self._files.loop, method, *arguments, **named)


def split_url(url: str) -> tuple[str, str]:
    """Split an ``s3://`` URL into bucket and key.

    Raises:
        FolderNotFoundError: The URL has no valid bucket name.
    """
    bucket, _, key = url.removeprefix(URL).partition("/")
    if not _NAME.match(bucket):
        # The error does not repeat the URL, which can contain a login.
        raise FolderNotFoundError(
            "The URL of object storage is not valid. Use s3://bucket/prefix, with no login, port or "
            "server. Those come from the environment (AWS_PROFILE, AWS_ENDPOINT_URL and others)."
        )
    return bucket, key


def plain_etag(etag: object) -> str:
    """Return an ETag without quotes and without the prefix ``W/`` of weak ETags."""
    return str(etag or "").removeprefix("W/").strip('"')


def _connection_errors() -> tuple[type[Exception], ...]:
    """Return the exception types that mean a lost connection."""
    from aiohttp import ClientError as HTTPError
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    return (HTTPError, HTTPClientError, IncompleteReadError, TimeoutError)


@contextmanager
def _storage_errors(where: str) -> Iterator[None]:
    """Convert errors of bucket requests inside the block to mfkit's errors."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code, status = _code(error)
        if code == "NoSuchBucket" or status == 404:
            raise FolderNotFoundError(
                f"The bucket {where} does not exist. Check its name and the endpoint."
            ) from error
        if code in _LOGIN_ERRORS:
            raise StorageUnavailableError(
                f"{where} refuses the login ({code}). Check the credentials, the region and the clock."
            ) from error
        if status in (401, 403):
            raise StorageUnavailableError(
                f"{where} cannot be listed with these credentials ({code}). Allow s3:ListBucket."
            ) from error
        raise StorageUnavailableError(f"{where} answers with {code}. Try again later.") from error
    except (BotoCoreError, *_connection_errors()) as error:
        raise StorageUnavailableError(f"{where} cannot be listed: {_reason(error)}.") from error


@contextmanager
def _object_errors() -> Iterator[None]:
    """Convert errors of object requests inside the block to `ObjectError`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code, status = _code(error)
        if status == 404:
            raise ObjectGoneError("the object no longer exists") from error
        if status == 412:
            raise ObjectError("the object was changed during the reading; scan again") from error
        if code == "InvalidObjectState":
            raise ObjectError("the object is archived; restore the object first") from error
        if status in (401, 403):
            raise ObjectError(f"these credentials do not allow reading the object ({code})") from error
        raise ObjectError(f"object storage answers with {code}") from error
    except (BotoCoreError, *_connection_errors()) as error:
        raise ObjectError(_reason(error)) from error


def _code(error: Any) -> tuple[str, int]:
    reply = error.response
    return (
        str(reply.get("Error", {}).get("Code", "an error")),
        int(reply.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)),
    )


def _reason(error: Exception) -> str:
    """Return the reason why a request failed, without addresses and credentials."""
    from botocore import exceptions

    if isinstance(error, (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)):
        return (
            "no credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or run: aws configure"
        )
    if isinstance(error, exceptions.ProfileNotFound):
        return "the configuration lacks the profile that AWS_PROFILE names"
    if isinstance(error, (exceptions.ConnectTimeoutError, exceptions.EndpointConnectionError)):
        return "the endpoint cannot be reached; check the network and AWS_ENDPOINT_URL"
    if isinstance(error, (exceptions.HTTPClientError, *_connection_errors())):
        return "the connection was lost"
    return f"the configuration of AWS is not usable ({type(error).__name__})"
