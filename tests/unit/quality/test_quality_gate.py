import gc
import logging
import os
import re
import weakref
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from builders.quality import DECIDED_AT, observations_of
from great_expectations.exceptions.exceptions import DataContextRequiredError

import gridahead
from gridahead.core.errors import ContractError, QualityError, SettingsError
from gridahead.core.tables import LIMITS, OBSERVATIONS, RULINGS, VERDICTS, Observations
from gridahead.core.vintages import IDENTITY, accepted
from gridahead.quality.gate import inspect
from gridahead.quality.gx.suites import table_suite
from gridahead.quality.gx.validator import Validator
from gridahead.reports.quality_summary import summary

MAY = ("2024-05-01", "2024-05-08")


def judge(rows, settings, decided_at=None):
    return inspect(
        rows,
        Observations(OBSERVATIONS.empty()),
        settings,
        decided_at=decided_at or (DECIDED_AT if rows.empty else rows["valid_time"].max()),
        limits=LIMITS.empty(),
    )


def withheld(report):
    return report.verdicts[report.verdicts["severity"] == "quarantine"]


def rules_of(report):
    return set(withheld(report)["rule"])


@pytest.fixture(scope="module")
def year():
    """Three series, one of them south of the equator: load, solar with its nights, and NSW load."""
    solar = observations_of("2023-01-01", "2024-01-02", quantity="solar")
    hours = solar["valid_time"].dt.hour
    solar["value"] = (10_000.0 * ((hours > 5) & (hours < 18))).astype(float)
    parts = [
        observations_of("2023-01-01", "2024-01-02"),
        solar,
        observations_of(
            "2023-01-01", "2024-01-02", zone="NSW", timezone="Australia/Sydney", mtu="PT30M", value=8_000.0
        ),
    ]
    return OBSERVATIONS.check(pd.concat(parts, ignore_index=True))


def test_an_untouched_year_is_clean(year, settings):
    report = judge(year, settings)
    assert report.success and report.findings.empty
    assert report.completeness["series"].tolist() == ["DE/load", "DE/solar", "NSW/load"]
    assert report.completeness["days_expected"].tolist() == report.completeness["days_complete"].tolist() == [364] * 3
    report.require(max_share=0.0)
    assert "DE/load: 8,784 rows" in summary(report)
    assert "364 of 364 delivery days complete" in summary(report)


def test_a_jump_by_a_factor_ten_is_quarantined_with_its_reason(year, settings):
    rows = year.copy()
    wrong = rows.index[(rows["zone"] == "NSW")][5_000:5_048]
    rows.loc[wrong, "value"] *= 10  # kept below the bound that no zone reaches, so that only the history can tell
    report = judge(rows, settings)
    assert "value_near_history" in rules_of(report)
    near = withheld(report)[withheld(report)["rule"] == "value_near_history"]
    assert sorted(near["valid_time"]) == sorted(rows.loc[wrong, "valid_time"])
    # 8,000 MW with a daily swing of a fifth: the bulk is 3,200 MW wide, and so is the margin after a year.
    assert "at most 3,200 MW outside the bulk of its history; it lies" in near["reason"].iloc[0]
    rows.loc[wrong, "value"] *= 100
    assert {"value_near_history", "value_physical"} <= rules_of(judge(rows, settings))


def test_in_its_first_year_a_series_may_grow_into_summer(settings):
    rows = observations_of("2023-12-01", "2024-02-10", quantity="solar", value=5_000.0)
    rows.loc[rows.index[-3:], "value"] = 20_000.0
    assert judge(rows, settings).success
    rows.loc[rows.index[-3:], "value"] = 100_000.0
    assert "value_near_history" in rules_of(judge(rows, settings))


def test_a_price_spike_is_flagged_but_kept(settings):
    rows = observations_of("2023-01-01", "2024-01-03", quantity="price", value=80.0).assign(unit="EUR/MWh")
    rows.loc[4_000, "value"] = 4_000.0
    report = judge(rows, settings)
    assert report.success
    finding = report.findings[report.findings["rule"] == "value_near_history"].iloc[0]
    assert (finding["severity"], finding["rows"]) == ("flag", 1)
    assert "4,000.00 EUR/MWh" in finding["example"]


