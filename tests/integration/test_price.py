"""A price from a file to the page: negative hours, its currency, that it is known before its time, and whose it is."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from builders.commands import run
from PIL import Image

from gridahead.core.grid import Series
from gridahead.workspace import Workspace

PRICE = Series("GB", "price")
DAYS = 110
FIRST = pd.Timestamp("2025-03-01", tz="Europe/London")
LICENCE = "Data: Börse Beispiel, licence 7"
SETTINGS = f"""
data_folder = "data"

[[sources]]
kind = "file"
path = "price.csv"
zone = "GB"
quantity = "price"
time_column = "time"
value_column = "price"
timezone = "UTC"
unit = "£/MWh"
attribution = "{LICENCE}"

[[series]]
series = "GB/price"
deadline = "D-1T0850[Europe/London]"
models = ["tiny"]

[models.tiny]
cell = "gru"
hidden = 8
decoder_hidden = 8

[training]
validation_days = 14
context_days = 8
epochs = 2
workers = 1
quantiles = [0.05, 0.1, 0.5, 0.9, 0.95]
"""


def prices() -> pd.DataFrame:
    """Hourly prices: cheap noons, below zero on Sundays, and noise [GBP/MWh]."""
    times = pd.date_range(FIRST, FIRST + pd.Timedelta(days=DAYS), freq="h", inclusive="left").tz_convert("UTC")
    local = times.tz_convert("Europe/London")
    noon = np.exp(-(((local.hour.to_numpy() - 13) / 3.0) ** 2))
    level = np.where(local.dayofweek == 6, 30.0, 70.0) - 60.0 * noon
    noise = np.random.default_rng(5).normal(0, 5, len(times))
    return pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%M"), "price": (level + noise).round(2)})


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that has taken prices in, learnt them and forecast a day."""
    folder = tmp_path_factory.mktemp("price")
    (folder / "price.csv").write_text(prices().to_csv(index=False))
    file = folder / "settings.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    for command in (["ingest"], ["train"], ["forecast"], ["report"]):
        ended = run(file, *command)
        assert ended.code == 0, (command, ended.said, ended.error)
    return file


def test_prices_are_kept_in_their_currency_and_known_from_their_auction_on(settings: Path) -> None:
    rows = Workspace.open(settings).lake.read_accepted(PRICE)
    assert len(rows) == len(prices())  # nothing below zero is withheld
    assert (rows["value"] < 0).sum() > 20
    assert set(rows["unit"]) == {"GBP/MWh"}
    noon = rows[rows["valid_time"] == pd.Timestamp("2025-06-01T11:00Z")]
    assert list(noon["available_at"]) == [pd.Timestamp("2025-05-31T09:00Z")]  # 10:00 in London on the day before


def test_a_forecast_of_a_price_goes_below_zero_and_says_its_unit(settings: Path) -> None:
    folder = Workspace.open(settings).settings.published_folder / PRICE.slug
    header, *lines = (folder / "latest.csv").read_text().splitlines()
    assert "P50 [GBP/MWh]" in header
    about = json.loads((folder / "latest.json").read_text())
    assert about["unit"] == "GBP/MWh"
    table = pd.read_csv(folder / "latest.csv")
    median, low = table["P50 [GBP/MWh]"], table["P05 [GBP/MWh]"]
    assert len(lines) == 24
    assert 10 < median.mean() < 90
    assert (low <= median).all()


def test_the_newest_forecast_is_for_the_day_after_the_last_prices(settings: Path) -> None:
    """At 8:50 on the last day all prices of that day are known, since 10:00 on the day before it."""
    folder = Workspace.open(settings).settings.published_folder / PRICE.slug
    about = json.loads((folder / "latest.json").read_text())
    assert about["delivery_day"] == f"{FIRST + pd.Timedelta(days=DAYS):%Y-%m-%d}"
    assert about["rung"] == "full"


