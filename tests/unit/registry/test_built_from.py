"""The commit that a fit is recorded with."""

import re

import pytest

from gridahead.registry.runs import git_commit


def test_a_checkout_has_its_commit_and_an_image_the_one_it_was_built_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRIDAHEAD_COMMIT", raising=False)
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", git_commit())
    monkeypatch.setenv("GRIDAHEAD_COMMIT", "c0ffee")
    assert git_commit() == "c0ffee"
