"""Where a back-test trains anew."""

import datetime as dt

import pytest

from gridahead.backtest.plan import Fold, folds


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_without_training_anew_the_period_is_one_fold():
    assert folds(day("2025-01-10"), day("2025-03-05"), "never") == [Fold(day("2025-01-10"), day("2025-03-05"))]


def test_a_month_begins_on_its_first_and_the_ends_of_the_period_cut_it():
    assert [str(fold) for fold in folds(day("2025-01-10"), day("2025-03-05"), "monthly")] == [
        "2025-01-10 to 2025-01-31",
        "2025-02-01 to 2025-02-28",
        "2025-03-01 to 2025-03-05",
    ]


def test_a_week_begins_on_monday():
    found = folds(day("2025-04-04"), day("2025-04-15"), "weekly")  # a Friday to a Tuesday
    assert [str(fold) for fold in found] == [
        "2025-04-04 to 2025-04-06",
        "2025-04-07 to 2025-04-13",
        "2025-04-14 to 2025-04-15",
    ]


@pytest.mark.parametrize("retrain", ["never", "monthly", "weekly"])
def test_every_day_is_in_one_fold(retrain):
    found = folds(day("2024-02-20"), day("2025-03-03"), retrain)
    days = [one for fold in found for one in fold.days]
    assert len(days) == len(set(days)) == 378
    assert days == sorted(days)
