"""`gridahead search`: trials in processes of their own, each an MLflow run below that of its search."""

from __future__ import annotations

import json
from pathlib import Path

from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace


def test_every_trial_is_one_child_run_however_often_the_search_is_called(done: Path, gridahead_command) -> None:
    asked = ("search", "--series", "DE/load", "--model", "gru", "--json", "--trials", "1")
    (code, first), (again, second) = (gridahead_command(*asked, *more) for more in ([], ["--minutes", "0"]))
    assert (code, again) == (0, 0)
    found = json.loads(first)
    assert json.loads(second) == found
    assert [(trial["number"], trial["default"]) for trial in found["trials"]] == [(0, True)]
    assert (done / "data" / "search" / "DE.load.gru.db").is_file()

    tracking = Workspace(load_settings(done / "settings.toml")).tracking
    (parent,) = tracking.tagged("search", found["study"])
    children = tracking.tagged("mlflow.parentRunId", parent)
    assert sorted(int(tags["trial"]) for tags in children.values()) == [0]
    for run_id, tags in children.items():
        trial, run = found["trials"][int(tags["trial"])], tracking.client.get_run(run_id)
        assert run.data.params == {name: str(value) for name, value in trial["settings"].items()}
        assert (tags["series"], tags["model"], tags["state"]) == ("DE/load", "gru", trial["state"])
        assert run.info.status == "FINISHED"
        assert run.data.metrics["validation_pinball"] == trial["validation"]["validation_pinball"]
        by_epoch = tracking.client.get_metric_history(run_id, "validation_pinball_by_epoch")
        assert {str(one.step): one.value for one in by_epoch} == trial["by_epoch"]
    best = found["trials"][found["best"]]
    noted = tracking.client.get_run(parent)
    assert noted.data.metrics["validation_pinball"] == best["validation"]["validation_pinball"]
    assert noted.data.tags["best.hidden"] == str(best["settings"]["hidden"])
    assert noted.info.status == "FINISHED"
