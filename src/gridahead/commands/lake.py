"""`gridahead lake …`: what the lake holds, whether it is sound, fewer and larger files, its rows for others."""

from __future__ import annotations

import dataclasses
import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from gridahead.commands.options import (
    ByOption,
    JsonOption,
    SettingsOption,
    known_series,
    open_workspace,
    parse_instant,
)
from gridahead.console import err, print_json, records, say, show
from gridahead.errors import SettingsError

if TYPE_CHECKING:
    from gridahead.lake.store import Report
    from gridahead.timeline import Window

FINDINGS = 6
"""Exit code of `verify` where something is wrong: that of every error of the lake."""

app = typer.Typer(
    name="lake", no_args_is_help=True,
    help="Look after the lake: what it holds, whether it is sound, its files, its rows for others.",
)  # fmt: skip


@app.command()
def stats(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Show rows, vintages, files, bytes, first and last valid time of every series and table."""
    from gridahead.pipeline.lake import lake_stats

    rows = records(lake_stats(open_workspace(settings)))
    show(rows if as_json else [_readable(row) for row in rows], as_json, "Lake", "empty; run `gridahead ingest`")


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: (row[name] or "")[:16].replace("T", " ") or None for name in ("first", "last")}
    return {**row, **times}


@app.command()
def verify(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Read every file: checksum, schema, keys, order, contradictions. Exit code 6 if something is wrong."""
    from gridahead.pipeline.lake import verify_lake

    with _working("verifying") as report:
        found = verify_lake(open_workspace(settings), report)
    if as_json:
        print_json(dataclasses.asdict(found))
    elif found.findings:
        show([dataclasses.asdict(one) for one in found.findings], False, "Wrong in the lake")
    count = len(found.findings)
    told = f"{count or 'no'} finding{'' if count == 1 else 's'}"
    say(f"{found.files:,} files with {found.rows:,} rows: {told}", as_json)
    if found.findings:
        raise typer.Exit(FINDINGS)


@app.command()
def compact(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Merge batches into one file a series and year; readers and writers need not stop, and a kill does no harm."""
    from gridahead.pipeline.lake import compact_lake

    with _working("compacting") as report:
        done = compact_lake(open_workspace(settings), report)
    show([dataclasses.asdict(one) for one in done], as_json, "Compacted", "nothing to merge")


@app.command()
def amend(
    source: Annotated[str | None, typer.Option(help="Only the source of that name, as `ingest` shows it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be changed, and change nothing.")] = False,
    by: ByOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read the kept payloads again by the settings of today, and undo what other settings had made of them.

    For a source whose unit, time zone, column or time of publication was wrong in the settings. Forecasts, decisions
    and scores stay; with the settings of before the same command leads back.
    """
    from gridahead.pipeline.amend import amend as use_case

    workspace = open_workspace(settings)
    done = use_case(workspace, by=by or getpass.getuser(), only=source, dry_run=dry_run)
    rows = [
        dataclasses.asdict(one) | {"series": ", ".join(one.series), "unread": len(one.unread)} for one in done.sources
    ]
    show(rows, as_json, "Would be amended" if dry_run else "Amended", "no source")
    if done.report is not None:
        done.report.require(workspace.settings.quality.max_quarantined_share)


@app.command()
def export(
    output: Annotated[Path, typer.Option("--output", "-o", help="A file that ends in .csv or .parquet.")],
    series: Annotated[str | None, typer.Option(help="ZONE/QUANTITY; else all of the table.")] = None,
    table: Annotated[str, typer.Option(help="A table, as in `gridahead tables`.")] = "observations",
    as_of: Annotated[str | None, typer.Option(help="Only what was known then, such as 2025-12-30T11:00+01:00.")] = None,
    start: Annotated[
        str | None, typer.Option(help="First valid time; without an offset, in local time of --series.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="End: valid times before it.")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write rows to a CSV or Parquet file, quarantined ones too: every vintage, or what was known at an instant."""
    from gridahead.pipeline.lake import export_lake

    workspace = open_workspace(settings)
    one = known_series(workspace, series) if series else None
    clock = workspace.settings.zone(one.zone).timezone if one else None
    rows = export_lake(
        workspace,
        output,
        table=table,
        series=one,
        window=_window(start, end, clock),
        as_of=parse_instant(as_of, "--as-of", clock),
    )
    if as_json:
        print_json({"file": str(output), "rows": rows})
    else:
        say(f"{rows:,} rows in {output}", False)


@app.command()
def views(settings: SettingsOption = None) -> None:
    """Print SQL views for DuckDB: latest, as_of(instant), accepted, observations, quarantined."""
    from gridahead.lake.views import views as statements

    typer.echo(statements(open_workspace(settings).lake))


def _window(start: str | None, end: str | None, clock: str | None) -> Window | None:
    from gridahead.timeline import Window

    first, last = parse_instant(start, "--start", clock), parse_instant(end, "--end", clock)
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise SettingsError("--start and --end belong together")
    try:
        return Window(first, last)
    except ValueError as error:
        raise SettingsError(f"--start {start} --end {end}: {error}") from error


@contextmanager
def _working(what: str) -> Iterator[Report]:
    """Something to report to: a line on a terminal that says what the work is at."""
    with err.status(Text(what)) as line:
        yield lambda text: line.update(Text(f"{what} {text}"))
