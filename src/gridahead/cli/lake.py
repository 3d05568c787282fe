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

from gridahead.cli import complete
from gridahead.cli.console import err, print_json, records, say, show
from gridahead.cli.options import (
    ByOption,
    JsonOption,
    SettingsOption,
    known_series,
    open_workspace,
    parse_instant,
    parse_range,
)
from gridahead.cli.panels import DATA, example

if TYPE_CHECKING:
    from gridahead.lake.store import OnProgress
    from gridahead.operate.amend import Amendment

FINDINGS = 6
"""Exit code of `verify` where something is wrong: that of every error of the lake."""

app = typer.Typer(
    name="lake",
    no_args_is_help=True,
    rich_help_panel=DATA,
    help="Look after the lake: what it holds, whether it is sound, its files, its rows for others.",
)


@app.command(epilog=example("lake stats"))
def stats(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Show rows, vintages, files, bytes, first and last valid time of every series and table; and the archive."""
    from gridahead.operate.lake import lake_stats, stats_of_archive

    workspace = open_workspace(settings)
    rows = records(lake_stats(workspace))
    show(rows if as_json else [_readable(row) for row in rows], as_json, "Lake", "empty; run `gridahead ingest`")
    archive, keep_days = stats_of_archive(workspace), workspace.settings.archive.keep_days
    if archive.payloads:
        duration = "for ever (`[archive] keep_days` is not set)" if keep_days is None else f"{keep_days} days"
        expired = f"; `gridahead lake compact` deletes {len(archive.expired):,} ({archive.expired_bytes:,} bytes)"
        say(f"Raw payloads are kept {duration}{expired if archive.expired else ''}", as_json)


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: (row[name] or "")[:16].replace("T", " ") or None for name in ("first", "last")}
    return {**row, **times}


@app.command(epilog=example("lake verify"))
def verify(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Read every file: checksum, schema, keys, order, contradictions, receipts, payloads.

    Exit code 6 if something is wrong.
    """
    from gridahead.operate.lake import verify_lake

    with _progress_line("verifying") as on_progress:
        verified = verify_lake(open_workspace(settings), on_progress)
    if as_json:
        print_json(dataclasses.asdict(verified))
    elif verified.findings:
        show([dataclasses.asdict(finding) for finding in verified.findings], False, "Wrong in the lake")
    count = len(verified.findings)
    outcome = f"{count or 'no'} finding{'' if count == 1 else 's'}"
    say(f"{verified.files:,} files with {verified.rows:,} rows: {outcome}", as_json)
    if verified.findings:
        raise typer.Exit(FINDINGS)


@app.command(epilog=example("lake compact"))
def compact(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Merge batches into one file a series and year; readers and writers need not stop, and a kill does no harm.

    Raw payloads that are older than `[archive] keep_days` are deleted, where the settings say it.
    """
    from gridahead.operate.lake import compact_lake

    with _progress_line("compacting") as on_progress:
        compactions = compact_lake(open_workspace(settings), on_progress)
    show([dataclasses.asdict(compaction) for compaction in compactions], as_json, "Compacted", "nothing to merge")


@app.command("thin", epilog=example("lake thin --dry-run"))
def thin_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and delete nothing.")] = False,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete what is older than `[retention]` and `[archive]` keep it, and say what is lost by that.

    Nothing goes that a version that serves, an open case, or the newest files need.
    """
    from gridahead.operate.retention import keep_what_is_wanted

    done = keep_what_is_wanted(open_workspace(settings), dry_run=dry_run)
    title = "Would be deleted" if dry_run else "Deleted"
    show([dataclasses.asdict(one) for one in done.deleted], as_json, title, "nothing is older than it is kept")
    if done.deleted:
        say(f"{done.bytes:,} bytes in all", as_json)


@app.command(epilog=example("lake amend --dry-run"))
def amend(
    source: Annotated[str | None, typer.Option(help="Only the source of that name, as `ingest` shows it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be changed, and change nothing.")] = False,
    by: ByOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read the kept payloads again by the settings of today, and undo what other settings had made of them.

    For a source whose unit, time zone, column or time of publication was wrong in the settings. Forecasts, rulings
    and scores stay; with the settings of before the same command leads back.
    """
    from gridahead.operate.amend import amend as use_case

    workspace = open_workspace(settings)
    amendment = use_case(workspace, by=by or getpass.getuser(), only=source, dry_run=dry_run)
    show_amendment(amendment, "Would be amended" if dry_run else "Amended", as_json)
    if amendment.report is not None:
        amendment.report.require(workspace.settings.quality.max_quarantined_share)


def show_amendment(amendment: Amendment, title: str, as_json: bool) -> None:
    """What reading the payloads again has changed, by source."""
    rows = [
        dataclasses.asdict(amended)
        | {"series": ", ".join(amended.series), "unread": len(amended.unread), "deleted": len(amended.deleted)}
        for amended in amendment.sources
    ]
    show(rows, as_json, title, "no source")
    if deleted := sum(len(amended.deleted) for amended in amendment.sources):
        say(
            f"{deleted:,} payloads are no longer kept, as `[archive] keep_days` says: what they gave stays as it is",
            as_json,
        )


@app.command(epilog=example("lake export --series DE/load --as-of 2025-12-30T11:00 --output load.csv"))
def export(
    output: Annotated[Path, typer.Option("--output", "-o", help="A file that ends in .csv or .parquet.")],
    series: Annotated[
        str | None, typer.Option(help="ZONE/QUANTITY; else all of the table.", autocompletion=complete.series)
    ] = None,
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
    from gridahead.operate.lake import export_lake

    workspace = open_workspace(settings)
    chosen = known_series(workspace, series) if series else None
    clock = workspace.settings.zone(chosen.zone).timezone if chosen else None
    rows = export_lake(
        workspace,
        output,
        table=table,
        series=chosen,
        time_range=parse_range(start, end, clock),
        as_of=parse_instant(as_of, "--as-of", clock),
    )
    if as_json:
        print_json({"file": str(output), "rows": rows})
    else:
        say(f"{rows:,} rows in {output}", False)


@app.command(epilog=example("lake views"))
def views(settings: SettingsOption = None) -> None:
    """Print SQL views for DuckDB: latest, as_of(instant), accepted, observations, quarantined."""
    from gridahead.lake.views import views as statements

    typer.echo(statements(open_workspace(settings).lake))


@contextmanager
def _progress_line(work: str) -> Iterator[OnProgress]:
    """A line on a terminal that names the step the work has come to."""
    with err.status(Text(work)) as line:
        yield lambda step: line.update(Text(f"{work} {step}"))
