"""How good models would have been, and whether a forecast can be made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from gridahead.cli import complete
from gridahead.cli.console import (
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
from gridahead.cli.options import (
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
from gridahead.cli.panels import STUDY, example
from gridahead.cli.score import show_comparisons
from gridahead.core.each import of_each, require
from gridahead.core.runs import REFERENCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridahead.backtest.plan import Plan, Retrain
    from gridahead.backtest.results import SeriesResult
    from gridahead.forecasting.reproduction import Reproduction
    from gridahead.workspace import Workspace

app = typer.Typer()
DEFAULT_MODELS = ("lstm", "gru", *REFERENCES)
RunOption = Annotated[str | None, typer.Option("--run", help="live, or backtest/NAME.", autocompletion=complete.runs)]


@app.command(
    rich_help_panel=STUDY,
    epilog=example("backtest --start 2025-11-01 --end 2025-11-30 --series DE/load --model gru --name november"),
)
def backtest(
    start: Annotated[str, typer.Option(help="First delivery day, such as 2025-01-05.")],
    end: Annotated[str, typer.Option(help="Last delivery day; yesterday and today are days too.")],
    series: SeriesOption = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            help="A model of the settings, champion, ridge, lightgbm, or a reference: official, official_corrected or "
            "naive; may be repeated. Else lstm, gru and the references.",
            autocompletion=complete.models,
        ),
    ] = None,
    retrain: Annotated[
        str, typer.Option(help="When models are fitted anew: never, monthly (on the first) or weekly (on Monday).")
    ] = "never",
    warm: Annotated[
        bool, typer.Option("--warm", help="Begin each training with the weights of the one before.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", help="Write the scores as JSON to this file.")] = None,
    name: Annotated[str, typer.Option(help="The forecasts are kept as run=backtest/NAME.")] = "cli",
    settings: SettingsOption = None,
    wide: WideOption = False,
    as_json: JsonOption = False,
) -> None:
    """Forecast every delivery day of a period as of its deadline, with models fitted on what came before, and score.

    Killed and called again it goes on; what is there already, of the same settings and data, is not made again.
    """
    from gridahead.core import errors

    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, series)
    clock = clock_of(workspace, chosen)
    first, last = parse_day(start, "--start", clock), parse_day(end, "--end", clock)
    if output is not None and not output.parent.is_dir():
        raise errors.SettingsError(f"--output {output}: there is no folder {output.parent}")
    schedule = _schedule(retrain)
    from gridahead.backtest.plan import Plan
    from gridahead.backtest.run import backtests
    from gridahead.cli.progress import backtest_progress

    plan, failed = Plan(name, first, last, tuple(dict.fromkeys(model or DEFAULT_MODELS)), schedule, warm), None
    with backtest_progress(err) as on_progress:
        try:
            results = backtests(workspace, chosen, plan, on_progress)
        except errors.PartialError as error:
            results, failed = list(error.done), error
            if not results:
                raise
    _show(workspace, results, plan, output=output, wide=wide, as_json=as_json)
    if failed is not None:
        raise failed


def _show(
    workspace: Workspace,
    results: Sequence[SeriesResult],
    plan: Plan,
    *,
    output: Path | None,
    wide: bool,
    as_json: bool,
) -> None:
    import pandas as pd

    from gridahead.core.files import write_licence

    scores = pd.concat([result.scores for result in results], ignore_index=True)
    left_out = [row for result in results for row in left_out_records(result.series, result.left_out)]
    rows = score_records(scores) + left_out
    attribution = workspace.settings.attribution_of(*(result.series for result in results))
    if output is not None:
        output.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        write_licence(output, attribution)
    if as_json:
        print_json(rows)
        return
    from gridahead.operate.figures import compared
    from gridahead.reports.backtest import availability_rows, bounds_sentences, folds_sentence

    units = unit_of(workspace)
    show_scores(scores, f"Back-test {plan.first} to {plan.last}, trained anew: {plan.retrain}", units, wide=wide)
    show_left_out({str(result.series): result.left_out for result in results})
    pairs, incomparable = of_each(
        [result.series for result in results], lambda series: compared(workspace, series, plan.run)
    )
    show_comparisons(pd.concat(pairs.values()) if pairs else pd.DataFrame(), units, False)
    show(availability_rows(results), False, "When the inputs became available")
    for sentence in bounds_sentences(results):
        say(sentence, False)
    for result in results:
        say(folds_sentence(result), False)
    say(
        f"By hour, season, holiday and more: `gridahead score --run {plan.run} --by all`; what the errors cost: "
        f"`gridahead value --run {plan.run}`; the forecasts: `gridahead reproduce --list --run {plan.run}`",
        False,
    )
    if attribution:
        say(attribution, False)
    require(incomparable, pairs.values())


def _schedule(text: str) -> Retrain:
    from gridahead.backtest.plan import Retrain
    from gridahead.core import errors

    if text not in get_args(Retrain):
        raise errors.SettingsError(f"--retrain {text!r}: say {', '.join(get_args(Retrain))}")
    return cast("Retrain", text)


@app.command(rich_help_panel=STUDY, epilog=example("reproduce --run live --sample 3"))
def reproduce(
    forecasts: Annotated[
        list[str] | None, typer.Argument(help="Ids of forecasts; see --list.", autocompletion=complete.forecast_ids)
    ] = None,
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
    from gridahead.core import errors

    workspace = open_workspace(settings)
    chosen = [] if series is None else chosen_series(workspace, series)
    if not (listed or sample or forecasts):
        raise errors.SettingsError("which forecast? Give its id, --sample N of a --run, or --list to see them")
    from gridahead.operate.reproduce import forecast_list
    from gridahead.operate.reproduce import reproduce as use_case

    if listed or sample:
        table = forecast_list(workspace, run, chosen)
        if listed:
            show(records(table), as_json, "Forecasts", "none; run `gridahead forecast` or `gridahead backtest`")
            return
        forecasts = list(table["id"].iloc[_spread(len(table), sample or 0)])
    if not forecasts:
        raise errors.SettingsError("there are no forecasts to make again; see `gridahead reproduce --list`")
    done, failed = of_each(forecasts, lambda forecast_id: use_case(workspace, forecast_id))
    _show_reproduced(list(done.values()), as_json)
    require(failed, done.values())


def _spread(count: int, size: int) -> list[int]:
    """So many places among a number of them, evenly."""
    size = min(count, size)
    return [round((n + 0.5) * count / size - 0.5) for n in range(size)]


def _show_reproduced(reproductions: list[Reproduction], as_json: bool) -> None:
    from gridahead.core import errors
    from gridahead.reports.reproduction import difference_lines, reproduction_row

    rows = [reproduction_row(again) for again in reproductions]
    differences = [difference_lines(again) for again in reproductions]
    if as_json:
        print_json([{**row, "differences": lines} for row, lines in zip(rows, differences, strict=True)])
    else:
        show(rows, False, "Made again")
        same = sum(again.same for again in reproductions)
        say(f"{same} of {len(reproductions)} are the same to the bit", False)
    lines = [f"{row['id']}: {line}" for row, lines in zip(rows, differences, strict=True) for line in lines]
    if lines:
        raise errors.ModelError("not the same", "\n".join(lines))
