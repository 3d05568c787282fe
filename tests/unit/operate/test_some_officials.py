"""A group of which one series has an official forecast and the other none: both are trained, judged and published."""

import datetime as dt

import pandas as pd
import pytest
from builders.rows import rows
from builders.turning_days import DAYS, made
from builders.windows import FIRST

from gridahead.core.grid import Series
from gridahead.operate.forecast import forecast_each
from gridahead.operate.train import train_shared
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

BARE, TOLD = Series("DE", "wind_offshore"), Series("DE", "wind_onshore")


@pytest.mark.slow
def test_both_are_served_by_the_network_in_full(tmp_path):
    names = [str(BARE), str(TOLD)]
    settings = Settings.model_validate(
        {
            "mode": "live",
            "data_folder": tmp_path,
            "series": [
                {"series": str(one), "deadline": "D-1T1100[Europe/Berlin]", "models": []} for one in (BARE, TOLD)
            ],
            "models": {"small": {"cell": "gru", "hidden": 8, "decoder_hidden": 8, "decoder": "direct"}},
            "shared": [{"name": "all", "model": "small", "series": names, "beside": []}],
            "training": {"context_days": 8, "validation_days": 20, "epochs": 1, "refit": False, "workers": 1},
        }
    )
    end = pd.Timestamp(FIRST + dt.timedelta(days=DAYS - 3), tz="Europe/Berlin")
    workspace = Workspace(settings, clock=lambda: end.tz_convert("UTC") + pd.Timedelta("10h59min"))
    for seed, (series, level) in enumerate(((BARE, 100), (TOLD, 10_000))):
        values = made(series, level, seed=seed)
        times = pd.DatetimeIndex(values["valid_time"])
        past = values[values["available_at"] <= workspace.clock()]
        workspace.lake.observations.append(past.reset_index(drop=True))
        if series == TOLD:  # known two days before, of the day to forecast as well
            errs = 300 * (times.day % 7 - 3)
            workspace.lake.observations.append(
                rows(series.official, times, values["value"] + errs, times - pd.Timedelta(days=2))
            )
    candidates = train_shared(workspace, settings.shared[0])
    champions = {one.series: one.model for one in candidates if one.champion}
    assert set(champions) == {BARE, TOLD}
    done, failed = forecast_each(workspace, [BARE, TOLD])
    assert not failed
    assert [one.manifest["rung"] for one in done.values()] == ["full", "full"]
    bare, told = (workspace.registry.champion(one).model for one in (BARE, TOLD))
    assert bare.spec.inputs == (BARE,) and told.spec.inputs == (TOLD, TOLD.official)
