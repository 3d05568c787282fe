"""Two versions compared: figures from promotion, words and the picture from the reports."""

import subprocess
import sys

import pytest
from builders.registry import said, workspace_at
from builders.rows import LOAD

from gridahead.promotion.compare import compare
from gridahead.reports.compare_picture import compare_picture
from gridahead.reports.comparison import comparison_record, comparison_sentence

LIGHT = """
import sys
import gridahead.monitoring.drift
import gridahead.operate.promotion, gridahead.promotion.compare
print([name for name in ("matplotlib", "jinja2", "torch", "mlflow") if name in sys.modules])
"""


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    """Version 1 errs by 600 MW, version 2 by 400 MW."""
    workspace = workspace_at(tmp_path_factory.mktemp("compare"))
    for number, error in (("1", 600), ("2", 400)):
        said(workspace, workspace.registry.add(number, 300.0), error, seed=int(number))
    return compare(workspace, LOAD, "1", "2")


def test_the_better_one_comes_first_in_the_sentence_with_a_positive_interval(comparison):
    low, high = comparison.difference.low, comparison.difference.high
    assert 0 < low < comparison.difference.value < high
    sentence = comparison_sentence(comparison)
    assert (
        sentence.startswith("lstm v2 has a CRPS that is ") and "smaller than that of lstm v1 over 70 days" in sentence
    )
    assert sentence.endswith("more than luck explains.")


def test_the_losses_have_the_versions_first_and_then_the_references(comparison):
    names = ["lstm v1", "lstm v2", "official", "official_corrected", "naive"]
    assert list(comparison.losses.columns) == names
    assert list(comparison.seasons.columns) == ["season", "days", *names]
    difference = (comparison.losses["lstm v1"] - comparison.losses["lstm v2"]).mean()
    assert comparison.difference.value == pytest.approx(difference)


def test_the_picture_and_the_record_are_of_the_comparison(comparison, tmp_path):
    assert compare_picture(comparison).startswith(b"\x89PNG")
    record = comparison_record(comparison, tmp_path / "a.png")
    assert (record["versions"], record["days"], record["picture"]) == (["1", "2"], 70, str(tmp_path / "a.png"))
    assert record["sentence"] == comparison_sentence(comparison)


def test_deciding_draws_nothing_and_loads_no_model():
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "[]"
