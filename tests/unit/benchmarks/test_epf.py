"""The benchmark of prices: its files and settings, what is an opponent, and its figures by hand."""

import datetime as dt
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from builders.scores import forecasts
from epf_scores import scaled_quantile_loss, scored
from epf_tasks import EXOGENOUS, MARKETS, PUBLISHED, SERVES, TEST_DAYS
from one_year_scores import SERVED

from gridahead.core.grid import Series
from gridahead.settings.file import load_settings
from gridahead.settings.file_source import FileSource
from gridahead.sources.file import FileTable

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
PJM = next(market for market in MARKETS if market.name == "PJM")


def table(days, price=None):
    """A market's, its price 0, 1, 2, … unless given; the published forecasts are 1 and 2 too high."""
    index = pd.date_range("2018-01-01 05:00", periods=days * 24, freq="h", tz="UTC")
    price = np.arange(days * 24, dtype=float) if price is None else np.asarray(price, dtype=float)
    ahead = dict.fromkeys(EXOGENOUS, price + 1000)
    return pd.DataFrame({"price": price, **ahead, **{name: price + n for n, name in enumerate(PUBLISHED, 1)}}, index)


@pytest.fixture
def rows(tmp_path):
    """What the file of a market becomes, and its settings."""
    made = table(400)
    settings = load_settings(PJM.write(made, PJM.stretches(made, quick=True), tmp_path, quick=False))
    source = settings.sources[0]
    assert isinstance(source, FileSource)
    table_of = FileTable(source, settings.zone(PJM.series.zone))
    return settings, pd.concat([table_of.parse(one) for one in table_of.fetch()])


def test_the_published_forecasts_are_no_input(rows):
    _, observations = rows
    assert set(observations["quantity"]) == {"price", *EXOGENOUS}


def test_a_price_of_its_market_is_at_its_hour_and_known_when_its_day_begins(rows):
    settings, observations = rows
    price = observations[observations["quantity"] == "price"].set_index("valid_time")
    midnight = pd.Timestamp("2018-07-01 05:00", tz="UTC")  # of a clock that is five hours behind all the year
    assert price.loc[midnight, "value"] == 181 * 24
    assert price.loc[midnight, "unit"] == "USD/MWh"
    assert (price.loc[midnight : midnight + pd.Timedelta(hours=23), "available_at"] == midnight).all()
    entry = settings.series_settings(PJM.series)
    issued = entry.deadline.for_delivery(dt.date(2018, 7, 1))
    ahead = observations[(observations["quantity"] == EXOGENOUS[0]) & (observations["valid_time"] == midnight)]
    assert (ahead["available_at"] <= issued).all()
    assert price.loc[midnight, "available_at"] > issued
    assert entry.future_covariates == tuple(Series(PJM.series.zone, name) for name in EXOGENOUS)


@pytest.mark.parametrize("market", MARKETS)
def test_the_test_is_the_last_104_weeks_cut_into_halves(market):
    stretches = market.stretches(table(800), quick=False)
    assert len(stretches) == 4
    assert stretches[-1].last - stretches[0].first == dt.timedelta(days=TEST_DAYS - 1)
    assert abs(stretches[-1].last - dt.date(2018, 1, 1) - dt.timedelta(days=799)) <= dt.timedelta(
        days=1
    )  # by its clock
    assert all(after.first == before.last + dt.timedelta(days=1) for before, after in pairwise(stretches))


def test_the_scaled_quantile_loss_by_hand():
    # Yesterday's price is 24 lower at every hour, so the scale is 24. A point 12 too low costs 2 · q · 12 at level q,
    # 12 in the mean of nine levels around a half.
    made = table(40)
    tested = made.iloc[-20 * 24 :]
    points = pd.DataFrame(dict.fromkeys(LEVELS, tested["price"] - 12))
    quantiles = points.assign(valid_time=tested.index, outturn=tested["price"]).reset_index(drop=True)
    assert scaled_quantile_loss(quantiles, list(LEVELS), made["price"]) == pytest.approx(0.5)


def test_what_serves_and_the_figures_of_the_published_forecasts():
    made = table(40)
    tested = made.iloc[-20 * 24 :]
    told = [
        forecasts(
            np.repeat(tested["price"].to_numpy()[:, None] + off, len(LEVELS), axis=1),
            name,
            levels=LEVELS,
            start=tested.index[0],
            issued=tested.index[0] - pd.Timedelta(hours=13),
            quantity="price",
        )
        for name, off in (("ensemble", 3.0), (SERVES, -1.0))
    ]
    rows = pd.concat(told)
    later = rows["valid_time"] >= tested.index[10 * 24]
    rows = rows.assign(run=np.where(later, "backtest/epf_1", "backtest/epf_0"))
    found = {(row.model, row.metric): row.value for row in scored("PJM", rows, made, PJM.timezone)}
    assert found["ensemble", "mae"] == pytest.approx(3)
    assert found[SERVED, "mae"] == pytest.approx(1)
    assert [found[name, "mae"] for name in PUBLISHED] == pytest.approx([1, 2])
    # The same hour of last week is 168 lower.
    assert found["LEAR ensemble", "rmae"] == pytest.approx(2 / 168)
    assert found[SERVED, "mae_ratio_to_LEAR ensemble"] == pytest.approx(0.5)
