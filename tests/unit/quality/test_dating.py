"""From when a verdict counts: never before the gate of then could have reached it."""

import pandas as pd
import pytest
from builders.long import first_of
from builders.years import as_rows, made_zone
from unit.quality.test_energy_rules import NOON, day

from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.quality.gate import inspect
from gridahead.quality.limits import learn

HOUR = pd.Timedelta(hours=1)


@pytest.fixture(scope="module")
def limits(settings):
    return learn(as_rows(made_zone("2023-01-01", "2024-01-15"), "DE"), settings)


def made(change):
    """A load of half a year with a fault."""
    wide = made_zone("2024-02-15", "2024-08-01", seed=1)[["load", "load_official"]]
    change(wide)
    return as_rows(wide, "DE")


def spike(wide):
    wide.loc[NOON[2], "load"] += 15_000


def shift(wide):
    wide.loc[day("2024-05-15")[0] : day("2024-05-21")[-1], "load"] += 4_500.0


def scaled(wide):
    wide.loc[day("2024-05-15"), "load"] *= 10


def stuck(wide):
    wide.loc[NOON, "load"] = wide.loc[NOON[0], "load"]


def judge(rows, settings, limits, at):
    """The verdicts on the rows that were there at an instant."""
    there = Observations(OBSERVATIONS.check(rows[rows["available_at"] <= at]))
    return inspect(there, Observations(OBSERVATIONS.empty()), settings, decided_at=at, limits=limits).verdicts


@pytest.mark.parametrize("fault", first_of([spike, shift, scaled, stuck], 1))
def test_the_gate_that_had_only_what_was_there_when_a_verdict_was_known_reaches_it(fault, settings, limits):
    rows = made(fault)
    verdicts = judge(rows, settings, limits, rows["available_at"].max())
    assert not verdicts.empty and (verdicts["known_at"] >= verdicts["available_at"]).all()
    key = ["quantity", "valid_time", "rule", "severity"]
    for at in verdicts["known_at"].drop_duplicates().sort_values()[-3:]:
        then = pd.MultiIndex.from_frame(judge(rows, settings, limits, at)[key])
        assert pd.MultiIndex.from_frame(verdicts[verdicts["known_at"] == at][key]).isin(then).all()


def test_a_level_that_needs_the_days_after_is_not_known_before_them(settings, limits):
    rows = made(shift)
    verdicts = judge(rows, settings, limits, rows["available_at"].max())
    late = verdicts[verdicts["rule"] == "level_shift"]
    assert not late.empty
    first = late["known_at"].min()
    late = late[late["known_at"] == first]
    assert (late["known_at"] - late["available_at"]).min() >= pd.Timedelta(days=1)
    before = judge(rows, settings, limits, first - pd.Timedelta(days=1))
    assert "level_shift" not in set(before[before["valid_time"].isin(late["valid_time"])]["rule"])


def test_a_value_that_cannot_be_is_known_with_its_row_and_a_spike_once_it_is_over(settings, limits):
    rows = made(lambda wide: (spike(wide), wide.__setitem__("load", wide["load"].where(wide.index != NOON[5], -1.0))))
    verdicts = judge(rows, settings, limits, rows["available_at"].max())
    lag = (verdicts["known_at"] - verdicts["available_at"]).groupby([verdicts["rule"], verdicts["valid_time"]]).max()
    assert lag["value_physical"][NOON[5]] == pd.Timedelta(0)
    assert lag["spike"][NOON[2]] == 4 * HOUR


def test_what_came_in_operation_was_judged_before_anybody_read_it(settings, limits):
    rows = made(shift).assign(availability="recorded")
    verdicts = judge(rows, settings, limits, rows["available_at"].max())
    assert not verdicts.empty and (verdicts["known_at"] == verdicts["available_at"]).all()
