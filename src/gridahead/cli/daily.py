"""What is done every day: take in, inspect, forecast, report."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridahead.cli.console import err, print_json, records, say, show
from gridahead.cli.options import (
    JsonOption,
    SeriesOption,
    SettingsOption,
    chosen_series,
    clock_of,
    open_workspace,
    parse_day,
    parse_instant,
)
from gridahead.cli.panels import DATA, EVERY_DAY, example
from gridahead.cli.quarantine import case_lines
from gridahead.core.each import require
from gridahead.core.errors import PartialError, some_of

if TYPE_CHECKING:
    import pandas as pd

    from gridahead.quality.report import QualityReport

NAMED = 8
"""Series that a line names; of a thousand nobody reads them all."""

app = typer.Typer()


@app.command(rich_help_panel=EVERY_DAY, epilog=example("ingest"))
def ingest(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Take in what the sources offer, and let the quality gate judge it; the same file twice changes nothing."""
    from gridahead.operate.ingest import ingest as use_case

    workspace = open_workspace(settings)
    done = use_case(workspace)
    payloads = [dataclasses.asdict(payload) for payload in done.payloads]
    if as_json:
        findings = [] if done.report is None else records(done.report.findings)
        official = {series: str(deadline) for series, deadline in done.official_available.items()}
        record = {"payloads": payloads, "findings": findings, "official_available": official}
        print_json(record | {"warnings": list(done.warnings)})
    else:
        headings = {"new": "appended", "revised": "of them revisions"}
        rows = [{headings.get(key, key): value for key, value in line.items()} for line in _lines(payloads)]
        show(rows, False, "Ingested")
        for warning in done.warnings:
            say(f"Warning: {warning}", False)
        by_time: dict[str, list[str]] = {}
        for series, deadline in done.official_available.items():
            by_time.setdefault(str(deadline), []).append(series)
        for when, names in by_time.items():
            say(f"Official forecasts are used from {when}: {some_of(names, NAMED)}", False)
        if done.report is not None:
            _show_findings(done.report)
    done.require(workspace.settings.quality.max_quarantined_share)


