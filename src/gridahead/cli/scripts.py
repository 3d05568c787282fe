"""The sample and the demonstration on it, and the benchmarks of a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from gridahead.cli.checkout import benchmarks, run_script, script
from gridahead.cli.console import out, say, show, show_scores
from gridahead.cli.options import SettingsOption, open_workspace, unit_of
from gridahead.cli.panels import SET_UP, STUDY, example
from gridahead.core.each import of_each, require
from gridahead.settings.place import OWN_SETTINGS, SETTINGS_VARIABLE, find_settings, has_settings

if TYPE_CHECKING:
    from gridahead.workspace import Workspace

app = typer.Typer()
SAMPLE_FOLDER = Path("gridahead-sample")
"""Where the demonstration writes the sample if there are no settings."""
PREFECT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "gridahead",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}
"""What prefect.toml says in a checkout, for every other folder: the first start makes a database, which takes a busy
machine more than the usual 20 s."""


@app.command(rich_help_panel=SET_UP, epilog=example("sample gridahead-sample"))
def sample(
    folder: Annotated[Path, typer.Argument(help="Where; made if it is not there.")] = SAMPLE_FOLDER,
    force: Annotated[bool, typer.Option("--force", help="Write over settings that are there.")] = False,
) -> None:
    """Write the sample: German load, wind and solar of six years, and settings that forecast them."""
    from gridahead.operate.sample import write_sample

    file = write_sample(folder, force=force)
    say(
        f"Written: {file}. Next: `cd {folder}`, then `gridahead ingest`, `gridahead train`, `gridahead forecast`", False
    )


@app.command(rich_help_panel=SET_UP, epilog=example("demo"))
def demo(settings: SettingsOption = None) -> None:
    """Run the whole job on the sample data: ingest, validate, train, back-test, forecast, score, report."""
    file = find_settings(settings) if has_settings(settings) else _sample_settings()
    workspace = open_workspace(file)
    home = workspace.settings.data_folder / "prefect"
    home.mkdir(parents=True, exist_ok=True)  # Prefect makes it only where the folder above is there
    environment = {**PREFECT, "PREFECT_HOME": str(home), **os.environ, SETTINGS_VARIABLE: str(file)}
    command = [sys.executable, "-m", "gridahead_flows.pipeline"]
    if failed := subprocess.run(command, cwd=file.parent, env=environment, check=False).returncode:
        raise typer.Exit(failed)
    _print_scores(workspace)
    _print_places(workspace, home)


@app.command(rich_help_panel=STUDY, epilog=example("bench gates --quick"))
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
    from gridahead.core import errors
    from gridahead.training.workers import KEEP_MEMORY

    by_name = benchmarks()
    if name is None:
        show(
            [{"benchmark": benchmark, "question": question} for benchmark, question in by_name.items()],
            False,
            "Benchmarks",
        )
        return
    if name not in by_name:
        raise errors.SettingsError(f"no benchmark {name!r}; known are {', '.join(by_name)}")
    options = {"--data": data and data.resolve(), "--seeds": seeds, "--output": output and output.resolve()}
    arguments = [text for key, value in options.items() if value is not None for text in (key, str(value))]
    environment = {**KEEP_MEMORY, "OMP_NUM_THREADS": "1", **os.environ}
    if failed := run_script(script(f"benchmarks/{name}.py"), [*arguments, *["--quick"] * quick], environment):
        raise typer.Exit(failed)


def _sample_settings() -> Path:
    """Those of the sample, written where this is called unless a demonstration of before has."""
    from gridahead.operate.sample import write_sample

    file = SAMPLE_FOLDER / OWN_SETTINGS
    if not file.is_file():
        write_sample(SAMPLE_FOLDER)
        say(f"There are no settings here: the sample is written to {SAMPLE_FOLDER}.", False)
    return file.resolve()


def _print_scores(workspace: Workspace) -> None:
    import pandas as pd

    from gridahead.core.runs import HOLDOUT
    from gridahead.operate.score import score_validation

    scores = workspace.lake.read_scores()
    holdout = scores[scores["run"] == HOLDOUT]
    first = workspace.settings.training.holdout_start
    chosen, units = [entry.series for entry in workspace.settings.series], unit_of(workspace)
    validated, failed = of_each(chosen, lambda series: score_validation(workspace, series))
    if validated:
        title = "Validation days: as said by networks and calibrations of all other days"
        show_scores(pd.concat(validated.values()), title, units)
    show_scores(
        holdout, f"Days from {first} on: no model has learnt from them, each forecast is as of its issue time", units
    )
    require(failed, validated.values())


def _print_places(workspace: Workspace, home: Path) -> None:
    from gridahead.operate.inspection_page import INDEX
    from gridahead.operate.quality_page import PAGE

    settings, commands = workspace.settings, Path(sys.executable).parent
    mlflow = workspace.mlflow
    stores = f"--backend-store-uri sqlite:///{mlflow.database} --artifacts-destination {mlflow.artifacts}"
    places = {
        "Page": settings.published_folder / "report.html",
        "Quality": settings.published_folder / PAGE,
        "CSV": settings.published_folder / "*" / "latest.csv",
        "Inspection": settings.quality_folder / INDEX,
        "Lake": settings.lake_folder,
        "MLflow": str(mlflow) if mlflow.database is None else f"{commands / 'mlflow'} ui {stores}",
        "Prefect": f"PREFECT_HOME={home} {commands / 'prefect'} server start",
    }
    table = Table.grid(padding=(0, 2))
    for name, place in places.items():
        table.add_row(Text(name, style="bold"), str(place))
    out.print(table, soft_wrap=True)