def test_a_negative_load_is_quarantined(settings):
    rows = observations_of(*MAY)
    rows.loc[40, "value"] = -1.0
    report = judge(rows, settings)
    assert rules_of(report) == {"value_physical"}
    assert "at least 0 MW" in withheld(report)["reason"].iloc[0]
    assert withheld(report)["value"].tolist() == [-1.0]


def test_residual_load_may_be_negative(settings):
    rows = observations_of(*MAY, quantity="residual_load")
    rows.loc[40, "value"] = -14_040.25
    assert judge(rows, settings).success


def test_a_quarantined_row_keeps_identity_and_batch(settings):
    rows = observations_of(*MAY)
    rows.loc[40, "value"] = -1.0
    rows.loc[40, "batch"] = "feedfeedfeedfeed"
    shuffled = rows.sample(frac=1, random_state=0)
    verdict = judge(shuffled, settings, DECIDED_AT).verdicts
    assert list(verdict.columns) == VERDICTS.names
    assert verdict[[*IDENTITY, "batch"]].iloc[0].to_dict() == rows.loc[40, [*IDENTITY, "batch"]].to_dict()
    assert verdict["decided_at"].tolist() == [DECIDED_AT]
    assert len(accepted(rows, verdict, RULINGS.empty())) == len(rows) - 1


def test_a_missing_unit_or_another_unit_is_quarantined(settings):
    rows = observations_of(*MAY)
    rows.loc[40, "unit"] = None
    rows.loc[41, "unit"] = "GW"
    report = judge(rows, settings)
    by_rule = withheld(report).set_index("rule")["valid_time"].to_dict()
    assert by_rule == {"unit_present": rows.loc[40, "valid_time"], "unit_of_quantity": rows.loc[41, "valid_time"]}


def test_an_unknown_word_is_quarantined_and_a_withdrawal_is_not(settings):
    rows = observations_of(*MAY)
    rows.loc[40, "value"] = None
    rows.loc[41, "availability"] = "guessed"
    report = judge(rows, settings)
    assert rules_of(report) == {"availability_known"}
    assert not withheld(report)["value"].isna().any()


def test_both_rows_of_a_duplicate_are_condemned_once(settings):
    rows = observations_of(*MAY)
    report = judge(pd.concat([rows, rows.iloc[[40]].assign(value=1.0)]), settings)
    assert rules_of(report) == {"key_unique"}
    assert len(withheld(report)) == 1
    assert report.completeness["withheld"].tolist() == [2]


def test_every_vintage_is_judged_but_an_older_good_one_fills_the_hour(settings):
    rows = observations_of(*MAY)
    revision = rows.iloc[[40]].assign(value=-5.0, available_at=lambda row: row["available_at"] + pd.Timedelta(days=2))
    report = judge(OBSERVATIONS.check(pd.concat([rows, revision])), settings)
    assert withheld(report)["available_at"].tolist() == revision["available_at"].tolist()
    assert report.completeness["missing_mtus"].tolist() == [0]


def test_a_gap_inside_a_day_is_flagged_not_quarantined(settings):
    rows = observations_of(*MAY)
    report = judge(rows.drop(index=[40, 41]), settings)
    assert report.success and report.verdicts.empty
    finding = report.findings.iloc[0]
    assert (finding["rule"], finding["severity"], finding["rows"]) == ("delivery_day_complete", "flag", 1)
    assert finding["example"] == "2024-05-02: 22 of 24"
    assert report.completeness["missing_mtus"].tolist() == [2]
    assert "2 market time units missing" in summary(report)


def test_completeness_is_the_same_once_the_caller_leaves_out_what_is_in_quarantine(settings):
    rows = observations_of(*MAY)
    rows.loc[40, "value"] = -1.0
    first = judge(rows, settings)
    second = judge(accepted(rows, first.verdicts, RULINGS.empty()), settings)
    assert second.success
    assert second.completeness["missing_mtus"].tolist() == first.completeness["missing_mtus"].tolist() == [1]


