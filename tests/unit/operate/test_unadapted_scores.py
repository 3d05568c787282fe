"""What adaptation has brought is read off the scores of what was published and of what the models had answered."""

import pandas as pd
import pytest
from builders.forecasts import forecast_of
from builders.rows import LOAD, measured
from builders.serving import workspace_in_memory

from gridahead.core.runs import REFERENCES
from gridahead.operate.score import score_published


def published(tmp_path, *forecasts):
    """The load is 50 000 MW + n in the nth hour of each day, as the median of `forecast_of` is."""
    workspace = workspace_in_memory(tmp_path / "data", "DE")
    hours = pd.date_range("2025-12-09T23:00Z", "2025-12-31T22:00Z", freq="h")
    workspace.lake.observations.append(measured(LOAD, hours, 50_000.0 + (hours.hour + 1) % 24))
    for forecast in forecasts:
        workspace.lake.forecasts.append(forecast)
    return workspace


def scores_of(workspace, metric):
    found = score_published(workspace, LOAD).scores
    whole = found[(found["metric"] == metric) & found["lead"].isna()].set_index("model")["value"].to_dict()
    return {model: value for model, value in whole.items() if model not in REFERENCES}


def test_what_the_models_answered_is_scored_beside_what_was_published(tmp_path):
    moved, plain = forecast_of("2025-12-30"), forecast_of("2025-12-31")
    # As answered the first day lay 6 000 MW too high: above the outturn with all its quantiles.
    moved["unadapted_mw"] = moved["value_mw"] + 6_000.0
    workspace = published(tmp_path, moved, plain)
    assert scores_of(workspace, "mae") == {"published": 0.0, "unadapted": 3_000.0}
    assert scores_of(workspace, "coverage_80") == {"published": 1.0, "unadapted": 0.5}
    # Pinball losses by hand: 400, 0 and 400 of P10, P50 and P90 that lie 4 000 MW apart around the outturn; above it by
    # 2 000, 6 000 and 10 000 they lose 0.9, 0.5 and 0.1 of that.
    around, above = 800 / 3, (1_800 + 3_000 + 1_000) / 3
    assert scores_of(workspace, "pinball") == pytest.approx({"published": around, "unadapted": (around + above) / 2})


def test_where_nothing_was_adapted_there_is_nothing_beside_it(tmp_path):
    day = forecast_of("2025-12-30")
    workspace = published(tmp_path, day.assign(unadapted_mw=day["value_mw"]), forecast_of("2025-12-31"))
    assert set(scores_of(workspace, "mae")) == {"published"}
