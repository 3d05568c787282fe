"""Tests with a real browser, database or server: `make test-servers` runs them, `make test` leaves them out."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all that is here."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.server)
            item.add_marker(pytest.mark.slow)
