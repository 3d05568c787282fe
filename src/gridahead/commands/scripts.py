"""What a checkout brings beside the package: the demonstration and the benchmarks."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from gridahead import errors
from gridahead.checkout import benchmarks, run_script, script
from gridahead.commands.options import SettingsOption, open_workspace, unit_of
from gridahead.console import out, show, show_scores
from gridahead.each import of_each, require
from gridahead.settings_file import SETTINGS_VARIABLE, find_settings

if TYPE_CHECKING:
    from gridahead.pipeline.workspace import Workspace

app = typer.Typer()


@app.command()
def demo(settings: SettingsOption = None) -> None:
    """Run the whole job on the sample data: ingest, validate, train, back-test, forecast, score, report."""
    file, flow = find_settings(settings), script("flows/pipeline.py")
    workspace = open_workspace(file)
    home = workspace.settings.data_folder / "prefect"
    home.mkdir(parents=True, exist_ok=True)  # Prefect makes it only where the folder above is there
    environment = {"PREFECT_HOME": str(home), "DO_NOT_TRACK": "1", **os.environ, SETTINGS_VARIABLE: str(file)}
    if failed := run_script(flow, [], environment):
        raise typer.Exit(failed)
    _print_scores(workspace)
    _print_places(workspace, home)


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


def _print_scores(workspace: Workspace) -> None:
    import pandas as pd

    from gridahead.pipeline.report import HOLDOUT
    from gridahead.pipeline.score import score_validation

    scores = workspace.lake.read_scores()
    holdout = scores[scores["run"] == HOLDOUT]
    first = workspace.settings.training.holdout_start
    chosen, units = [entry.series for entry in workspace.settings.series], unit_of(workspace)
    validated, failed = of_each(chosen, lambda one: score_validation(workspace, one))
    if validated:
        said = "Validation days: as said by networks and calibrations of all other days"
        show_scores(pd.concat(validated.values()), said, units)
    show_scores(
        holdout, f"Days from {first} on: no model has learnt from them, each forecast is as of its issue time", units
    )
    require(failed, validated.values())


def _print_places(workspace: Workspace, home: Path) -> None:
    from gridahead.pipeline.quality_page import PAGE
    from gridahead.quality.docs import data_docs_page

    settings, commands = workspace.settings, Path(sys.executable).parent
    stores = (
        f"--backend-store-uri sqlite:///{workspace.database.path} --artifacts-destination {workspace.exports.copies}"
    )
    places = {
        "Page": settings.published_folder / "report.html",
        "Quality": settings.published_folder / PAGE,
        "CSV": settings.published_folder / "*" / "latest.csv",
        "Data Docs": data_docs_page(settings.quality_folder),
        "Lake": settings.lake_folder,
        "MLflow": f"{commands / 'mlflow'} ui {stores}",
        "Prefect": f"PREFECT_HOME={home} {commands / 'prefect'} server start",
    }
    table = Table.grid(padding=(0, 2))
    for name, place in places.items():
        table.add_row(Text(name, style="bold"), str(place))
    out.print(table, soft_wrap=True)
