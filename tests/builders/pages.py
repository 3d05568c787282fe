"""Every page that a demonstration publishes, of two weeks of a made-up load: made in seconds."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from builders.fits import registered
from builders.registry import DAYS, LEVELS, OBSERVATIONS, day, said
from builders.rows import LOAD, rows
from builders.windows import SPEC
from gridahead.core.runs import HOLDOUT, REFERENCES
from gridahead.core.time import days_between, now
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.references import reference_forecasts
from gridahead.evaluation.scores import score
from gridahead.operate.forecast import forecast
from gridahead.operate.model_card import card, cards
from gridahead.operate.report import report
from gridahead.operate.validate import validate
from gridahead.registry.versions import GRADIENTS
from gridahead.workspace import Workspace

FORECAST, BACKTEST = (DAYS - 4, DAYS - 1), (DAYS - 20, DAYS - 1)
"""Days after the first that are forecast, and that a back-test has gone through."""


def publish_pages(folder: Path) -> Workspace:
    """A data folder in which every page is written, with findings of the quality gate on them."""
    workspace = registered(folder)
    _backtest(workspace)
    for number in range(FORECAST[0], FORECAST[1] + 1):
        forecast(workspace, LOAD, SPEC.deadline.for_delivery(day(number)))
    hour = pd.date_range("2025-05-05T08:00Z", periods=1)
    wrong = rows(LOAD, hour, 900_000.0, hour + pd.Timedelta(hours=3), availability="recorded")
    workspace.lake.observations.append(wrong)
    for _ in range(2):  # the second page of the gate leads to the first
        validate(workspace)
    _cards(workspace)
    report(workspace)
    return workspace


def _backtest(workspace: Workspace) -> None:
    """Forecasts of the holdout, the model's and the references', and their scores."""
    champion = workspace.registry.version(LOAD, "champion")
    said(workspace, champion, 300, run=HOLDOUT, span=BACKTEST)
    days = days_between(day(BACKTEST[0]), day(BACKTEST[1]))
    for forecasts in reference_forecasts(REFERENCES, OBSERVATIONS, SPEC, days, LEVELS, HOLDOUT):
        workspace.lake.forecasts.append(forecasts)
    everything = workspace.lake.read_forecasts(LOAD, HOLDOUT)
    workspace.lake.scores.append(score(everything, outturn(OBSERVATIONS, LOAD), scored_at=now()))


def _cards(workspace: Workspace) -> None:
    """The card of the champion with all that it may have, and that of the version before it as a training leaves it."""
    champion, former = (workspace.registry.version(LOAD, number) for number in ("2", "1"))
    for version in (champion, former):
        said(workspace, version, 400, span=(80, 100), seed=int(version.number))
    picture = Figure(figsize=(9, 3))
    picture.subplots().plot([1.0, 0.1, 0.01])
    workspace.tracking.keep_figure(champion.run_id, GRADIENTS, picture)
    cards(workspace, [workspace.registry.load(former)])
    card(workspace, LOAD, champion.number)
