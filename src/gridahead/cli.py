"""`gridahead …`: the use cases from a shell.

Exit codes: 0 done, 2 wrong call or settings, 3 a source failed, 4 the quality gate refused, 5 no model fits, 6 the lake
or a publication cannot be written or is empty, 70 a bug of ours.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer
from rich.logging import RichHandler
from rich.table import Table

import gridahead
from gridahead import errors
from gridahead.checkout import benchmarks, run_script, script
from gridahead.console import err, out, print_json, records, say, score_records, show, show_scores
from gridahead.grid import Series
from gridahead.settings_file import SETTINGS_VARIABLE, find_settings, load_settings
from gridahead.tables import TABLES
from gridahead.timeline import now

if TYPE_CHECKING:
    from gridahead.pipeline.workspace import Workspace

# Use cases are imported inside the commands: torch, MLflow and Great Expectations take seconds that --help need not.

BUG = 70
EXIT_CODES: dict[type[errors.GridaheadError], int] = {
    errors.SettingsError: 2,
    errors.SourceError: 3,
    errors.QualityError: 4,
    errors.ModelError: 5,
    errors.LakeError: 6,
    errors.PublicationError: 6,
    errors.ContractError: BUG,
}

app = typer.Typer(
    name="gridahead", no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Day-ahead forecasts of electricity **load, wind and solar**, with honest uncertainty.",
    epilog="Exit codes: 0 done, 2 wrong call or settings, 3 a source failed, 4 the quality gate refused, "
    "5 no model fits, 6 lake or publication empty or not writable, 70 a bug of ours.",
)  # fmt: skip
SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", "-s", help=f"Settings file; else ${SETTINGS_VARIABLE}, else flows/settings.toml."),
]
SeriesOption = Annotated[
    list[str] | None,
    typer.Option("--series", help="ZONE/QUANTITY, may be repeated; else every series in the settings."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command()
def demo(settings: SettingsOption = None) -> None:
    """Run the whole job on the sample data: ingest, validate, train, back-test, forecast, score, report."""
    file, flow = find_settings(settings), script("flows/pipeline.py")
    workspace = _workspace(file)
    home = workspace.settings.data_folder / "prefect"
    environment = {"PREFECT_HOME": str(home), "DO_NOT_TRACK": "1", **os.environ, SETTINGS_VARIABLE: str(file)}
    if failed := run_script(flow, [], environment):
        raise typer.Exit(failed)
    _print_scores(workspace)
    _print_places(workspace, home)


@app.command()
def ingest(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Take in what the sources offer; the same file twice changes nothing."""
    from gridahead.pipeline.ingest import ingest as use_case

    done = use_case(_workspace(settings))
    show([dataclasses.asdict(one) for one in done], as_json, "Ingested")


