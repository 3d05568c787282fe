"""Operation that is killed at any point: no half forecast, no older one in the place of a newer one, nothing doubled.

A few days of it are forecast, forecast again, corrected and caught up with by children that kill themselves with
SIGKILL at seeded random file operations. GRIDAHEAD_FORECAST_KILLS sets how often.
"""

import json
import multiprocessing
import os
import random
import shutil
import signal
from pathlib import Path

import pandas as pd
import pytest
from builders.operation import fill_days, on_disk
from builders.rows import LOAD
from builders.serving import LEVELS
from children.operation import DAY, LOG, rank, run

from gridahead.core.fingerprint import digest
from gridahead.core.runs import BACKFILLED, LIVE
from gridahead.core.time import delivery_days
from gridahead.forecasting.pointers import pointed_at
from gridahead.forecasting.publish import Issue, issues_of, latest_manifest, published_days, superseded_at
from gridahead.operate.catch_up import catch_up
from gridahead.workspace import Workspace

KILLS = int(os.environ.get("GRIDAHEAD_FORECAST_KILLS", "6"))
SEED = 20250319
AFTER = "2025-03-21T10:40Z"

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["children.operation"])


def started(folder: Path, at: int, when: str) -> int | None:
    """How a child ended that dies at an operation, 0 for none."""
    child = FORKS.Process(target=run, args=(folder, at, when, folder / "tally"))
    child.start()
    child.join(60)
    return child.exitcode


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with data and a model, and how many file operations the days take undisturbed."""
    folder = tmp_path_factory.mktemp("operation")
    workspace, _ = on_disk(folder / "begin", AFTER)
    fill_days(workspace, DAY, pd.Timestamp("2025-03-22").date())
    shutil.copytree(folder / "begin", folder / "whole")
    assert started(folder / "whole", 0, "before") == 0
    assert_whole_and_agreed(folder / "whole")
    return folder / "begin", int((folder / "whole/tally").read_text())


def every_issue(workspace: Workspace) -> list[Issue]:
    """All that was ever published, superseded ones too."""
    place = workspace.settings.published_place
    issues = [issue for day in published_days(place, LOAD) for issue in issues_of(place, LOAD, day)]
    return [*issues, *(former for issue in issues for former in superseded_at(issue.folder))]


def assert_whole(issues: list[Issue]) -> None:
    """The files of every manifest are there, and of one forecast."""
    for issue in issues:
        stamp = digest(issue.folder.read(issue.manifest["parquet"]))
        assert issue.manifest["parquet"] == f"forecast-{stamp}.parquet"
        assert issue.manifest["forecast_id"].encode() in issue.folder.read(issue.manifest["csv"])
        assert len(issue.forecasts) == 24 * len(LEVELS)


def assert_whole_and_agreed(folder: Path) -> None:
    """After another start: pointers are right, lake and published folder have the same, each once, and no day lacks."""
    workspace, clock = on_disk(folder, AFTER)
    assert not catch_up(workspace).failed
    issues, place = every_issue(workspace), workspace.settings.published_place
    assert_whole(issues)
    latest = pointed_at(place, LOAD, clock())["latest"]
    assert latest is not None and latest_manifest(place, LOAD) == latest.manifest
    home = Path(place) / LOAD.slug
    for ending in ("csv", "parquet"):
        assert (home / f"latest.{ending}").read_bytes() == latest.folder.read(latest.manifest[ending])
    store = workspace.lake.forecasts
    rows = store.table.frame(store.rows_of(store.files()))
    live = rows[rows["run"] == LIVE]
    assert live.groupby("data_hash").size().to_dict() == {
        issue.manifest["data_hash"]: 24 * len(LEVELS) for issue in issues
    }
    made_up_for = rows[rows["run"] == BACKFILLED]
    days = {str(day.date()) for day in delivery_days(made_up_for["valid_time"], "Europe/Berlin")}
    in_time = {issue.manifest["delivery_day"] for issue in issues if issue.in_time}
    assert not days & in_time and len(made_up_for) == len(days) * 24 * len(LEVELS)
    first = min(in_time, default="")
    assert {"2025-03-20", "2025-03-21", "2025-03-22"} - {first} <= days | in_time or first > "2025-03-20"


def test_killed_anywhere_operation_goes_on_as_if_nothing_had_happened(prepared, tmp_path):
    begin, operations = prepared
    assert operations > 100, "the points of the kills would not be inside the work"
    chance = random.Random(SEED)
    for number in range(KILLS):
        low, high = 1 + number * operations // KILLS, (number + 1) * operations // KILLS
        at, when = chance.randint(low, max(low, high)), chance.choice(["before", "torn", "after"])
        folder = tmp_path / "work"
        shutil.copytree(begin, folder)
        assert started(folder, at, when) == -signal.SIGKILL, (at, when)
        workspace, _ = on_disk(folder, AFTER)
        assert_whole(every_issue(workspace))
        lines = (folder / LOG).read_text().splitlines()
        latest = latest_manifest(workspace.settings.published_place, LOAD)
        if lines:
            assert latest is not None and rank(latest) >= json.loads(lines[-1]), (at, when)
        assert_whole_and_agreed(folder)
        shutil.rmtree(folder)
