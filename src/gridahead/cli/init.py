"""`gridahead init …`: settings for what there is, so that nobody has to know the keys."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridahead.cli.console import out, print_json
from gridahead.cli.options import JsonOption
from gridahead.cli.panels import SET_UP, example
from gridahead.settings.place import OWN_SETTINGS

if TYPE_CHECKING:
    from gridahead.operate.init_preview import SeriesFound

app = typer.Typer(
    name="init",
    no_args_is_help=True,
    rich_help_panel=SET_UP,
    help="Write settings: for a file of measurements, or a zone.",
)


@app.command(epilog=example("init file meters.csv --zone DE --quantity load"))
def file(
    paths: Annotated[
        list[Path], typer.Argument(help="CSV, Excel or Parquet: files, a folder, or a pattern in quotes.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Settings file that is written.")] = Path(OWN_SETTINGS),
    zone: Annotated[
        str | None, typer.Option(help="Bidding zone such as FR, or a name of your own; else guessed.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Clock of the file: UTC, +01:00 or a name such as Europe/Paris; else guessed.")
    ] = None,
    quantity: Annotated[
        str | None,
        typer.Option(help="load, solar, wind_onshore, wind_offshore, wind, wind_solar, residual_load or price."),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="The column of the values, if not the one that is guessed.")
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Add to settings that are there.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace settings that are there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Look at a file and write the settings that read it; then `ingest`, `train` and `forecast` need nothing else."""
    from gridahead.operate.init_file import init_file
    from gridahead.sources.sniff.parts import guess_options

    options = guess_options(zone, timezone, quantity, column)
    command = shlex.join(["gridahead", "init", "file", *map(str, paths)])
    done = init_file(paths, options, output, command, add=add, force=force)
    if as_json:
        print_json(
            {
                "settings": str(done.file),
                "series": [{**dataclasses.asdict(finding), "series": str(finding.series)} for finding in done.found],
                "uncertain": done.uncertain,
                "not_read": done.not_read,
                "advice": done.advice,
                "text": done.text,
            }
        )
        return
    out.print(done.text, markup=False, highlight=False, soft_wrap=True)
    out.print("Read by these settings:", style="bold")
    for finding in done.found:
        out.print(_words(finding), markup=False, highlight=False, soft_wrap=True)
    for text in done.advice:
        out.print(f"Note: {text}", markup=False, highlight=False)
    named = "" if done.file == Path(OWN_SETTINGS) else f" --settings {shlex.quote(str(done.file))}"
    what = "Added to" if done.added else "Written to"
    out.print(f"{what} {done.file}. Look at what is not certain above; then:", markup=False, highlight=False)
    steps = [f"{step}{named}" for step in ("ingest", "train", "forecast")]
    if not done.has_series:
        steps = ["init file LOAD.csv --add" + named.replace("--settings", "--output")]
    for step in steps:
        out.print(f"  gridahead {step}", markup=False, highlight=False, soft_wrap=True)


@app.command(epilog=example("init zone FR --quantities load,price --since 2023"))
def zone(
    codes: Annotated[
        list[str] | None, typer.Argument(help="Zones such as FR, DK1, GB, PJM, NSW1 or JP-TK.", show_default=False)
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="A service that is asked, such as entsoe; else one that has it.")
    ] = None,
    quantities: Annotated[
        str | None, typer.Option(help="What is forecast, with commas between, such as load,price; else load.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Year or day from which on history is fetched; else three years.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Settings file that is written.")] = Path(OWN_SETTINGS),
    add: Annotated[bool, typer.Option("--add", help="Add to settings that are there.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace settings that are there.")] = False,
    list_all: Annotated[bool, typer.Option("--list", help="List the zones that are known, and write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the settings that fetch a zone from a service; then `backfill`, `train` and `forecast` need no more."""
    from gridahead.core.errors import SettingsError
    from gridahead.operate.init_zone import Wishes, catalogue_lines, init_zones, since_of

    if list_all:
        for line in catalogue_lines(codes or ()):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
        return
    if not codes:
        raise SettingsError("say which zone, such as `gridahead init zone FR`; `gridahead init zone --list` shows all")
    names = tuple(name.strip() for name in (quantities or "").split(",") if name.strip())
    said = [
        part for flag, value in (("--quantities", quantities), ("--since", since)) if value for part in (flag, value)
    ]
    command = shlex.join(["gridahead", "init", "zone", *codes, *(f"--source={kind}" for kind in source or ()), *said])
    wishes = Wishes(tuple(source or ()), names, since_of(since) if since else None)
    done = init_zones(codes, wishes, output, command, add=add, force=force)
    if as_json:
        print_json(
            {
                "settings": str(done.file),
                "series": [str(series) for series in done.series],
                "sources": {kind: offer.info.attribution for kind, offer in done.sources.items()},
                "keys": sorted(
                    {name for offer in done.sources.values() if offer.needs_key for name in offer.key_variables}
                ),
                "notes": done.notes,
                "text": done.text,
            }
        )
        return
    out.print(done.text, markup=False, highlight=False, soft_wrap=True)
    for text in done.notes:
        out.print(f"Note: {text}", markup=False, highlight=False, soft_wrap=True)
    named = "" if done.file == Path(OWN_SETTINGS) else f" --settings {shlex.quote(str(done.file))}"
    what = "Added to" if done.added else "Written to"
    out.print(f"{what} {done.file}; next:", markup=False, highlight=False)
    for step in ("backfill", "train", "forecast", "report"):
        out.print(f"  gridahead {step}{named}", markup=False, highlight=False, soft_wrap=True)


def _words(finding: SeriesFound) -> str:
    """What was read of a series, in two lines."""
    scale, unit = (1e3, "kW") if finding.unit == "MW" and abs(finding.mean) < 1 else (1.0, finding.unit)
    mean, low, high = (f"{scale * value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}" for value in finding.values)
    missing = f"{finding.gaps:,} missing" if finding.gaps else "none missing"
    return (
        f"  {finding.series}: {finding.rows:,} of {finding.mtu}, {finding.first:%Y-%m-%d %H:%M} to "
        f"{finding.last:%Y-%m-%d %H:%M} UTC\n"
        f"    mean {mean}, lowest {low}, highest {high} {unit}, {missing}"
    )