@app.command()
def validate(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Run the quality gate over the lake, quarantine what fails, write the Data Docs."""
    from gridahead.pipeline.validate import validate as use_case

    report, page = use_case(_workspace(settings))
    show(records(report.completeness), as_json, "Quality")
    say(f"Data Docs: {page}", as_json)


@app.command()
def train(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    warm: Annotated[
        bool, typer.Option("--warm", help="Begin with the weights of each series' champion, for fewer epochs.")
    ] = False,
    warm_from: Annotated[
        str | None, typer.Option(help="Begin with the weights of this series' champion: ZONE/QUANTITY.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the models of every series; the better one becomes champion."""
    from gridahead.pipeline.train import train_all
    from gridahead.progress import training_progress

    workspace = _workspace(settings)
    with training_progress(err) as progress:
        source = _series(warm_from) if warm_from else None
        done = train_all(workspace, _chosen(workspace, series), progress, warm=warm, warm_from=source)
    rows = [
        {
            "series": str(one.series), "model": one.model, "version": one.version, **one.validation,
            "epochs": one.epochs, "seconds": one.seconds, "champion": one.champion,
        }
        for one in done
    ]  # fmt: skip
    show(rows, as_json, "Trained")


@app.command()
def forecast(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    issue_time: Annotated[
        str | None,
        typer.Option(
            help="As of when: ISO 8601 with offset, or 'now'. The delivery day is the first whose deadline is not "
            "before it. Without it: the newest delivery day for which the lake has complete inputs, as of its deadline."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Forecast the next delivery day with the champion, and publish it."""
    from gridahead.pipeline.forecast import forecast as use_case

    workspace, instant = _workspace(settings), _instant(issue_time)
    done, failed = [], []
    for one in _chosen(workspace, series):
        try:
            done.append(use_case(workspace, one, instant))
        except errors.ModelError as error:  # one series that cannot be forecast must not keep the others waiting
            failed.append(error)
    rows = [{**one.manifest, "folder": str(one.folder), "changed": one.changed} for one in done]
    shown = ("series", "issue_time", "model", "model_version", "degraded", "changed", "folder")
    show(rows if as_json else [{key: row[key] for key in shown} for row in rows], as_json, "Published")
    if failed:
        raise errors.ModelError("not forecast", "\n".join(str(error) for error in failed))


@app.command()
def score(settings: SettingsOption = None, series: SeriesOption = None, as_json: JsonOption = False) -> None:
    """Score what was published against the outturn, beside the official forecast and last week's same hour."""
    from gridahead.pipeline.score import score_published

    workspace = _workspace(settings)
    scores = pd.concat([score_published(workspace, one) for one in _chosen(workspace, series)])
    if scores.empty:
        say("Nothing to score: no published forecast has an outturn yet.", as_json)
    if as_json:
        print_json(score_records(scores))
    elif not scores.empty:
        show_scores(scores, "Published forecasts [MW]")


@app.command()
def backtest(
    series: Annotated[str, typer.Option(help="ZONE/QUANTITY, such as DE/load.")],
    start: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="First delivery day.")],
    end: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="Last delivery day.")],
    models: Annotated[
        str, typer.Option(help="Comma-separated: those of the settings, champion, ridge, lightgbm, official, naive.")
    ] = ("lstm,gru,official,naive"),
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the scores as JSON here; - prints them.")
    ] = None,
    name: Annotated[str, typer.Option(help="The forecasts are kept as run=backtest/NAME.")] = "cli",
    settings: SettingsOption = None,
) -> None:
    """Forecast every delivery day of a period as of its deadline, with models fitted on what came before, and score."""
    from gridahead.pipeline.backtest import backtest as use_case
    from gridahead.progress import training_progress

    names = [name.strip() for name in models.split(",") if name.strip()]
    if json_file is not None and str(json_file) != "-" and not json_file.parent.is_dir():
        raise errors.SettingsError(f"--json {json_file}: there is no folder {json_file.parent}")
    with training_progress(err) as progress:
        scores = use_case(_workspace(settings), _series(series), start.date(), end.date(), names, name, progress)
    if json_file is not None:
        text = json.dumps(score_records(scores), indent=1)
        if str(json_file) == "-":
            typer.echo(text)
            return
        json_file.write_text(text + "\n", encoding="utf-8")
    show_scores(scores, f"Back-test {start:%Y-%m-%d} to {end:%Y-%m-%d} [MW]")


