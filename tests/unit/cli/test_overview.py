"""`status` and `models list` on 80 columns: ages, marks, and what to do where something is missing."""

import io
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from gridahead.cli import console, overview
from gridahead.core.grid import Series
from gridahead.registry.versions import Version
from gridahead.settings.model import Settings

NOW = pd.Timestamp("2025-06-03T10:00Z")
DEADLINE = "D-1T1100[Europe/Berlin]"
SOURCE = {
    "kind": "file",
    "path": "in.csv",
    "zone": "DE",
    "quantity": "solar",
    "time_column": "time",
    "value_column": "kw",
    "timezone": "UTC",
    "unit": "kW",
}


@pytest.fixture
def screen(monkeypatch):
    text = io.StringIO()
    made = Console(file=text, width=80, markup=False, emoji=False, highlight=False, color_system=None)
    monkeypatch.setattr(console, "out", made)
    monkeypatch.setattr(overview, "now", lambda: NOW)
    return text.getvalue


@pytest.fixture
def settings():
    series = [{"series": name, "deadline": DEADLINE} for name in ("DE/load", "DE/solar")]
    return Settings.model_validate({"data_folder": "data", "series": series, "sources": [SOURCE]})


def lake_of(**ends):
    return pd.DataFrame(
        [
            {
                "series": f"DE/{name}",
                "first": NOW - pd.Timedelta(days=99),
                "last": pd.Timestamp(end),
                "rows": 9_000,
                "available_at": NOW,
                "mtu": "PT60M",
                "source": "file",
            }
            for name, end in ends.items()
        ],
        columns=["series", "first", "last", "rows", "available_at", "mtu", "source"],
    )


def forecast_of(series, end, **more):
    return {
        "series": series,
        "forecast_id": "x",
        "issue_time": "2025-06-03T09:00:00+00:00",
        "age_hours": 1.0,
        "delivery": ["2025-06-03T22:00:00+00:00", end],
        "model": "gru",
        "model_version": "3",
        "rung": "full",
        "missing": "",
        **more,
    }


SERVING = {"DE/solar": {"version": "3", "model": "gru", "learnt_until": "2025-05-31", "validation_mae": "0.0000127"}}


def test_every_series_is_a_block_with_ages_and_marks(screen, settings):
    found: Any = SimpleNamespace(
        lake=lake_of(solar="2025-06-03T07:00Z", solar_official="2025-06-04T21:00Z"),
        serving=SERVING,
        forecasts=[forecast_of("DE/solar", "2025-06-04T22:00:00+00:00")],
    )
    overview.show_status(settings, found, wide=False)
    lines = [line.rstrip() for line in screen().splitlines()]
    assert max(map(len, lines)) <= 80
    assert lines == [
        "DE/load",
        "  ✗  lake: nothing yet; run `gridahead ingest`",
        "  ✗  no champion yet; run `gridahead train --series DE/load`",
        "  ✗  no forecast yet; run `gridahead forecast`",
        "DE/solar",
        "  ✓  lake: until 2025-06-03 08:00 UTC (2 h ago), 9,000 rows, PT60M",
        "  ✓  serves: gru v3, learnt until 2025-05-31 (3 days ago), MAE 0.0127 kW",
        "  ✓  forecast: issued 2025-06-03 09:00 UTC (1 h ago) by gru v3",
        "Also in the lake: DE/solar_official",
        "Everything: `gridahead status --wide`",
    ]


def test_a_series_whose_unit_changed_ends_by_its_newest_unit(screen, settings):
    """A day-ahead price is in quarters of an hour since October 2025, and in hours before."""
    lake = lake_of(load="2025-06-03T06:45Z").assign(mtu="PT60M, PT15M")
    found: Any = SimpleNamespace(lake=lake, serving={}, forecasts=[])
    overview.show_status(settings, found, wide=False)
    assert "until 2025-06-03 07:00 UTC" in screen()


@pytest.mark.parametrize(
    ("end", "more", "told"),
    [
        ("2025-06-03T10:00:00+00:00", {}, "by gru v3, its day is over"),
        (
            "2025-06-04T22:00:00+00:00",
            {"rung": "degraded", "missing": "no wind"},
            "by gru v3, no wind",
        ),
    ],
)
def test_an_old_lake_and_a_past_or_degraded_forecast_are_marked(screen, settings, end, more, told):
    found: Any = SimpleNamespace(
        lake=lake_of(solar="2025-05-30T09:00Z"), serving=SERVING, forecasts=[forecast_of("DE/solar", end, **more)]
    )
    overview.show_status(settings, found, wide=False)
    words = " ".join(screen().split())
    assert "! lake: until 2025-05-30 10:00 UTC (4 days ago)" in words
    assert "! forecast: issued" in words and told in words


def test_wide_has_the_tables_with_every_column(screen, settings):
    console.out.width = 200
    found: Any = SimpleNamespace(lake=lake_of(solar="2025-06-03T07:00Z"), serving=SERVING, forecasts=[])
    overview.show_status(settings, found, wide=True)
    assert all(name in screen() for name in ("available_at", "source", "champion_since", "none published"))


def version_of(number, *aliases, **tags):
    told = {"model": "gru", "learnt_until": "2025-05-31", "validation_mae": "0.0000127", **tags}
    return Version(Series("DE", "solar"), number, "run", NOW - pd.Timedelta(hours=5), aliases, told)


def test_every_version_is_a_block_with_its_figures_and_its_outcome(screen, settings):
    versions = [
        version_of("2", "champion", outcome="promote", outcome_reasons="better by more than luck explains"),
        version_of("1", outcome="outdone", outcome_reasons="long " * 40),
    ]
    overview.show_versions(versions, settings)
    lines = [line.rstrip() for line in screen().splitlines()]
    assert max(map(len, lines)) <= 80
    assert lines == [
        "DE/solar gru v2, champion",
        "  ✓  made 5 h ago, learnt until 2025-05-31",
        "     on its validation days: mae 0.0127 kW",
        "     promote: better by more than luck explains",
        "DE/solar gru v1",
        "     made 5 h ago, learnt until 2025-05-31",
        "     on its validation days: mae 0.0127 kW",
        "     outdone",
        "All figures: `gridahead models list --wide`",
    ]


def test_without_versions_the_way_out_is_told(screen, settings):
    overview.show_versions([], settings)
    assert screen() == "Models: none yet; run `gridahead train`\n"


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (0.5, "less than 1 h ago"),
        (5, "5 h ago"),
        (71, "71 h ago"),
        (73, "3 days ago"),
        (-30, "in 30 h"),
        (25_268, "2.9 years ago"),
    ],
)
def test_an_age_is_told_in_hours_then_in_days_then_in_years(screen, hours, told):
    assert overview.ago(NOW - pd.Timedelta(hours=hours)) == told
