"""`python docker/buckets.py NAME…`: the buckets, made where they are not there, once the object store answers."""

from __future__ import annotations

import os
import sys
import time
from typing import Literal
from urllib.parse import urlsplit

from pyarrow import fs

PATIENCE_S = 120
"""The first start of an object store writes its own files first [s]."""


def make(store: fs.S3FileSystem, name: str) -> None:
    """Make a bucket, which does nothing where it is there; the store may still be starting.

    Raises:
        OSError: it does not answer within `PATIENCE_S`, or refuses.
    """
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            store.create_dir(name)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(1)


def main(names: list[str]) -> None:
    """Make the buckets in the store of $AWS_ENDPOINT_URL_S3."""
    address = urlsplit(os.environ["AWS_ENDPOINT_URL_S3"])
    scheme: Literal["http", "https"] = "https" if address.scheme == "https" else "http"
    store = fs.S3FileSystem(endpoint_override=address.netloc, scheme=scheme, allow_bucket_creation=True)
    for name in names:
        make(store, name)


if __name__ == "__main__":
    main(sys.argv[1:])
