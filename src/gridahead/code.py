"""Which code computes here: a model or a forecast of other code is another one, whatever the release is called."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

_DECIDING = ("features", "models", "training")
"""Packages that decide what a training gives and what a forecast says; what they read is in their inputs."""


@functools.cache
def code_hash() -> str:
    """Fingerprint of the code that decides, 16 digits."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for folder in _DECIDING:
        for file in sorted((package / folder).glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
