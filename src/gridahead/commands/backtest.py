"""How good models would have been, and whether a forecast can be made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import pandas as pd
import typer

from gridahead import errors
from gridahead.commands.options import (
    JsonOption,
    SeriesOption,
    SettingsOption,
    WideOption,
    chosen_series,
    clock_of,
    open_workspace,
    parse_day,
    unit_of,
)
from gridahead.commands.score import show_comparisons
from gridahead.console import (
    err,
    left_out_records,
    print_json,
    records,
    say,
    score_records,
    show,
    show_left_out,
    show_scores,
)
from gridahead.each import of_each, require

if TYPE_CHECKING:
    from gridahead.pipeline.backtest import Walked
    from gridahead.pipeline.folds import Retrain
    from gridahead.pipeline.reproduce import Reproduction

app = typer.Typer()
RunOption = Annotated[str | None, typer.Option("--run", help="live, or backtest/NAME.")]


@app.command()
def backtest(
    start: Annotated[str, typer.Option(help="First delivery day, such as 2025-01-05.")],
    end: Annotated[str, typer.Option(help="Last delivery day; yesterday and today are days too.")],
    series: SeriesOption = None,
    models: Annotated[
        str,
        typer.Option(
            help="Comma-separated: those of the settings, champion, ridge, lightgbm, and the references official, "
            "official_corrected and naive."
        ),
    ] = ("lstm,gru,official,official_corrected,naive"),
    retrain: Annotated[
        str, typer.Option(help="When models are fitted anew: never, monthly (on the first) or weekly (on Monday).")
    ] = "never",
    warm: Annotated[
        bool, typer.Option("--warm", help="Begin each training with the weights of the one before.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the scores as JSON here; - prints them.")
    ] = None,
    name: Annotated[str, typer.Option(help="The forecasts are kept as run=backtest/NAME.")] = "cli",
    settings: SettingsOption = None,
    wide: WideOption = False,
) -> None:
    """Forecast every delivery day of a period as of its deadline, with models fitted on what came before, and score.

    Killed and called again it goes on; what is there already, of the same settings and data, is not made again.
    """
    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, series)
    clock = clock_of(workspace, chosen)
    first, last = parse_day(start, "--start", clock), parse_day(end, "--end", clock)
    names = tuple(dict.fromkeys(name.strip() for name in models.split(",") if name.strip()))
    if json_file is not None and str(json_file) != "-" and not json_file.parent.is_dir():
        raise errors.SettingsError(f"--json {json_file}: there is no folder {json_file.parent}")
    schedule = _schedule(retrain)
    from gridahead.pipeline.backtest import backtests
    from gridahead.pipeline.course import Plan
    from gridahead.pipeline.figures import compared
    from gridahead.progress import backtest_progress

    plan, failed = Plan(name, first, last, names, schedule, warm), None
    with backtest_progress(err) as tell:
        try:
            walked = backtests(workspace, chosen, plan, tell)
        except errors.PartialError as error:
            walked, failed = list(error.done), error
            if not walked:
                raise
    scores = pd.concat([one.scores for one in walked], ignore_index=True)
    if json_file is not None:
        left_out = [row for one in walked for row in left_out_records(one.series, one.left_out)]
        text = json.dumps(score_records(scores) + left_out, indent=1)
        if str(json_file) == "-":
            typer.echo(text)
        else:
            json_file.write_text(text + "\n", encoding="utf-8")
    if json_file is None or str(json_file) != "-":
        units = unit_of(workspace)
        show_scores(scores, f"Back-test {plan.first} to {plan.last}, trained anew: {retrain}", units, wide=wide)
        show_left_out({str(one.series): one.left_out for one in walked})
        pairs, unsaid = of_each([one.series for one in walked], lambda one: compared(workspace, one, plan.run))
        show_comparisons(pd.concat(pairs.values()) if pairs else pd.DataFrame(), units, False)
        _show_honesty(walked)
        say(
            f"By hour, season, holiday and more: `gridahead score --run {plan.run} --by all`; what the errors cost: "
            f"`gridahead value --run {plan.run}`; the forecasts: `gridahead reproduce --list --run {plan.run}`",
            False,
        )
        require(unsaid, pairs.values())
    if failed is not None:
        raise failed


def _schedule(text: str) -> Retrain:
    from gridahead.pipeline.folds import Retrain

    if text not in get_args(Retrain):
        raise errors.SettingsError(f"--retrain {text!r}: say {', '.join(get_args(Retrain))}")
    return cast("Retrain", text)


def _show_honesty(walked: list[Walked]) -> None:
    """How much of the availability of the inputs was recorded, and how much of the work was there already."""
    rows = [
        {
            "series": str(one.series), "input": each.series, "rows": each.rows,
            "recorded": f"{each.recorded:.0%}", "assumed": f"{each.assumed:.0%}",
        }
        for one in walked for each in one.availability
    ]  # fmt: skip
    show(rows, False, "When the inputs became available")
    for one in walked:
        there = f", {one.folds - one.made} there already" if one.made < one.folds else ""
        say(f"{one.series}: {one.folds} {'fold' if one.folds == 1 else 'folds'}{there}", False)


@app.command()
def reproduce(
    forecasts: Annotated[list[str] | None, typer.Argument(help="Ids of forecasts; see --list.")] = None,
    run: RunOption = None,
    series: SeriesOption = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="So many forecasts, spread evenly over the run or the series.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show the ids instead.")] = False,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make forecasts again, from the lake as of their issue time and their model, and compare bit for bit."""
    workspace = open_workspace(settings)
    wanted = [] if series is None else chosen_series(workspace, series)
    if not (listed or sample or forecasts):
        raise errors.SettingsError("which forecast? Give its id, --sample N of a --run, or --list to see them")
    from gridahead.pipeline.reproduce import forecast_list
    from gridahead.pipeline.reproduce import reproduce as use_case

    if listed or sample:
        known = forecast_list(workspace, run, wanted)
        if listed:
            show(records(known), as_json, "Forecasts", "none; run `gridahead forecast` or `gridahead backtest`")
            return
        forecasts = list(known["id"].iloc[_spread(len(known), sample or 0)])
    if not forecasts:
        raise errors.SettingsError("there are no forecasts to make again; see `gridahead reproduce --list`")
    done, failed = of_each(forecasts, lambda one: use_case(workspace, one))
    _show_reproduced(list(done.values()), as_json)
    require(failed, done.values())


def _spread(count: int, wanted: int) -> list[int]:
    """So many places among a number of them, evenly."""
    wanted = min(count, wanted)
    return [round((n + 0.5) * count / wanted - 0.5) for n in range(wanted)]


def _show_reproduced(done: list[Reproduction], as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": one.id, "run": one.run, "series": str(one.series), "model": one.model, "version": one.version,
            "issue_time": f"{one.issue_time:%Y-%m-%dT%H:%MZ}", "values": one.count, "same": one.same,
        }
        for one in done
    ]  # fmt: skip
    if as_json:
        print_json([{**row, "differences": one.differences} for row, one in zip(rows, done, strict=True)])
    else:
        show(rows, False, "Made again")
        same = sum(one.same for one in done)
        say(f"{same} of {len(done)} are the same to the bit", False)
    if different := [one for one in done if not one.same]:
        lines = [f"{one.id}: {line}" for one in different for line in one.differences]
        raise errors.ModelError("not the same", "\n".join(lines))