@app.command()
def diagnose(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    model: Annotated[
        str | None, typer.Option(help="The newest version of that model; without it, the one that serves.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how far back a network hears: gradients through time, step Jacobians, forget gates, clipping."""
    from gridahead.pipeline.diagnose import diagnose as use_case

    workspace = _workspace(settings)
    done = [found for one in _chosen(workspace, series) for found in use_case(workspace, one, model)]
    if as_json:
        print_json([one.to_dict() for one in done])
        return
    for one in done:
        show(one.rows(), False, one.title)
        for line in filter(None, (one.gradients.sentence(), one.gradients.undefined(), f"Picture: {one.picture}")):
            say(line, False)


@app.command()
def search(
    series: Annotated[str, typer.Option(help="ZONE/QUANTITY, such as DE/load.")],
    model: Annotated[str, typer.Option(help="A network of the settings.")] = "lstm",
    minutes: Annotated[float, typer.Option(min=0, help="Of this call. A trial under way then is stopped.")] = 30,
    trials: Annotated[int | None, typer.Option(min=1, help="At most so many in this call.")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for better settings of a network, on the validation days only; called again, it goes on."""
    from gridahead.pipeline.search import search as use_case

    found = use_case(_workspace(settings), _series(series), model, minutes, trials)
    if as_json:
        print_json(found.to_dict())
        return
    show(found.rows(), False, f"Best settings of {found.search.label} [MW on the validation days]")
    say(found.sentence(), False)
    out.print(found.snippet(), markup=False, highlight=False, soft_wrap=True)


@app.command()
def bench(
    name: Annotated[str | None, typer.Argument(help="Which; without it, they are listed.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder with the data sets that the repository does not carry.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="See that it runs: fewer seeds and epochs, committed results stay.")
    ] = False,
    seeds: Annotated[int | None, typer.Option(min=1, help="Seeds or repetitions; else those of the benchmark.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for results; else benchmarks/results.")] = None,
) -> None:
    """Run a benchmark of the checkout: its table, its picture and its results, as in benchmarks/README.md."""
    from gridahead.training.isolated import KEEP_MEMORY

    known = benchmarks()
    if name is None:
        show([{"benchmark": one, "question": question} for one, question in known.items()], False, "Benchmarks")
        return
    if name not in known:
        raise errors.SettingsError(f"no benchmark {name!r}; known are {', '.join(known)}")
    given = {"--data": data and data.resolve(), "--seeds": seeds, "--output": output and output.resolve()}
    arguments = [text for key, value in given.items() if value is not None for text in (key, str(value))]
    environment = {**KEEP_MEMORY, "OMP_NUM_THREADS": "1", **os.environ}
    if failed := run_script(script(f"benchmarks/{name}.py"), [*arguments, *["--quick"] * quick], environment):
        raise typer.Exit(failed)


@app.command()
def report(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Write the page that analysts read."""
    from gridahead.pipeline.report import report as use_case

    page = use_case(_workspace(settings))
    typer.echo(json.dumps({"page": str(page)}) if as_json else page)


@app.command()
def status(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Show what is in the lake, which model serves, how old the newest forecast is."""
    from gridahead.pipeline.status import status as use_case

    found = use_case(_workspace(settings))
    if as_json:
        print_json({"lake": records(found.lake), "serving": found.serving, "forecasts": found.forecasts})
        return
    show(records(found.lake), False, "Lake", "empty; run `gridahead ingest`")
    serving = [{"series": series, **about} for series, about in found.serving.items()]
    show(serving, False, "Serving", "no champion yet; run `gridahead train`")
    shown = ("series", "issue_time", "age_hours", "model", "model_version", "degraded")
    forecasts = [{key: row[key] for key in shown} for row in found.forecasts]
    show(forecasts, False, "Newest forecasts", "none published; run `gridahead forecast`")


@app.command()
def tables() -> None:
    """Print the data dictionary: every table of the lake, its columns and units, as Markdown."""
    typer.echo("\n\n".join(table.dictionary() for table in TABLES))


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more about what happens.")] = False,
) -> None:
    if version:
        typer.echo(f"gridahead {gridahead.__version__}")
        raise typer.Exit
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(message)s",
        handlers=[RichHandler(console=err, show_path=False, markup=False)],
    )
    logging.getLogger("gridahead").setLevel(logging.DEBUG if verbose else logging.INFO)


def main() -> None:
    """The console script."""
    guarded(app)


def guarded(call: Callable[[], object]) -> None:
    """Run something for a person: an error of ours is a message and an exit code, not a traceback."""
    try:
        call()
    except errors.GridaheadError as error:
        err.print("error:", style="bold red", end=" ")
        err.print(str(error), markup=False, highlight=False, soft_wrap=True)
        sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))
    except Exception:
        err.print_exception()
        sys.exit(BUG)


def _workspace(settings: Path | None) -> Workspace:
    from gridahead.pipeline.workspace import Workspace

    return Workspace(load_settings(settings))


def _series(text: str) -> Series:
    try:
        return Series.parse(text)
    except ValueError as error:
        raise errors.SettingsError(str(error)) from error


def _chosen(workspace: Workspace, series: list[str] | None) -> list[Series]:
    chosen = [_series(text) for text in series or []] or [entry.series for entry in workspace.settings.series]
    if not chosen:
        raise errors.SettingsError("the settings name no series; add [[series]] or say --series ZONE/QUANTITY")
    return chosen


def _instant(text: str | None) -> pd.Timestamp | None:
    if text is None:
        return None
    if text == "now":
        return now().floor("min")
    try:
        instant = pd.Timestamp(text)
    except ValueError as error:
        raise errors.SettingsError(f"--issue-time {text!r} is no instant; write 2025-12-30T11:00+01:00") from error
    if instant.tzinfo is None:
        raise errors.SettingsError(f"--issue-time {text} needs an offset, such as {text}+01:00 or {text}Z")
    return instant.tz_convert("UTC")


def _print_scores(workspace: Workspace) -> None:
    from gridahead.pipeline.report import HOLDOUT

    scores = workspace.lake.read_scores()
    holdout = scores[scores["run"] == HOLDOUT]
    first = workspace.settings.training.holdout_start
    show_scores(
        holdout, f"Days from {first} on [MW]: no model has learnt from them, each forecast is as of its issue time"
    )


def _print_places(workspace: Workspace, home: Path) -> None:
    from gridahead.quality.docs import data_docs_page

    settings, commands = workspace.settings, Path(sys.executable).parent
    places = {
        "Page": settings.published_folder / "report.html",
        "CSV": settings.published_folder / "*" / "latest.csv",
        "Data Docs": data_docs_page(settings.quality_folder),
        "Lake": settings.lake_folder,
        "MLflow": f"{commands / 'mlflow'} ui --backend-store-uri sqlite:///{settings.mlflow_folder / 'mlflow.db'}",
        "Prefect": f"PREFECT_HOME={home} {commands / 'prefect'} server start",
    }
    table = Table.grid(padding=(0, 2))
    for name, place in places.items():
        table.add_row(f"[bold]{name}[/bold]", str(place))
    out.print(table, soft_wrap=True)
