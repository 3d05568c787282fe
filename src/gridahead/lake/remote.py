"""Object stores by their address: s3:// with time limits and retries, any other that pyarrow or fsspec opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

import pyarrow as pa
import pyarrow.fs as pafs

from gridahead.core.errors import SettingsError, nearest

REQUEST_TIMEOUT_SECONDS = 30.0
"""Without a byte for so long, a request counts as failed. A partition of the lake is far below a megabyte."""
CONNECT_TIMEOUT_SECONDS = 5.0
ATTEMPTS = 5
"""Of every request, with growing pauses: about 5 s in all where a store answers 503 at once."""

_OPTIONS: dict[str, Any] = {
    "endpoint_override": str,
    "scheme": str,
    "region": str,
    "request_timeout": float,
    "connect_timeout": float,
    "attempts": int,
    "anonymous": lambda text: text == "true",
    "force_virtual_addressing": lambda text: text == "true",
    "tls_ca_file_path": str,
}


def open_remote(address: str) -> tuple[pafs.FileSystem, str]:
    """The file system of an address, and the path on it.

    Raises:
        SettingsError: the address cannot be meant, or no installed library knows its scheme.
    """
    parts = urlsplit(address)
    if parts.password:
        raise SettingsError(
            "the address of the lake carries a password, which messages would show: take it out, and give it by "
            "environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) or by a profile in ~/.aws"
        )
    if parts.scheme == "file":
        return pafs.LocalFileSystem(), str(Path(parts.path))
    if parts.scheme == "s3":
        return _s3(parts)
    try:
        filesystem, path = pafs.FileSystem.from_uri(address)
        return filesystem, str(path)
    except pa.ArrowInvalid:
        return _by_fsspec(address)


def _s3(parts: SplitResult) -> tuple[pafs.FileSystem, str]:
    if not parts.netloc:
        raise SettingsError("the address of the lake names no bucket; write s3://bucket/prefix")
    options: dict[str, Any] = {}
    for name, text in parse_qsl(parts.query):
        if name not in _OPTIONS:
            near = nearest(name, _OPTIONS, likeness=0.0)
            raise SettingsError(f"the address of the lake: unknown option {name!r}; did you mean {near!r}?")
        try:
            options[name] = _OPTIONS[name](text)
        except ValueError as error:
            raise SettingsError(f"the address of the lake: {name}={text} is no number") from error
    filesystem = pafs.S3FileSystem(  # type: ignore[call-arg]
        retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=options.pop("attempts", ATTEMPTS)),
        request_timeout=options.pop("request_timeout", REQUEST_TIMEOUT_SECONDS),
        connect_timeout=options.pop("connect_timeout", CONNECT_TIMEOUT_SECONDS),
        allow_delayed_open=True,  # one request for a small file instead of three
        **options,
    )
    return filesystem, (parts.netloc + parts.path).rstrip("/")


def _by_fsspec(address: str) -> tuple[pafs.FileSystem, str]:
    import fsspec

    try:
        filesystem, path = fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise SettingsError(f"the address of the lake, {address}: {error}") from error
    return pafs.PyFileSystem(pafs.FSSpecHandler(filesystem)), str(path)  # type: ignore[abstract]
