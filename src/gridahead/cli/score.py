"""How good forecasts were: scores, all figures by slice, what luck can explain, and what the errors cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridahead.cli import complete
from gridahead.cli.console import (
    UnitOf,
    in_units,
    interval_words,
    left_out_records,
    print_json,
    records,
    say,
    score_records,
    show,
    show_left_out,
    show_narrow,
    show_scores,
)
from gridahead.cli.options import (
    JsonOption,
    SeriesOption,
    SettingsOption,
    WideOption,
    chosen_series,
    open_workspace,
    unit_of,
)
from gridahead.cli.panels import LOOK_CLOSER, example
from gridahead.core.each import of_each, require
from gridahead.core.runs import BACKFILLED, LIVE

if TYPE_CHECKING:
    import pandas as pd

    from gridahead.core.grid import Series
    from gridahead.core.units import Unit

app = typer.Typer()


@app.command(rich_help_panel=LOOK_CLOSER, epilog=example("score --series DE/load --by hour"))
def score(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    run: Annotated[
        str,
        typer.Option(
            help="backtest/NAME scores what a back-test has kept, without fitting anything; backfilled what was made "
            "up for after the gate had closed.",
            autocompletion=complete.runs,
        ),
    ] = LIVE,
    by: Annotated[
        str | None,
        typer.Option(
            help="All figures instead: of the whole period (none), by lead (hours), lead_day, hour, weekday, month, "
            "season, day_kind (holiday, bridge_day, turn_of_year, near_holiday, weekend, working_day), clock (days of "
            "23 and 25 hours), outturn (flagged by the gate) or temperature, or by each of these (all)."
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="What each model saves, with its interval, and whether it can be luck.")
    ] = False,
    wide: WideOption = False,
    as_json: JsonOption = False,
) -> None:
    """Score what was published against the outturn, beside the official forecast, the same corrected, and last week."""
    workspace = open_workspace(settings)
    chosen, units = chosen_series(workspace, series), unit_of(workspace)
    from gridahead.backtest.results import rescore
    from gridahead.operate import figures
    from gridahead.operate.score import score_each

    if compare:
        rows, failed = of_each(chosen, lambda one: figures.compared(workspace, one, run))
        show_comparisons(_together(rows), units, as_json)
    elif by is not None:
        rows, failed = of_each(chosen, lambda one: figures.figures_of(workspace, one, run, by))
        show_figures(_together(rows), run, units, as_json, wide=wide)
    else:
        scored_by_series, failed = (
            score_each(workspace, chosen, run)
            if run in (LIVE, BACKFILLED)
            else of_each(chosen, lambda one: rescore(workspace, run, one))
        )
        rows = {key: scored.scores for key, scored in scored_by_series.items()}
        left_out = {str(key): scored.left_out for key, scored in scored_by_series.items()}
        _show_scored(_together(rows), left_out, run, units, as_json, wide)
    require(failed, rows.values())


def _together(rows: Mapping[Series, pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(rows.values(), ignore_index=True) if rows else pd.DataFrame()


def _show_scored(
    scores: pd.DataFrame, left_out: Mapping[str, pd.DataFrame], run: str, units: UnitOf, as_json: bool, wide: bool
) -> None:
    from gridahead.core.vintages import series_names

    if scores.empty and left_out:
        say("Nothing to score: no published forecast has an outturn yet.", as_json)
    if as_json:
        rows = [row for series, each in left_out.items() for row in left_out_records(series, each)]
        print_json((score_records(scores) if len(scores) else []) + rows)
    elif not scores.empty:
        show_scores(scores, "Published forecasts" if run == LIVE else f"Forecasts of {run}", units, wide=wide)
        show_left_out(left_out)
        unscored = [series for series in left_out if series not in set(series_names(scores))]
        if unscored:
            say(f"Nothing to score yet: {', '.join(unscored)}", as_json)


def show_comparisons(rows: pd.DataFrame, units: UnitOf, as_json: bool) -> None:
    """Every pair on a line: the interval of what is saved, and the test in words."""
    from gridahead.reports.wording import p_words

    if as_json:
        print_json(records(rows))
        return
    powers = frozenset({"crps", "saves", "saves_low", "saves_high"})
    lines = [
        {
            "series": f"{row['series']} [{row['unit']}]",
            "model": row["model"],
            "against": row["against"],
            "days": row["days"],
            "crps": row["crps"],
            "saves": row["saves"],
            "95 % interval": interval_words(row["saves_low"], row["saves_high"]),
            "Diebold–Mariano": p_words(float("nan") if row["p"] is None else row["p"]),
            "luck?": _luck(row["p"]),
        }
        for row in (records(in_units(rows, units, powers)) if len(rows) else [])
    ]
    show(lines, False, "What each saves of the CRPS of another", "one model alone")


def _luck(p: float | None) -> str:
    return "too few days to tell" if p is None else "more than luck explains" if p < 0.05 else "luck can explain it"


def show_figures(rows: pd.DataFrame, run: str, units: UnitOf, as_json: bool, *, wide: bool = False) -> None:
    """A line a metric for the whole, and a line a slice and model for slices."""
    from gridahead.evaluation.catalogue import shown_in
    from gridahead.evaluation.slices import WHOLE

    if as_json:
        print_json(records(rows))
        return
    if rows.empty:
        return
    for (series, by), part in rows.groupby(["series", "by"], sort=False):
        unit = units(str(series))
        if by == WHOLE:
            show(_by_metric(part, unit), False, f"{series}, {run}: all figures")
        else:
            columns = ("n", *shown_in("slices" if wide else "narrow_slices"))
            lines = _by_slice(part, str(by), unit, columns)
            (
                show(lines, False, f"{series}, {run}, by {by} [{unit}]")
                if wide
                else show_narrow(lines, f"{series}, {run}, by {by} [{unit}]")
            )


def _by_metric(part: pd.DataFrame, unit: Unit) -> list[dict[str, Any]]:
    models = {str(name): rows.set_index("metric")["value"] for name, rows in part.groupby("model")}
    units = part.drop_duplicates("metric").set_index("metric")["unit"]
    return [
        {
            "metric": metric,
            **{name: _in_unit(str(metric), values.get(metric), of, unit) for name, values in models.items()},
        }
        for metric, of in units.items()
    ]


def _in_unit(metric: str, value: float | None, unit: str, shown: Unit) -> str:
    """A figure as people read it, the digits under one another."""
    import pandas as pd

    from gridahead.core.units import per, significant
    from gridahead.evaluation.catalogue import FIGURES

    if value is None or pd.isna(value):
        return "–"
    if unit == "1":
        ratio = metric in FIGURES and not FIGURES[metric].percent
        return f"{value:10.2f}" if ratio else f"{value:10.1%}"
    return f"{significant(per(value, shown)):>10} {shown}" if unit == "MW" else f"{significant(value):>10} {unit}"


def _by_slice(part: pd.DataFrame, by: str, unit: Unit, columns: Sequence[str]) -> list[dict[str, Any]]:
    """One line a slice and model, in the order of the slices."""
    import pandas as pd

    from gridahead.core.units import per

    part = part.assign(
        value=part["value"].where(part["unit"] != "MW", part["value"].map(lambda figure: per(figure, unit)))
    )
    counts = part[part["metric"] == "mae"].assign(metric="n", value=lambda rows: rows["n"])
    both = pd.concat([counts, part])
    both["slice"] = pd.Categorical(both["slice"], part["slice"].unique(), ordered=True)
    table = both.pivot_table(index=["slice", "model"], columns="metric", values="value", observed=True).reset_index()
    table["n"] = table["n"].astype(int)
    table = table.rename(columns={"slice": by})
    return records(table[[by, "model", *(name for name in columns if name in table)]])
