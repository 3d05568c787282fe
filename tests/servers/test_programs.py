"""What is not installed is a test less for a user, and an error where CI runs."""

import pytest
from builders.programs import program

ABSENT = "a-program-that-nobody-has"


def test_without_a_program_a_test_is_skipped_for_a_user(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=rf"there is no {ABSENT}: install .* tests/debian.txt"):
        program(ABSENT)


def test_without_a_program_a_test_fails_where_ci_runs(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=rf"there is no {ABSENT}: install .* tests/debian.txt"):
        program(ABSENT)


@pytest.mark.parametrize("name", ["chromium", "initdb", "postgres", "soffice"])
def test_every_program_is_found_once_its_package_is_installed(name):
    assert program(name).endswith(name)