@pytest.mark.parametrize("elsewhere", ["known", "later"])
def test_a_value_of_long_ago_that_is_revised_makes_no_series_stale(settings, elsewhere):
    rows, newest = observations_of(*MAY), observations_of("2024-05-08", "2024-05-09")
    decided_at = newest["valid_time"].max() + pd.Timedelta(hours=settings.quality.stale_after_hours - 1)
    there = {"known": Observations(OBSERVATIONS.empty()), elsewhere: newest}
    told: dict[str, Any] = {"settings": settings, "decided_at": decided_at, "limits": LIMITS.empty()}
    assert inspect(rows, there["known"], later=there.get("later"), **told).findings.empty
    findings = inspect(rows, Observations(OBSERVATIONS.empty()), **told).findings
    assert findings["rule"].tolist() == ["stale"]
    assert findings["words"].tolist() == ["expected that the newest value is at most 48 h old; it is 71 h old"]


def test_too_much_in_quarantine_is_an_error_that_names_series_share_rule_and_way_out(settings):
    rows = observations_of(*MAY)
    rows.loc[:16, "value"] = -1.0  # 17 of 168
    report = judge(rows, settings)
    report.require(max_share=0.11)
    with pytest.raises(QualityError) as error:
        report.require(max_share=0.1)
    for part in ("DE/load", "10.1%", "value_physical", "at least 0 MW", "max_quarantined_share"):
        assert part in str(error.value)


def test_a_row_that_fails_two_rules_is_counted_once(settings):
    rows = observations_of("2024-03-01", "2024-05-08")
    rows.loc[40, "value"] = 90_000_000.0
    report = judge(rows, settings)
    assert {"value_physical", "value_near_history"} <= rules_of(report)
    assert report.completeness["withheld"].tolist() == [1]


def test_a_series_may_be_lost_as_a_whole(settings):
    rows = observations_of(*MAY)
    other = observations_of(*MAY, quantity="solar", value=-1.0)
    report = judge(pd.concat([rows, other]), settings)  # both with the index labels 0 to 167
    assert report.completeness.set_index("series")["withheld"].to_dict() == {"DE/load": 0, "DE/solar": 168}
    assert judge(other, settings).completeness["days_expected"].tolist() == [0]


def test_a_frame_that_breaks_its_contract_stops_the_gate(settings):
    rows = observations_of(*MAY)
    with pytest.raises(ContractError, match="the columns are zone, quantity"):
        judge(rows.drop(columns="mtu"), settings)
    with pytest.raises(ContractError, match="value is of type float64"):
        judge(rows.assign(value=rows["value"].astype("str")), settings)
    with pytest.raises(ContractError, match="zone is never missing"):
        judge(rows.assign(zone=rows["zone"].where(rows.index > 3)), settings)


def test_a_zone_that_nobody_declared_is_named(settings):
    with pytest.raises(SettingsError, match="'XX' is not known"):
        judge(observations_of(*MAY, zone="XX"), settings)


def test_no_rows_are_no_error(settings):
    report = judge(Observations(OBSERVATIONS.empty()), settings)
    assert report.success and summary(report) == "no rows to inspect"
    report.require(max_share=0.0)


def test_great_expectations_is_as_it_was_after_an_inspection(settings):
    import great_expectations as gx
    from great_expectations.data_context.data_context.context_factory import project_manager

    log = logging.getLogger("great_expectations.data_context.types.base")
    theirs, level = gx.get_context(mode="ephemeral"), log.level
    log.setLevel(logging.DEBUG)
    try:
        assert judge(observations_of(*MAY), settings).success
        assert project_manager.get_current_project() is theirs
        assert log.level == logging.DEBUG
    finally:
        log.setLevel(level)
        project_manager.set_project(None)
    environment = dict(os.environ)
    assert judge(observations_of(*MAY), settings).success
    with pytest.raises(DataContextRequiredError):
        project_manager.get_current_project()
    assert dict(os.environ) == environment


def test_only_the_quality_gate_imports_great_expectations():
    package = Path(gridahead.__file__).parent
    importing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"^\s*(from|import) great_expectations", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert importing == {"quality/gx/validator.py"}


def test_after_a_validation_nothing_holds_the_frames():
    """Great Expectations' objects hold each other and the frames; Python alone would look for them much later."""
    frame = observations_of(*MAY)
    held = weakref.ref(frame)
    gc.disable()
    try:
        with closing(Validator()) as validator:
            assert validator.validate(table_suite(OBSERVATIONS), frame).success
        del frame, validator
        assert held() is None
    finally:
        gc.enable()
