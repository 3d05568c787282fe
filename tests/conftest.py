"""What every test leaves behind."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _denormals_are_numbers_again() -> Iterator[None]:
    """A test that trains flushes denormal numbers for the whole process; Hypothesis refuses to draw floats there."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)
