"""`gridahead quarantine …`: what the gate has put aside, and what a person decides on it."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridahead.commands.options import (
    ByOption,
    JsonOption,
    ReasonOption,
    SettingsOption,
    known_series,
    open_workspace,
    parse_instant,
)
from gridahead.console import print_json, records, say, show
from gridahead.errors import SettingsError
from gridahead.grid import Series
from gridahead.timeline import Window

if TYPE_CHECKING:
    from gridahead.pipeline.cases import Case
    from gridahead.pipeline.quarantine import Decision
    from gridahead.pipeline.workspace import Workspace

app = typer.Typer(
    name="quarantine", no_args_is_help=True,
    help="Look at what the quality gate has put aside, and decide on it.",
)  # fmt: skip

CaseArgument = Annotated[str | None, typer.Argument(help="The id of a case, or how it begins; see `list`.")]
WindowSeries = Annotated[str | None, typer.Option("--series", help="ZONE/QUANTITY, with --start and --end.")]
StartOption = Annotated[str | None, typer.Option(help="First valid time; without an offset, local time.")]
EndOption = Annotated[str | None, typer.Option(help="End: valid times before it.")]


@app.command("list")
def list_cases(
    settings: SettingsOption = None,
    flags: Annotated[bool, typer.Option("--flags", help="What is only flagged as well.")] = False,
    closed: Annotated[bool, typer.Option("--all", help="What has been decided on as well.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the open cases: series, stretch, rows, rules and the reason, under an id that stays."""
    from gridahead.pipeline.quarantine import cases

    found = cases(open_workspace(settings), flags=flags, closed=closed)
    if as_json:
        print_json([_about(one) for one in found])
        return
    show(case_lines(found, state=closed), False, "Quarantine", "empty")
    if found:
        say("Look with `gridahead quarantine show ID`; decide with `release ID` or `reject ID`.", False)


@app.command("show")
def show_case(
    case: Annotated[str, typer.Argument(help="The id of a case, or how it begins; see `list`.")],
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the rows of a case beside the same hours of the weeks around, the reasons, the payload and a picture."""
    from gridahead.pipeline.quarantine import show_case as use_case

    found = use_case(open_workspace(settings), case)
    about = {**_about(found.case), "payloads": found.payloads, "picture": str(found.picture)}
    if as_json:
        print_json({**about, "unit": found.unit, "rows": records(found.rows)})
        return
    show(records(found.rows), False, f"Case {found.case.id}: {found.case.series} [{found.unit}]")
    for rule, reason in zip(found.case.rules.items(), found.case.reasons, strict=True):
        say(f"{rule[0]}, {rule[1]} rows: {reason}", False)
    if found.case.why:
        say(f"{found.case.state.capitalize()} by {found.case.why}", False)
    for payload in found.payloads:
        say(f"Payload: {payload}", False)
    say(f"Picture: {found.picture}", False)


@app.command()
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
    _decide("release", case, (series, start, end), reason, by, settings, as_json)


@app.command()
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
    _decide("reject", case, (series, start, end), reason, by, settings, as_json)


def _decide(
    decision: Decision,
    case: str | None,
    where: tuple[str | None, str | None, str | None],
    reason: str,
    by: str | None,
    settings: Any,
    as_json: bool,
) -> None:
    if (case is None) == (where == (None, None, None)):
        raise SettingsError(f"say which: `gridahead quarantine {decision} ID`, or --series with --start and --end")
    workspace, who = open_workspace(settings), by or getpass.getuser()
    window = None if case is not None else _window(workspace, *where)
    from gridahead.pipeline.quarantine import decide, decide_window

    if window is None:
        done = decide(workspace, str(case), decision, reason, who)
    else:
        done = decide_window(workspace, *window, decision, reason, who)
    if as_json:
        print_json(records(done))
        return
    said = "released: models read them again" if decision == "release" else "rejected: they stay out"
    one = done.iloc[0]
    span = f"{done['valid_time'].min():%Y-%m-%d %H:%M} to {done['valid_time'].max():%Y-%m-%d %H:%M} UTC"
    say(f"{len(done)} rows of {one['zone']}/{one['quantity']}, {span}, {said}. Decided by {who}: {reason}", False)


def _window(workspace: Workspace, series: str | None, start: str | None, end: str | None) -> tuple[Series, Window]:
    """The series and the stretch of it that are meant.

    Raises:
        SettingsError: one of the three is missing, or cannot be meant.
    """
    if series is None or start is None or end is None:
        raise SettingsError("a window needs all three: --series, --start and --end")
    one = known_series(workspace, series)
    clock = workspace.settings.zone(one.zone).timezone
    first, last = parse_instant(start, "--start", clock), parse_instant(end, "--end", clock)
    assert first is not None and last is not None
    if first >= last:
        raise SettingsError(f"--end {end} must be after --start {start}")
    return one, Window(first, last)


def case_lines(cases: list[Case], *, state: bool = False) -> list[dict[str, Any]]:
    """The cases as a person reads them in a list."""
    return [
        {
            "id": one.id,
            "series": str(one.series),
            "from (UTC)": f"{one.start:%Y-%m-%d %H:%M}",
            "to": f"{one.end:%Y-%m-%d %H:%M}",
            "rows": len(one.rows),
            "severity": one.severity,
            **({"state": one.state} if state else {}),
            "reason": f"{one.reasons[0]} ({', '.join(one.rules)})",
        }
        for one in cases
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
