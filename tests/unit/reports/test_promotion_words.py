"""What decided a promotion, in sentences."""

import datetime as dt

import pandas as pd
import pytest
from builders.rows import LOAD

from gridahead.promotion.trial_findings import (
    FirstChampion,
    Improvement,
    Luck,
    NoCommonDay,
    Outdone,
    RefreshRatio,
    ShortProcedure,
    TrialPeriod,
    UnknownCalibration,
    UntestedProcedure,
)
from gridahead.promotion.version_trial import Outcome
from gridahead.registry.versions import Version
from gridahead.reports.promotion import outcome_reason, outcome_record, outcome_sentence, reasons

FIRST, LAST = dt.date(2025, 1, 1), dt.date(2025, 3, 31)


def version(number):
    return Version(LOAD, number, "run", pd.Timestamp("2025-06-01T00:00Z"), (), {"model": "lstm"})


def improvement(outcome, share):
    luck = Luck(e_value=1.4, e_needed=80, candidates=3, p_megawatts=0.2, p_limit=0.1)
    return Improvement(outcome, share, share - 0.02, share + 0.02, 90, 0.01, luck, ((0.02, 1234.0), (0.05, 60.0)))


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        (
            improvement("too_short", 0.03),
            "period too short to tell: 3.0 % smaller loss than the champion over 90 days (95 % interval 1.0 % to "
            "5.0 %), which luck can explain: e-value 1.4 of 80 needed, as the best of 3, p = 0.200 of 0.1 in power; a "
            "true improvement of 2 % after about 1,234, 5 % after about 60 days would show",
        ),
        (
            improvement("keep", -0.03),
            "not better by the margin of 1.0 %: 3.0 % larger loss than the champion over 90 days (95 % interval 1.0 % "
            "to 5.0 %)",
        ),
        (
            NoCommonDay(version("1"), version("2"), LAST),
            "period too short to tell: there is no day that lstm v1 and lstm v2 have both forecast without having "
            "learnt it; days from training.holdout_start = 2025-03-31 on decide nothing",
        ),
        (
            RefreshRatio(1.08, 1.05, 28),
            "its loss is 1.080 times the champion's over the newest 28 days, more than 1.05",
        ),
        (
            ShortProcedure(0, None, None, 18),
            "period too short to tell: 0 days in common; 18 months are needed, nine of ten days of them. Back-test a "
            "longer period",
        ),
        (UnknownCalibration(3), "its calibration is not known: only 3 days have an 80 % interval"),
        (
            TrialPeriod(version("1"), 90, FIRST, LAST, refresh=True, named_on="2025-04-01", best_of="3"),
            "trained again, against lstm v1, 90 days from 2025-01-01 to 2025-03-31, named on 2025-04-01 as the best of "
            "3",
        ),
        (TrialPeriod(version("1"), 0, None, None, False, None, None), "against lstm v1"),
        (
            FirstChampion(3, version("1")),
            "first champion: chosen of 3 on the validation days, as the weights of lstm v1 are lost",
        ),
        (
            Outdone(version("2"), 300.0, 250.0, "GW"),
            "outdone by lstm v2 of the same training: pinball 0.300 GW against 0.250 GW on the validation days",
        ),
    ],
)
def test_every_finding_has_its_sentence(finding, sentence):
    assert reasons([finding]) == [sentence]


def test_a_champion_trained_again_without_a_test_is_told_which_commands_make_one():
    (sentence,) = reasons([UntestedProcedure(version("2"))])
    assert "`gridahead backtest --series DE/load --model lstm --retrain weekly --name weekly`" in sentence
    assert sentence.endswith("refresh-test --series DE/load --run backtest/weekly --against backtest/never`")


def test_an_outcome_lists_its_reasons_in_order():
    outcome = Outcome(version("2"), "too_short", (UnknownCalibration(3), UnknownCalibration(4)), False)
    first, second = (f"its calibration is not known: only {days} days have an 80 % interval" for days in (3, 4))
    assert outcome_reason(outcome) == f"{first}; {second}"
    assert outcome_record(outcome)["reasons"] == [first, second]
    assert outcome_sentence(outcome) == f"lstm v2: does not serve. {first}; {second}"