def _lines(payloads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line a file; the many answers of a service are one."""
    from gridahead.settings.source_catalogue import SOURCE_INFOS

    lines = [payload for payload in payloads if payload["source"] not in SOURCE_INFOS]
    for source in dict.fromkeys(payload["source"] for payload in payloads if payload["source"] in SOURCE_INFOS):
        answers = [payload for payload in payloads if payload["source"] == source]
        totals = {name: sum(payload[name] for payload in answers) for name in ("rows", "new", "revised")}
        lines.append({"source": source, "payload": f"{len(answers):,} answers", "batch": "", **totals})
    return lines


@app.command(rich_help_panel=DATA, epilog=example("validate --new"))
def validate(
    settings: SettingsOption = None,
    new: Annotated[
        bool, typer.Option("--new", help="Only what has not been judged yet, as every ingest does.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the quality gate over the whole lake, with limits learnt anew; write the inspection and the quality page."""
    from gridahead.operate.inspection_page import INDEX
    from gridahead.operate.quality_page import PAGE
    from gridahead.operate.validate import validate as use_case

    workspace = open_workspace(settings)
    report = use_case(workspace, only_new=new)
    empty = "nothing waits to be judged" if new else "the lake is empty, nothing was looked at; run `gridahead ingest`"
    show([] if report is None else records(report.completeness), as_json, "Quality", empty)
    if report is None or report.completeness.empty:
        return
    if not as_json:
        _show_findings(report)
    say(f"Page: {workspace.settings.published_folder / PAGE}", as_json)
    say(f"Inspection: {workspace.settings.quality_folder / INDEX}", as_json)
    report.require(workspace.settings.quality.max_quarantined_share)


@app.command(rich_help_panel=EVERY_DAY, epilog=example("forecast --series DE/load --day 2025-12-31"))
def forecast(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    issue_time: Annotated[
        str | None,
        typer.Option(
            help="As of when: 2025-12-30T11:00, with an offset or in local time, or 'now'. Without it: with "
            'mode = "live" as of now, or as of the deadline if the model has not learnt to be asked later; with '
            'mode = "demo" the newest delivery day for which the lake has complete inputs, as of its deadline.'
        ),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            help="The delivery day: 2025-12-31, today or tomorrow. Without it: the one whose deadline is on the date "
            "of the issue time, whether that has passed or not."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Forecast the delivery day that is due, and publish it."""
    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, series)
    clock = clock_of(workspace, chosen)
    instant = parse_instant(issue_time, "--issue-time", clock)
    delivery = None if day is None else parse_day(day, "--day", clock)
    from gridahead.cli.progress import each_progress
    from gridahead.operate.forecast import forecast_each as use_case

    with each_progress(err, "Forecasts", len(chosen)) as on_done:
        done, failed = use_case(workspace, chosen, instant, day=delivery, on_done=on_done)
    from gridahead.cli.published import show_published

    show_published(done.values(), as_json=as_json, newest=instant is None and delivery is None)
    require(failed, done.values())


@app.command("catch-up", rich_help_panel=EVERY_DAY, epilog=example("catch-up"))
def catch_up(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Publish what is due and still in time, and make up for what is not: after a downtime, or at any time."""
    workspace = open_workspace(settings)
    from gridahead.operate.catch_up import catch_up as use_case

    done = use_case(workspace)
    if as_json:
        by_series = {
            str(series): {
                "published": [one.manifest for one in caught_up.published],
                "backfilled": [str(delivered) for delivered in caught_up.backfilled],
                "kept": caught_up.kept,
            }
            for series, caught_up in done.done.items()
        }
        print_json({"series": by_series, "failed": {name: str(error) for name, error in done.failed.items()}})
    else:
        say(f"{done.sentence}.", False)
    done.require()


@app.command(rich_help_panel=EVERY_DAY, epilog=example("report"))
def report(
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="As it looked then, as a page beside the one of now.", metavar="TIME"),
    ] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the page that analysts read."""
    from gridahead.operate.report import report as use_case

    failed: PartialError | None = None
    try:
        workspace = open_workspace(settings)
        clock = clock_of(workspace, [entry.series for entry in workspace.settings.series])
        page = use_case(workspace, parse_instant(as_of, "--as-of", clock))
    except PartialError as error:  # the page is there all the same
        (page,), failed = error.done, error
    typer.echo(json.dumps({"page": str(page)}) if as_json else page)
    if failed is not None:
        raise failed


@app.command(rich_help_panel=DATA, epilog=example("tables"))
def tables() -> None:
    """Print the data dictionary: every table of the lake, its columns and units, as Markdown."""
    from gridahead.core.tables import TABLES

    typer.echo("\n\n".join(table.dictionary() for table in TABLES))


def _show_findings(report: QualityReport) -> None:
    """What an inspection found: its cases, and what is not about single rows."""
    from gridahead.core.tables import RULINGS, Rulings
    from gridahead.quarantine.cases import cases_of

    cases = cases_of(report.verdicts, Rulings(RULINGS.empty()))
    show(case_lines(cases), False, "What the gate found", "no value is withheld or flagged")
    about_rows = set(report.verdicts["rule"])
    rest = report.findings[~report.findings["rule"].isin(about_rows)]
    for rule, of_rule in rest.groupby("rule", sort=False):
        names = list(of_rule["series"].unique())
        if len(names) > NAMED:
            first = of_rule.iloc[0]
            text = f"{len(names):,} series, {some_of(names, NAMED)}: {first['words']} [{rule}]"
            say(f"{text}, {first['example']} of the first", False)
            continue
        for series, stretches in of_rule.groupby("series", sort=False):
            _say_stretches(str(series), str(rule), stretches)


def _say_stretches(series: str, rule: str, stretches: pd.DataFrame) -> None:
    """A line on the stretches of a series that fail a rule."""
    first = stretches.iloc[0]
    text = f"{series}: {first['words']} [{rule}], {first['example']}"
    if len(stretches) > 1:
        text += f"; the first of {len(stretches):,} such stretches, the last until {stretches['end'].max():%Y-%m-%d}"
    say(text, False)
