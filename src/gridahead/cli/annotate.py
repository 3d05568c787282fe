"""What a person knows better: annotations of stretches of a series, and forecasts that are corrected by hand."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridahead.cli import complete
from gridahead.cli.console import print_json, records, say, show
from gridahead.cli.options import (
    ByOption,
    JsonOption,
    ReasonOption,
    SettingsOption,
    known_series,
    open_workspace,
    parse_day,
    parse_range,
)
from gridahead.cli.panels import DATA, EVERY_DAY, example
from gridahead.core.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

    from gridahead.core.grid import Series
    from gridahead.workspace import Workspace

START = "start (UTC)"
"""The column of a published file that says of which unit a row is."""

app = typer.Typer()

SeriesArgument = Annotated[str, typer.Argument(help="ZONE/QUANTITY, such as DE/load.", autocompletion=complete.series)]
FromOption = Annotated[str | None, typer.Option("--from", help="Beginning: a day, or an instant in local time.")]
ToOption = Annotated[str | None, typer.Option("--to", help="End, which is no part of it: 2025-12-31 ends the 30th.")]


@app.command(
    rich_help_panel=DATA,
    epilog=example(
        'annotate DE/load --from 2025-12-24 --to 2025-12-27 --kind holiday --reason "Christmas" --exclude training'
    ),
)
def annotate(
    series: SeriesArgument,
    start: FromOption,
    end: ToOption,
    kind: Annotated[str, typer.Option(help="outage, strike, holiday, event or error.")],
    reason: ReasonOption,
    by: ByOption = None,
    exclude: Annotated[
        str,
        typer.Option(help="What does without it, by comma: training learns no targets of it, scores leave it out."),
    ] = "",
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a stretch of a series was: an outage, a strike; and leave it out of training or scores."""
    workspace = open_workspace(settings)
    chosen = known_series(workspace, series)
    time_range = parse_range(start, end, workspace.settings.zone(chosen.zone).timezone)
    if time_range is None:
        raise SettingsError("say from when to when: --from 2025-12-30 --to 2025-12-31")
    from gridahead.core.tables import ANNOTATIONS
    from gridahead.operate.annotate import USES
    from gridahead.operate.annotate import annotate as use_case

    kinds = next(column for column in ANNOTATIONS.columns if column.name == "kind").values  # noqa: PD011
    uses = [use.strip() for use in exclude.split(",") if use.strip()]
    for option, given, known in (("--kind", [kind], kinds), ("--exclude", uses, USES)):
        if strange := sorted(set(given) - set(known)):
            raise SettingsError(f"{option} {strange[0]}: say {' or '.join(known)}")
    row = use_case(workspace, chosen, time_range, kind, reason, by or getpass.getuser(), uses)  # type: ignore[arg-type]
    _tell(row, "noted", as_json)


