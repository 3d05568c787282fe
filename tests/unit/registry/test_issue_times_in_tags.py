"""Which issue times a version serves stands in its tags and on its card."""

from builders.fits import opened, register

from gridahead.registry.versions import Registered
from gridahead.reports.card_view import _summary


def test_a_version_says_for_which_issue_times_it_was_trained(tmp_path):
    workspace = opened(tmp_path)
    version = register(workspace, 1)
    assert (version.tags["deadline"], version.tags["issued_until"]) == ("D-1T1100[Europe/Berlin]",) * 2
    assert version.tags["intraday"] == "false"
    model = workspace.exports.load(version).model
    said = " ".join(_summary(Registered(version, model)))
    assert "trained and judged for forecasts issued at D-1T1100[Europe/Berlin], and serves no others" in said
