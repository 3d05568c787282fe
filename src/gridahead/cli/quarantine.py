"""`gridahead quarantine …`: what the quality gate has withheld, and how a person rules on it."""

from __future__ import annotations

import getpass
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
    parse_instant,
)
from gridahead.cli.panels import DATA, example
from gridahead.core.errors import SettingsError

if TYPE_CHECKING:
    from gridahead.core.grid import Series
    from gridahead.core.time import TimeRange
    from gridahead.quarantine.cases import Case
    from gridahead.quarantine.rulings import Ruling
    from gridahead.workspace import Workspace

app = typer.Typer(
    name="quarantine",
    no_args_is_help=True,
    rich_help_panel=DATA,
    help="Look at what the quality gate has withheld, and rule on it.",
)

CaseArgument = Annotated[str | None, typer.Argument(help="The id of a case, or how it begins; see `list`.")]
WindowSeries = Annotated[
    str | None, typer.Option("--series", help="ZONE/QUANTITY, with --start and --end.", autocompletion=complete.series)
]
StartOption = Annotated[str | None, typer.Option(help="First valid time; without an offset, local time.")]
EndOption = Annotated[str | None, typer.Option(help="End: valid times before it.")]


@app.command("list", epilog=example("quarantine list"))
def list_cases(
    settings: SettingsOption = None,
    flags: Annotated[bool, typer.Option("--flags", help="What is only flagged as well.")] = False,
    closed: Annotated[bool, typer.Option("--all", help="What has been ruled on as well.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the open cases: series, stretch, rows, rules and the reason, under an id that stays."""
    from gridahead.quarantine.rulings import cases

    listed = cases(open_workspace(settings), flags=flags, closed=closed)
    if as_json:
        print_json([_about(case) for case in listed])
        return
    show(case_lines(listed, state=closed), False, "Quarantine", "empty")
    if listed:
        say("Look with `gridahead quarantine show ID`; rule with `release ID` or `reject ID`.", False)


@app.command("show", epilog=example("quarantine show 4f0c"))
def show_case(
    case: Annotated[str, typer.Argument(help="The id of a case, or how it begins; see `list`.")],
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the rows of a case beside the same hours of the weeks around, the reasons, the payload and a picture."""
    from gridahead.operate.quarantine import show_case as use_case

    shown = use_case(open_workspace(settings), case)
    details, shown_case = shown.details, shown.details.case
    about = {**_about(shown_case), "payloads": details.payloads, "picture": str(shown.picture)}
    if as_json:
        print_json({**about, "unit": details.unit, "rows": records(details.rows)})
        return
    show(records(details.rows), False, f"Case {shown_case.id}: {shown_case.series} [{details.unit}]")
    for rule, reason in zip(shown_case.rules.items(), shown_case.reasons, strict=True):
        say(f"{rule[0]}, {rule[1]} rows: {reason}", False)
    if shown_case.why:
        say(f"{shown_case.state.capitalize()} by {shown_case.why}", False)
    for payload in details.payloads:
        say(f"Payload: {payload}", False)
    say(f"Picture: {shown.picture}", False)


@app.command(epilog=example('quarantine release 4f0c --reason "a real outage"'))
def release(
    reason: ReasonOption,
    case: CaseArgument = None,
    series: WindowSeries = None,
    start: StartOption = None,
    end: EndOption = None,
    by: ByOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the rows of a case, or of a window, in: they are read like any other and not judged again."""
    _record("release", case, (series, start, end), reason, by, settings, as_json)


@app.command(
    epilog=example(
        'quarantine reject --series DE/load --start 2025-12-24 --end 2025-12-25 --reason "meter stood still"'
    )
)
def reject(
    reason: ReasonOption,
    case: CaseArgument = None,
    series: WindowSeries = None,
    start: StartOption = None,
    end: EndOption = None,
    by: ByOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep the rows of a case, or of a window, out for good, and close the case."""
    _record("reject", case, (series, start, end), reason, by, settings, as_json)


def _record(
    ruling: Ruling,
    case: str | None,
    where: tuple[str | None, str | None, str | None],
    reason: str,
    by: str | None,
    settings: Any,
    as_json: bool,
) -> None:
    if (case is None) == (where == (None, None, None)):
        raise SettingsError(f"say which: `gridahead quarantine {ruling} ID`, or --series with --start and --end")
    workspace, person = open_workspace(settings), by or getpass.getuser()
    time_range = None if case is not None else _window(workspace, *where)
    from gridahead.operate.quarantine import rule_on_case, rule_on_range

    if time_range is None:
        recorded = rule_on_case(workspace, str(case), ruling, reason, person)
    else:
        recorded = rule_on_range(workspace, *time_range, ruling, reason, person)
    if as_json:
        print_json(records(recorded))
        return
    outcome = "released: models read them again" if ruling == "release" else "rejected: they stay out"
    first = recorded.iloc[0]
    times = recorded["valid_time"]
    span = f"{times.min():%Y-%m-%d %H:%M} to {times.max():%Y-%m-%d %H:%M} UTC"
    series = f"{first['zone']}/{first['quantity']}"
    say(f"{len(recorded)} rows of {series}, {span}, {outcome}. Decided by {person}: {reason}", False)


def _window(workspace: Workspace, series: str | None, start: str | None, end: str | None) -> tuple[Series, TimeRange]:
    """The series and the stretch of it that are meant.

    Raises:
        SettingsError: one of the three is missing, or cannot be meant.
    """
    from gridahead.core.time import TimeRange

    if series is None or start is None or end is None:
        raise SettingsError("a window needs all three: --series, --start and --end")
    chosen = known_series(workspace, series)
    clock = workspace.settings.zone(chosen.zone).timezone
    first, last = parse_instant(start, "--start", clock), parse_instant(end, "--end", clock)
    assert first is not None and last is not None
    if first >= last:
        raise SettingsError(f"--end {end} must be after --start {start}")
    return chosen, TimeRange(first, last)


def case_lines(cases: list[Case], *, state: bool = False) -> list[dict[str, Any]]:
    """The cases as a person reads them in a list."""
    return [
        {
            "id": case.id,
            "series": str(case.series),
            "from (UTC)": f"{case.start:%Y-%m-%d %H:%M}",
            "to": f"{case.end:%Y-%m-%d %H:%M}",
            "rows": len(case.rows),
            "severity": case.severity,
            **({"state": case.state} if state else {}),
            "reason": f"{case.reasons[0]} ({', '.join(case.rules)})",
        }
        for case in cases
    ]


def _about(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "series": str(case.series),
        "severity": case.severity,
        "from": f"{case.start:%Y-%m-%dT%H:%MZ}",
        "to": f"{case.end:%Y-%m-%dT%H:%MZ}",
        "rows": len(case.rows),
        "rules": case.rules,
        "reason": case.reasons[0],
        "batches": case.batches,
        "decided_at": f"{case.decided_at:%Y-%m-%dT%H:%MZ}",
        "state": case.state,
        "why": case.why,
    }