@app.command("annotations", rich_help_panel=DATA, epilog=example("annotations"))
def list_annotations(
    withdraw: Annotated[str | None, typer.Option(help="Id of one to take back; with --reason.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is taken back.")] = None,
    by: ByOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what people have said of stretches of series, or take one back."""
    workspace = open_workspace(settings)
    if withdraw is not None:
        if not reason:
            raise SettingsError("say why it is taken back: --reason")
        from gridahead.operate.annotate import withdraw as use_case

        _tell(use_case(workspace, withdraw, reason, by or getpass.getuser()), "withdrawn", as_json)
        return
    rows = workspace.lake.read_annotations().drop(columns="state")
    show(records(rows), as_json, "Annotations", "none; `gridahead annotate` adds one")


def _tell(row: pd.DataFrame, what: str, as_json: bool) -> None:
    if as_json:
        print_json(records(row)[0])
        return
    said = row.iloc[0]
    span = f"{said['start']:%Y-%m-%d %H:%M} to {said['end']:%Y-%m-%d %H:%M} UTC"
    excluded = "" if said["excluded"] == "nothing" else f", left out of {said['excluded'].replace(',', ' and ')}"
    say(
        f"{said['id']} {what}: {said['zone']}/{said['quantity']}, {span}, {said['kind']}{excluded}. {said['reason']}",
        False,
    )


@app.command(
    rich_help_panel=EVERY_DAY,
    epilog=example('correct DE/load --day 2025-12-31 --add -500 --reason "the smelter stands still"'),
)
def correct(
    series: SeriesArgument,
    day: Annotated[str, typer.Option(help="The delivery day: 2025-12-31, today or tomorrow.")],
    reason: ReasonOption,
    add: Annotated[float | None, typer.Option(help="Added to every quantile, in the unit of the CSV.")] = None,
    factor: Annotated[float | None, typer.Option(help="Times which every quantile is taken [1].", min=1e-6)] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help="A published CSV or XLSX whose column P50 has been changed; the other quantiles move along with it."
        ),
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    by: ByOption = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the newest correction of the day back.")] = False,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a forecast as you know better, beside the one that it corrects."""
    workspace = open_workspace(settings)
    chosen, person = known_series(workspace, series), by or getpass.getuser()
    timezone = workspace.settings.zone(chosen.zone).timezone
    delivery, time_range = parse_day(day, "--day", timezone), parse_range(start, end, timezone)
    if [add is not None, factor is not None, file is not None, withdraw].count(True) != 1:
        raise SettingsError("say one of --add VALUE, --factor F, --file CSV, or --withdraw")
    from gridahead.cli.published import show_published
    from gridahead.core.units import size_of
    from gridahead.operate.correct import Change, withdraw_correction
    from gridahead.operate.correct import correct as use_case

    if withdraw:
        left = withdraw_correction(workspace, chosen, delivery, reason, person)
        told: dict[str, Any] = left.manifest
        if as_json:
            print_json(told)
        else:
            say(
                f"Withdrawn. {chosen}, {delivery}: {told['model']} {told['model_version']} is the forecast again", False
            )
        return
    median = None if file is None else _medians(workspace, chosen, file)
    unit = workspace.settings.unit_of(chosen)
    change = Change(None if add is None else add * size_of(unit), factor, median, unit)
    done = use_case(workspace, chosen, delivery, change, reason, person, time_range)
    show_published([done], as_json=as_json, newest=False)


def _medians(workspace: Workspace, series: Series, file: Path) -> pd.Series:
    """The column P50 of a published CSV or XLSX by valid time [MW].

    Raises:
        SettingsError: the file cannot be read, or has no such column.
    """
    import pandas as pd

    from gridahead.core.units import size_of

    unit = workspace.settings.unit_of(series)
    try:
        table = _table(file)
        values = pd.to_numeric(table[f"P50 [{unit}]"]) * size_of(unit)
        return pd.Series(values.to_numpy(), pd.to_datetime(table[START], utc=True).dt.as_unit("us"))
    except (OSError, ValueError, KeyError) as error:
        raise SettingsError(
            f"{file}: {error}; it must have the columns `{START}` and `P50 [{unit}]`, as published files have them"
        ) from error


def _table(file: Path) -> pd.DataFrame:
    """A published CSV of either style, or a published XLSX."""
    import pandas as pd

    if file.suffix.lower() == ".xlsx":
        return pd.read_excel(file, engine="calamine")
    with file.open(encoding="utf-8-sig") as lines:
        semicolons = ";" in lines.readline()
    if not semicolons:
        return pd.read_csv(file, encoding="utf-8-sig")
    table = pd.read_csv(file, encoding="utf-8-sig", sep=";", decimal=",")
    if START in table:  # a spreadsheet has perhaps written its times anew as its locale does: 30.12.2025 23:00
        is_iso = table[START].str.match(r"\d{4}-").all()
        table[START] = pd.to_datetime(table[START], dayfirst=not is_iso)
    return table