def test_the_page_and_the_card_show_prices_and_no_power(settings: Path) -> None:
    assert run(settings, "models", "card", "1", "--series", "GB/price").code == 0
    folder = Workspace.open(settings).settings.published_folder
    for page in (folder / "report.html", folder / "cards" / "GB.price-v1.html"):
        text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", page.read_text(encoding="utf-8"))
        assert "GBP/MWh" in text, page
        assert not re.search(r"(?<!/)\b[kMG]W\b", text), page


@pytest.fixture(scope="module")
def backtested(settings: Path) -> str:
    """What a back-test of a week said, with its figures in a file."""
    days = ["--start", "2025-06-01", "--end", "2025-06-07"]
    output = str(settings.parent / "scores.json")
    ended = run(
        settings, "backtest", "--series", "GB/price", *days, "--model", "naive", "--name", "w", "--output", output
    )
    assert ended.code == 0, (ended.said, ended.error)
    return ended.said


def test_scores_are_in_the_currency(settings: Path, backtested: str) -> None:
    scores = Workspace.open(settings).lake.read_scores()
    mae = scores[(scores["metric"] == "mae") & scores["lead"].isna()]
    assert set(mae["unit"]) == {"GBP/MWh"}
    assert "GBP/MWh" in backtested


# -- whom the licence asks to name ------------------------------------------------------------------------------------


def test_every_page_names_the_source(settings: Path) -> None:
    workspace = Workspace.open(settings)
    assert run(settings, "models", "card", "1", "--series", "GB/price").code == 0
    published, quality = workspace.settings.published_folder, workspace.settings.quality_folder
    pages = sorted([*published.rglob("*.html"), *quality.rglob("*.html")])
    assert {"report.html", "quality.html", "index.html", "GB.price-v1.html"} <= {page.name for page in pages}
    for page in pages:
        assert LICENCE in page.read_text(encoding="utf-8"), page


def test_every_published_forecast_names_the_source_beside_its_csv_and_inside_its_parquet(settings: Path) -> None:
    folder = Workspace.open(settings).settings.published_folder / PRICE.slug
    (home,) = (path.parent for path in folder.glob("*/*/manifest.json"))
    for about in (folder / "latest.json", home / "manifest.json"):
        assert json.loads(about.read_text())["attribution"] == LICENCE
    files = sorted(home.glob("*.parquet"))
    assert [file.name.partition("-")[0] for file in files] == ["forecast", "paths"]
    for file in files:
        assert pq.read_schema(file).metadata[b"attribution"].decode() == LICENCE


def test_a_back_test_names_the_source(settings: Path, backtested: str) -> None:
    assert LICENCE in backtested
    assert (settings.parent / "scores.json.licence.txt").read_text(encoding="utf-8").strip() == LICENCE
    (about,) = (settings.parent / "data").rglob("run.json")
    assert json.loads(about.read_text())["attribution"] == LICENCE


def test_an_export_of_the_lake_names_the_source_beside_it(settings: Path) -> None:
    target = settings.parent / "rows.csv"
    assert run(settings, "lake", "export", "-o", str(target), "--series", "GB/price").code == 0
    assert target.with_name("rows.csv.licence.txt").read_text(encoding="utf-8").strip() == LICENCE


def test_a_picture_names_the_source(settings: Path) -> None:
    assert run(settings, "explain", "--series", "GB/price").code == 0
    pictures = list(Workspace.open(settings).settings.published_folder.rglob("*.png"))
    assert pictures
    for picture in pictures:
        with Image.open(picture) as image:
            image.load()
            assert image.text["Copyright"] == LICENCE, picture  # type: ignore[attr-defined]


# -- what a price is worth --------------------------------------------------------------------------------------------


def test_errors_of_a_price_are_no_imbalance_and_the_way_out_is_followed(settings: Path, backtested: str) -> None:
    refused = run(settings, "value", "--run", "backtest/w", "--short", "40", "--long", "20")
    assert refused.code != 0
    assert "errors are no imbalance" in refused.error
    command = refused.error.partition("What a battery earns on it: ")[2].partition(", which")[0]
    earned = run(settings, "value", "--run", "backtest/w", *command.split(), "--json")
    assert earned.code == 0, earned.error
    assert json.loads(earned.said)[0]["model"] == "naive"
