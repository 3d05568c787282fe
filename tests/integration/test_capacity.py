"""Solar power of plants that grow: the forecast follows what is installed, and not what was."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from builders.commands import run

from gridahead.core.grid import Series
from gridahead.workspace import Workspace

SOLAR = Series("DE", "solar")
DAYS = 110
SETTINGS = """
data_folder = "data"

[[sources]]
kind = "file"
path = "solar.csv"
zone = "DE"
quantity = "solar"
time_column = "time"
value_column = "solar"
timezone = "UTC"
covariates = [{column = "installed", name = "solar_capacity", unit = "MW", known_ahead = true}]

[[series]]
series = "DE/solar"
deadline = "D-1T1100[Europe/Berlin]"
models = ["tiny"]
future_covariates = ["DE/solar_capacity"]

[models.tiny]
cell = "gru"
hidden = 8
decoder_hidden = 8
normalise = "capacity"
anchor = "profile"

[training]
validation_days = 14
context_days = 8
epochs = 4
workers = 1
quantiles = [0.1, 0.5, 0.9]
"""


def test_a_forecast_follows_the_capacity_that_is_installed(tmp_path: Path) -> None:
    """Twice as much has been installed for a week, and twice as much is forecast."""
    times = pd.date_range("2025-05-01", periods=24 * DAYS, freq="h", tz="Europe/Berlin").tz_convert("UTC")
    installed = np.where(times < times[-24 * 8], 20_000.0, 40_000.0)
    share = 0.5 * np.clip(np.sin((times.hour.to_numpy() - 4) / 14 * np.pi), 0, None) ** 2 * (times.hour >= 4)
    noise = np.random.default_rng(2).uniform(0.8, 1.2, len(times))
    table = pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%M"), "solar": installed * share * noise})
    to_come = times[-24 * 2 :]  # what is installed is known ahead, and what is generated is not
    table["solar"] = table["solar"].where(times < to_come[0])
    (tmp_path / "solar.csv").write_text(table.assign(installed=installed).to_csv(index=False))
    file = tmp_path / "settings.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    for command in (["ingest"], ["train"], ["forecast"]):
        ended = run(file, *command)
        assert ended.code == 0, (command, ended.said, ended.error)
    folder = Workspace.open(file).settings.published_folder / SOLAR.slug
    assert json.loads((folder / "latest.json").read_text())["rung"] == "full"
    peak = pd.read_csv(folder / "latest.csv")["P50 [MW]"].max()
    assert 14_000 < peak < 26_000  # half of 40 000 MW; half of what was there for 102 days are 10 000 MW


def test_without_its_capacity_the_way_out_is_named(tmp_path: Path) -> None:
    times = pd.date_range("2025-05-01", periods=24 * 80, freq="h", tz="UTC")
    table = pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%M"), "solar": 10.0 * (times.hour > 8)})
    (tmp_path / "solar.csv").write_text(table.assign(installed=1.0).to_csv(index=False))
    file = tmp_path / "settings.toml"
    file.write_text(SETTINGS.replace('future_covariates = ["DE/solar_capacity"]', ""), encoding="utf-8")
    assert run(file, "ingest").code == 0
    ended = run(file, "train")
    assert ended.code != 0
    assert "DE/solar_capacity is not among its inputs" in ended.error
