"""The tasks of the benchmark of New York as a user writes them, and its ratios by hand."""

import pandas as pd
import pytest
from builders.scores import DAY, forecasts
from nyiso import TO_BETTER, TO_CORRECTED, scored, together
from nyiso_tasks import TASKS, TOTAL, ZONES
from one_year_scores import SERVED, common_quantiles

from gridahead.settings.file_source import FileSource
from gridahead.settings.model import Settings

LEVELS = (0.1, 0.5, 0.9)


def test_eleven_zones_are_a_day_ahead_and_the_total_is_one_to_six():
    assert [task.lead_days for task in ZONES] == [1] * 11
    assert [task.lead_days for task in TOTAL] == [1, 2, 3, 4, 5, 6]
    assert len({task.name for task in TASKS}) == len({task.series for task in ZONES}) + 6 == 17


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_settings_are_those_of_a_user_and_the_lake_has_the_context_of_the_first_day(task):
    import tomllib

    settings = Settings.model_validate(tomllib.loads(task.settings(quick=False)))
    assert settings.lead_days(task.series) == task.lead_days
    source = settings.sources[1]
    assert isinstance(source, FileSource)
    assert (source.issue_column, source.official_available) == ("issue_time", None)
    first = pd.Timestamp("2014-01-01", tz=task.timezone) - pd.Timedelta(days=settings.training.context_days)
    assert task.time_range(quick=False).start == first - pd.Timedelta(days=task.lead_days)


def test_ratios_are_to_the_corrected_official_forecast_and_to_the_better_of_both():
    told = pd.concat(
        [
            forecasts([[3.0] * 3, [9.0] * 3], SERVED, levels=LEVELS),  # errs by 1 and 1
            forecasts([[0.0] * 3, [9.0] * 3], "official", levels=LEVELS),  # 4 and 1
            forecasts([[1.0] * 3, [9.0] * 3], "official_corrected", levels=LEVELS),  # 3 and 1
        ],
        ignore_index=True,
    )
    measured = pd.Series([4.0, 10.0], pd.date_range(DAY, periods=2, freq="h"))
    rows = scored(ZONES[0], common_quantiles(told, measured), len(measured))
    value = {(row.model, row.metric): row.value for row in rows}
    assert value[SERVED, TO_CORRECTED] == pytest.approx(2 / 4) == value[SERVED, TO_BETTER]
    means = {row.metric: (row.value, row.low, row.high, row.n) for row in together(rows)}
    assert means[TO_CORRECTED] == (0.5, 0.5, 0.5, 1)
