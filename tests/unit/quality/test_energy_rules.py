"""Each rule of the gate on a fault made by hand, all faults in one inspection: every fault has a zone of its own."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from builders.years import TIMEZONE, as_rows, made_zone
from pydantic import ValidationError

from gridahead.core.grid import Series
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.quality.gate import inspect, related
from gridahead.quality.limits import learn
from gridahead.quality.measures import steps
from gridahead.quality.measures.base import MEASURES, measures
from gridahead.quality.whole_series.fault import CHECKS
from gridahead.settings.gates import QualitySettings
from gridahead.settings.model import Settings
from gridahead.settings.quality_rules import RULE_BY_NAME, RULES, RuleName

NOTHING = Observations(OBSERVATIONS.empty())
FAULTS: dict[str, tuple[Callable[..., Any], str, str, pd.DatetimeIndex]] = {}


def day(text, hours=24):
    """The hours from a local midnight on, as UTC."""
    first = pd.Timestamp(text, tz=TIMEZONE).tz_convert("UTC")
    return pd.date_range(first, periods=hours, freq="h")


def fault(rule, column, at):
    """Register a change of a wide frame that makes a rule fail on a column, on the given hours and no others."""

    def register(change):
        FAULTS[change.__name__] = (change, rule, column, at)
        return change

    return register


NOON = day("2024-05-15", 18)[10:16]


@fault("flat", "load", NOON)
def stuck_for_six_hours(wide):
    wide.loc[NOON, "load"] = wide.loc[NOON[0], "load"]


@fault("false_zero", "load", NOON[:2])
def two_zeros(wide):
    wide.loc[NOON[:2], "load"] = 0.0


@fault("interpolated", "load", NOON)
def line_over_a_gap(wide):
    wide.loc[NOON, "load"] = np.linspace(52_000, 40_000, len(NOON))


@fault("spike", "load", NOON[2:3])
def one_hour_too_high(wide):
    wide.loc[NOON[2], "load"] += 15_000


@fault("value_physical", "load", NOON[:1])
def minus_one(wide):
    wide.loc[NOON[0], "load"] = -1.0


@fault("value_near_history", "solar", NOON)
def kilowatts(wide):
    wide.loc[NOON, "solar"] *= 1000


@fault("above_capacity", "solar", NOON[:3])
def twice_the_plant(wide):
    wide.loc[NOON[:3], "solar"] = 2.2 * wide["solar"].max()


@fault("sun_at_night", "solar", day("2024-05-15", 2))
def sun_at_midnight(wide):
    wide.loc[day("2024-05-15", 2), "solar"] = 2_500.0


@fault("sum", "residual_load", NOON)
def wrong_difference(wide):
    wide.loc[NOON, "residual_load"] += 1_500.0


@fault("repeated_day", "load", day("2024-05-16"))
def thursday_is_wednesday(wide):
    wide.loc[day("2024-05-16"), "load"] = wide.loc[day("2024-05-15"), "load"].to_numpy()


@fault("shifted_hour", "load", day("2024-05-14", 72))
def three_days_an_hour_late(wide):
    wide.loc[day("2024-05-14", 72), "load"] = wide["load"].shift(1).loc[day("2024-05-14", 72)]


@fault("day_reversed", "load", day("2024-05-15"))
def backwards(wide):
    wide.loc[day("2024-05-15"), "load"] = wide.loc[day("2024-05-15"), "load"].to_numpy()[::-1]


@fault("halves_exchanged", "load", day("2024-05-15"))
def morning_for_afternoon(wide):
    wide.loc[day("2024-05-15"), "load"] = np.roll(wide.loc[day("2024-05-15"), "load"].to_numpy(), 12)


@fault("scaled", "load", day("2024-05-15", 48))
def quarter_hours_as_hours(wide):
    wide.loc[day("2024-05-15", 48), "load"] /= 4


@fault("still_day", "load", day("2024-05-15", 72))
def three_days_of_one_value(wide):
    wide.loc[day("2024-05-15", 72), "load"] = 50_000.0


@fault("rough_day", "load", day("2024-05-15"))
def noise(wide):
    wide.loc[day("2024-05-15"), "load"] += np.random.default_rng(3).normal(0, 4_000, 24)


@fault("days_exchanged", "load", day("2024-05-18", 72))
def sunday_for_monday(wide):
    sunday, monday = day("2024-05-19"), day("2024-05-20")
    held = wide.loc[sunday, "load"].to_numpy(copy=True)
    wide.loc[sunday, "load"] = wide.loc[monday, "load"].to_numpy()
    wide.loc[monday, "load"] = held


@fault("day_and_month_swapped", "wind_solar", pd.DatetimeIndex([]))
def read_day_first(wide):
    held = wide["wind_solar"].copy()
    for month in (4, 5, 6):
        for number in (4, 5, 6):
            if month != number:
                wide.loc[day(f"2024-{month:02}-{number:02}"), "wind_solar"] = held[
                    day(f"2024-{number:02}-{month:02}")
                ].to_numpy()


@fault("forecast_is_outturn", "load_official", day("2024-05-15", 48))
def forecast_from_the_future(wide):
    wide.loc[day("2024-05-15", 48), "load_official"] = wide.loc[day("2024-05-15", 48), "load"]


@fault("outturn_is_forecast", "load", day("2024-05-15", 48))
def filled_with_the_forecast(wide):
    wide.loc[day("2024-05-15", 48), "load"] = wide.loc[day("2024-05-15", 48), "load_official"]


@fault("official_misfit", "load", day("2024-05-15", 48))
def far_from_the_forecast(wide):
    wide.loc[day("2024-05-15", 48), "load"] += 9_000.0


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    zones = [{"code": name, "timezone": TIMEZONE} for name in ("untouched", "young", *FAULTS)]
    return Settings.model_validate({"data_folder": tmp_path_factory.mktemp("data"), "zones": zones})


@pytest.fixture(scope="module")
def limits(settings):
    return learn(as_rows(made_zone("2023-01-01", "2024-01-15"), "untouched"), settings)


@pytest.fixture(scope="module")
def report(settings, limits):
    parts = []
    for name in ("untouched", *FAULTS):
        wide = made_zone("2024-02-15", "2024-08-01", seed=1)
        if name in FAULTS:
            FAULTS[name][0](wide)
            column = FAULTS[name][2]
            wide = wide[[column, *(one.quantity for one in related(Series(name, column)) if one.quantity in wide)]]
        parts.append(as_rows(wide, name))
    rows = Observations(OBSERVATIONS.check(pd.concat(parts, ignore_index=True)))
    of_all = pd.concat([limits.assign(zone=name) for name in ("untouched", *FAULTS)], ignore_index=True)
    return inspect(rows, NOTHING, settings, decided_at=rows["valid_time"].max(), limits=of_all)


@pytest.mark.parametrize("name", FAULTS)
def test_the_rule_for_a_fault_fails_where_the_fault_is(report, name):
    _, rule, column, at = FAULTS[name]
    of_zone = report.verdicts[(report.verdicts["zone"] == name) & (report.verdicts["quantity"] == column)]
    failed = of_zone[of_zone["rule"] == rule]
    assert not failed.empty, sorted(set(of_zone["rule"]))
    if len(at):
        assert set(failed["valid_time"]) <= set(at)
    assert failed["reason"].str.startswith("expected that ").all()


def test_swapped_days_are_found_in_all_their_places(report):
    failed = report.verdicts[
        (report.verdicts["zone"] == "read_day_first") & (report.verdicts["rule"] == "day_and_month_swapped")
    ]
    days = set(failed["valid_time"].dt.tz_convert(TIMEZONE).dt.strftime("%d.%m."))
    places = {"05.04.", "06.04.", "04.05.", "06.05.", "04.06.", "05.06."}
    assert days <= places and len(days) >= 4


def test_an_untouched_zone_with_its_nights_weekends_and_clock_change_is_clean(report):
    findings = report.findings[report.findings["series"].str.startswith("untouched/")]
    assert findings.empty, findings[["series", "rule", "start"]]


def test_a_new_series_of_three_weeks_raises_no_alarm(settings):
    rows = as_rows(made_zone("2024-03-20", "2024-04-10"), "young")
    report = inspect(
        rows,
        NOTHING,
        settings,
        decided_at=rows["valid_time"].max(),
        limits=learn(rows, settings),
    )
    assert report.findings.empty, report.findings[["series", "rule", "start"]]


def test_plant_that_grows_by_a_fifth_is_no_fault(settings, limits):
    wide = made_zone("2024-02-15", "2024-08-01", seed=1)[["solar"]]
    wide["solar"] *= np.linspace(1.1, 1.2, len(wide))
    rows = as_rows(wide, "untouched")
    report = inspect(rows, NOTHING, settings, decided_at=rows["valid_time"].max(), limits=limits)
    assert "above_capacity" not in set(report.findings["rule"])
    assert report.success


def test_an_outturn_outside_the_served_band_is_flagged_with_the_forecast_that_says_so(settings, limits):
    wide = made_zone("2024-02-15", "2024-08-01", seed=1)[["load"]]
    rows = as_rows(wide, "untouched")
    outside = {"far": NOON.union(NOON + pd.Timedelta(hours=6))[:8], "short": day("2024-05-20")[:5]}
    low = wide["load"] - 2_000.0
    low.loc[outside["far"].union(outside["short"])] += 3_000.0
    served = pd.DataFrame(
        {
            "zone": "untouched",
            "quantity": "load",
            "valid_time": low.index,
            "mtu": "PT60M",
            "low": low.to_numpy(),
            "high": 90_000.0,
        }
    ).assign(forecast="live/lstm v3 of 2024-05-14 11:00")
    report = inspect(
        rows,
        NOTHING,
        settings,
        decided_at=rows["valid_time"].max(),
        limits=limits,
        served=served,
    )
    verdicts = report.verdicts[report.verdicts["rule"] == "outside_served_band"]
    assert set(verdicts["valid_time"]) == set(outside["far"])  # five hours are too few
    assert set(verdicts["severity"]) == {"flag"}
    assert verdicts["reason"].str.contains("for 8 h, here outside .* by live/lstm v3 of 2024-05-14 11:00").all()


def test_a_severity_of_the_settings_counts_and_block_withholds_the_whole_delivery(settings, limits):
    wide = made_zone("2024-02-15", "2024-08-01", seed=1)[["load"]]
    stuck_for_six_hours(wide)
    rows = as_rows(wide, "untouched")
    arrived = rows["valid_time"].isin(day("2024-05-15"))
    found = {}
    for severity in ("pass", "flag", "block"):
        told = settings.model_copy(
            update={"quality": QualitySettings(severity={"flat": "pass"}, quantities={"load": {"flat": severity}})}
        )
        new, known = (Observations(OBSERVATIONS.check(rows[part])) for part in (arrived, ~arrived))
        found[severity] = inspect(new, known, told, decided_at=rows["valid_time"].max(), limits=limits)
    flat = {name: report.verdicts[report.verdicts["rule"] == "flat"] for name, report in found.items()}
    assert flat["pass"].empty and "flat" in set(found["pass"].findings["rule"])
    assert set(flat["flag"]["severity"]) == {"flag"} and len(flat["flag"]) == len(NOON)
    assert set(flat["block"]["severity"]) == {"quarantine"} and len(flat["block"]) == 24
    assert found["block"].blocked == ("untouched/load",) and found["flag"].blocked == ()


def test_an_unknown_rule_in_the_settings_is_named_with_the_known_ones():
    with pytest.raises(ValidationError, match=r"'ramp'(.|\n)*'flat'|'flat'(.|\n)*'ramp'"):
        QualitySettings.model_validate({"severity": {"rampp": "flag"}})


def test_settings_may_name_every_rule_and_no_other():
    assert get_args(RuleName) == tuple(rule.name for rule in RULES)


def test_every_rule_is_measured_in_one_place():
    without_curve = {
        "value_physical",
        "off_the_grid",
        "in_the_future",
        "outside_served_band",
        "delivery_day_complete",
        "stale",
    }
    assert len({*MEASURES, *CHECKS, *without_curve}) == len(MEASURES) + len(CHECKS) + len(without_curve)
    assert {*MEASURES, *CHECKS, *without_curve} == {rule.name for rule in RULES}
    assert {rule.name for rule in RULES if rule.grain == "series"} - {"stale"} == set(CHECKS)


def test_a_measure_of_a_rule_that_nobody_has_declared_is_refused():
    with pytest.raises(KeyError, match="spikee"):
        measures("spikee")(steps.spike)


def test_a_spike_is_looked_for_as_far_ahead_as_its_rule_says():
    assert RULE_BY_NAME["spike"].ahead == max(steps.WIDTHS)


def test_new_rows_get_the_verdicts_of_an_inspection_of_everything(settings, limits, report):
    """The flat hours arrive with their day: with the weeks before and after as context the verdicts are the same."""
    wide = made_zone("2024-02-15", "2024-08-01", seed=1)
    stuck_for_six_hours(wide)
    rows = as_rows(wide, "stuck_for_six_hours")
    arrived = rows["valid_time"].isin(day("2024-05-15"))
    part = inspect(
        Observations(OBSERVATIONS.check(rows[arrived])),
        Observations(OBSERVATIONS.check(rows[~arrived])),
        settings,
        decided_at=rows["valid_time"].max(),
        limits=limits.assign(zone="stuck_for_six_hours"),
    )
    of_all = report.verdicts[report.verdicts["zone"] == "stuck_for_six_hours"]
    columns = ["quantity", "valid_time", "rule", "severity", "reason"]
    expected = of_all[of_all["valid_time"].isin(day("2024-05-15"))][columns].sort_values(columns, ignore_index=True)
    assert not expected.empty
    pd.testing.assert_frame_equal(part.verdicts[columns].sort_values(columns, ignore_index=True), expected)
    assert part.completeness["rows"].unique().tolist() == [24]
