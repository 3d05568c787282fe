"""A few days of operation that kill themselves at a chosen file operation, each in a process of its own."""

import datetime as dt
import json
import os
from pathlib import Path

from builders.operation import Clock, on_disk
from builders.rows import LOAD

from children.dying import Interruption, When, interrupt
from gridahead.forecasting.publish import latest_manifest
from gridahead.operate.catch_up import catch_up
from gridahead.operate.correct import Change, correct
from gridahead.operate.forecast import forecast
from gridahead.workspace import Workspace

LOG = "steps.log"
DAY = dt.date(2025, 3, 19)


def revise(workspace: Workspace) -> None:
    """Other values of the week before: the same slot has another forecast."""
    rows = workspace.lake.observations.read()
    workspace.lake.observations.append(rows.assign(value=rows["value"] + 1, batch="feedfeedfeedfeed"))
    forecast(workspace, LOAD)


STEPS = (
    ("2025-03-18T10:00Z", lambda workspace: forecast(workspace, LOAD)),
    ("2025-03-18T10:30Z", revise),
    ("2025-03-18T10:45Z", lambda workspace: correct(workspace, LOAD, DAY, Change(add_mw=100.0), "cold", "ana")),
    ("2025-03-19T10:00Z", lambda workspace: forecast(workspace, LOAD)),
    ("2025-03-21T10:30Z", catch_up),
)
"""What is done when: a forecast, another of the same slot, a correction, the next day, after a downtime the rest."""


def rank(manifest: dict[str, str]) -> list[str | bool]:
    """What must never become less: the delivery day, and within it the newest forecast, a correction in front."""
    return [manifest["delivery_day"], manifest["rung"] == "by_hand", manifest["issue_time"], manifest["made_at"]]


def run(folder: Path, at: int, when: When, tally: Path) -> None:
    """Do all steps, and die at operation `at`; or finish, and leave the number of operations in `tally`."""
    workspace, clock = on_disk(folder, STEPS[0][0])
    interruption = Interruption(at, when)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    interrupt(interruption)
    for instant, step in STEPS:
        _do(workspace, clock, instant, step)
        manifest = latest_manifest(workspace.settings.published_place, LOAD)
        assert manifest is not None
        os.write(log, json.dumps(rank(manifest)).encode() + b"\n")
    tally.write_text(str(interruption.count))


def _do(workspace: Workspace, clock: Clock, instant: str, step) -> None:
    clock.set(instant)
    step(workspace)
