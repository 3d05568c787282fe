"""Past forecasts of the weather that are only bounded are called so, in back-tests and on cards."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pytest
from builders.rows import rows, together
from builders.windows import SPEC, made_load

from gridahead.backtest.availability import Availability, availability
from gridahead.core.grid import Series
from gridahead.core.weather_vintages import BOUNDS, bound_of, shares_of_bounds
from gridahead.operate import model_card
from gridahead.reports.backtest import availability_rows, bounds_sentences
from gridahead.reports.card_view import _bounded

TEMPERATURE = Series("DE", "temperature")
MARCH = pd.date_range("2025-01-06T00:00Z", periods=20 * 24, freq="h")


def weather():
    """Half of the days by runs, half by the runs of two days before."""
    half = len(MARCH) // 2
    return together(
        *(
            rows(TEMPERATURE, part, 5.0, part[0] - pd.Timedelta(days=1), unit="degC", source=source)
            for part, source in ((MARCH[:half], "openmeteo previous_day2"), (MARCH[half:], "openmeteo"))
        )
    )


def test_the_source_of_a_row_says_how_it_was_had():
    assert bound_of("openmeteo previous_day1") == "previous_day1"
    assert bound_of("openmeteo") is None
    assert bound_of("entsoe") is None
    assert shares_of_bounds(weather()) == {"previous_day2": 0.5}


def test_a_backtest_counts_and_names_them():
    spec = replace(SPEC, future_covariates=(TEMPERATURE,))
    whole = together(made_load(), weather())
    found = availability(whole, spec, dt.date(2025, 1, 15), dt.date(2025, 1, 25))
    by_input = {one.series: one for one in found}
    assert by_input["DE/load"].bounds == {}
    assert 0 < by_input["DE/temperature"].bounds["previous_day2"] < 1
    (line,) = [line for line in availability_rows([result(*found)]) if line["input"] == "DE/temperature"]
    assert str(line["bounded"]).endswith("% previous_day2")


@dataclass
class _Result:
    series: Series
    availability: tuple[Availability, ...]


def result(*inputs: Availability) -> Any:
    return _Result(SPEC.series, inputs)


def test_what_a_bound_means_for_the_scores_is_said_once():
    bounded = Availability("DE/temperature", 10, 0.0, 1.0, {"previous_day1": 1.0})
    other = replace(bounded, series="DE/wind_speed_100m")
    (sentence,) = bounds_sentences([result(bounded, other, Availability("DE/load", 10, 0.0, 1.0))])
    assert sentence.startswith("DE/temperature, DE/wind_speed_100m: past forecasts are bounded by the run of the day")
    assert sentence.endswith("scores are an upper bound of what weather is worth")


@pytest.mark.parametrize("kind", sorted(BOUNDS))
def test_the_card_has_a_line_for_inputs_that_are_bounded_alone(kind):
    (text,) = _bounded({"DE/temperature": {kind: 0.25}}).values()
    assert text == f"DE/temperature: 25% {BOUNDS[kind]}"
    assert _bounded({}) == {}


def test_the_card_looks_at_what_was_learnt():
    class Lake:
        def read_vintages(self, *series, time_range):
            assert series == (TEMPERATURE,)
            assert time_range.start < pd.Timestamp("2025-01-16T00:00Z") < time_range.end
            return weather()

    class Of:
        lake = Lake()
        model = about = None
        tags = {"train_days": "2025-01-15 to 2025-01-20"}  # noqa: RUF012
        spec = replace(SPEC, future_covariates=(TEMPERATURE,))

    version: Any = Of()
    version.model, version.about = Of, Of
    assert model_card._bounds(version, version) == {"DE/temperature": {"previous_day2": 0.5}}
