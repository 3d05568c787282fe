"""What adding up would have been worth is measured on a back-test of all series of a sum."""

import datetime as dt

import pytest
from builders.serving import DAY
from builders.summed import MEMBERS, NORTH, SOUTH, TOTAL, summed

from gridahead.backtest.plan import Plan
from gridahead.backtest.results import kept_forecasts
from gridahead.backtest.run import backtests
from gridahead.backtest.sums import reconciled_backtest, score_reconciled
from gridahead.core.errors import LakeError, SettingsError

RUN = "backtest/t"
FIRST = DAY - dt.timedelta(days=18)


@pytest.fixture
def tested(tmp_path):
    def workspace(*series, **changes):
        made = summed(tmp_path, former=False, **changes)
        backtests(made, series, Plan("t", FIRST, DAY, ("naive",)), lambda _: None)
        return made

    return workspace


def test_every_series_is_scored_alone_and_made_to_add_up(tested):
    workspace = tested(*MEMBERS)
    scores = score_reconciled(workspace, RUN, NORTH, "naive")
    whole = scores[scores["lead"].isna() & (scores["metric"] == "mae")]
    error = {(row["zone"], row["model"]): float(row["value"]) for row in whole.to_dict("records")}
    assert set(error) == {(one.zone, model) for one in MEMBERS for model in ("naive", "naive_reconciled")}
    assert set(whole["n"]) == {19 * 24}
    # The last weeks of a total that is measured with a noise of its own tell less than those of its parts.
    assert error["TOTAL", "naive_reconciled"] < error["TOTAL", "naive"]
    made = reconciled_backtest(workspace, RUN, NORTH, "naive")
    medians = {one: rows[rows["quantile"] == 0.5].set_index("valid_time")["value_mw"] for one, rows in made.items()}
    assert (medians[TOTAL] - medians[NORTH] - medians[SOUTH]).abs().max() < 1e-8
    kept, _ = kept_forecasts(workspace, RUN, TOTAL)
    assert len(kept) == len(made[TOTAL]), "what the back-test has kept stays as it is"
    assert workspace.lake.read_scores()["model"].unique().tolist() == ["naive"]


def test_what_is_missing_is_named(tested):
    workspace = tested(TOTAL, NORTH)
    with pytest.raises(
        LakeError, match="there is no backtest/t of SOUTH/load; `gridahead backtest --series SOUTH/load`"
    ):
        score_reconciled(workspace, RUN, TOTAL, "naive")
    with pytest.raises(LakeError, match="backtest/t has no gru of TOTAL/load; it has naive"):
        score_reconciled(workspace, RUN, TOTAL, "gru")


def test_a_series_that_is_in_no_sum_is_told_how_to_be_in_one(tested):
    workspace = tested(sums=())
    with pytest.raises(SettingsError, match=r'write a block \[\[sums\]\] with it, and reconcile = "mint"'):
        score_reconciled(workspace, RUN, TOTAL, "naive")
