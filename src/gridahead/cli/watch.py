"""What there is and what is not in order: status, watch, health check, and whether people can be told."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridahead.cli.console import err, print_json, records, say, show
from gridahead.cli.options import JsonOption, SettingsOption, WideOption, open_workspace
from gridahead.cli.panels import EVERY_DAY, example
from gridahead.core.errors import GridaheadError, SettingsError

if TYPE_CHECKING:
    from gridahead.operate.status import Status
    from gridahead.operate.watch import Watched
    from gridahead.workspace import Workspace

app = typer.Typer()
NOT_OUT = 7
"""The exit code of `status` where a forecast that should be out is not, or something is critical."""
_SPAN = re.compile(r"^(\d+)\s*(s|m|h)$")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
alerts = typer.Typer(help="Who is told when something is not in order.", no_args_is_help=True)
app.add_typer(alerts, name="alerts", rich_help_panel=EVERY_DAY)


@app.command(rich_help_panel=EVERY_DAY, epilog=example("status"))
def status(settings: SettingsOption = None, wide: WideOption = False, as_json: JsonOption = False) -> None:
    """Show whether the forecast is out and by which rung, how fresh everything is, and what is not in order.

    A mark says what to look at: ✓ in order, ! look at it, ✗ not there. The exit code is 0 where everything that is due
    is published and nothing is critical, and 7 otherwise.
    """
    workspace = open_workspace(settings)
    from gridahead.operate.status import status as use_case

    state = use_case(workspace)
    if as_json:
        print_json(_record(state))
    else:
        from gridahead.cli.overview import show_status

        show_status(state, wide=wide)
    if not state.healthy:
        raise typer.Exit(NOT_OUT)


def _record(state: Status) -> dict[str, Any]:
    """The state for machines."""
    return {
        "healthy": state.healthy,
        "reasons": list(state.reasons),
        "late": [{"series": str(slot.series), "day": str(slot.day), "deadline": slot.deadline} for slot in state.late],
        "due": [_due(one) for one in state.series if one.due is not None],
        "conditions": [
            {key: getattr(one, key) for key in ("incident", "kind", "severity", "subject", "since", "what", "advice")}
            for one in state.conditions
        ],
        "incidents": [
            {"incident": one.name, "since": one.since, "opened_at": one.opened_at, "told": dict(one.told)}
            for one in state.incidents
        ],
        "disks": [{"folder": disk.folder, "free": disk.free, "total": disk.total} for disk in state.disks],
        "watched_at": state.watched_at,
        "failures": dict(state.failures),
        "lake": records(state.lake),
        "serving": state.serving,
        "forecasts": state.forecasts,
    }


def _due(one: Any) -> dict[str, Any]:
    slot, out = one.due.slot, one.due.out
    return {
        "series": str(one.series),
        "day": str(slot.day),
        "deadline": slot.deadline,
        "gate_closure": slot.gate_closure,
        "published_at": out and out.published_at,
        "rung": out and out.rung,
        "next_deadline": one.next.deadline,
    }


@app.command(rich_help_panel=EVERY_DAY, epilog=example("healthcheck"))
def healthcheck(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Say for scripts whether everything that is due is published: exit code 0, or 1 with a line a reason."""
    workspace = open_workspace(settings)
    from gridahead.operate.status import status as use_case

    state = use_case(workspace)
    if as_json:
        print_json({"healthy": state.healthy, "reasons": list(state.reasons)})
    else:
        for reason in state.reasons or (() if state.healthy else ("a forecast is late",)):
            say(reason, False)
    if not state.healthy:
        raise typer.Exit(1)


@app.command(rich_help_panel=EVERY_DAY, epilog=example("watch --every 5m"))
def watch(
    settings: SettingsOption = None,
    every: Annotated[
        str | None, typer.Option(help="Watch again and again, such as every 5m; else once. For who runs no Prefect.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look whether everything is in order, and tell people of what is not: once when it begins, once when it is over.

    Who is told stands under [alerts] in the settings; `gridahead alerts test` tries it.
    """
    pause = None if every is None else _seconds(every)
    workspace = open_workspace(settings)
    _watch(workspace, as_json)
    while pause is not None:
        time.sleep(pause)
        try:
            _watch(workspace, as_json)
        except GridaheadError as error:  # a watch that ends because something is broken tells nobody
            err.print(str(error), soft_wrap=True)


def _seconds(text: str) -> int:
    found = _SPAN.match(text)
    if found is None or int(found[1]) == 0:
        raise SettingsError(f"--every {text}: is no span; say 5m, 300s or 1h")
    return int(found[1]) * _SECONDS[found[2]]


def _watch(workspace: Workspace, as_json: bool) -> None:
    from gridahead.operate.watch import watch as use_case

    watched = use_case(workspace)
    if as_json:
        print_json(_watched(watched))
        return
    rows = [
        {"severity": one.severity, "since": f"{one.since:%Y-%m-%d %H:%M} UTC", "what": one.words["what"]}
        for one in watched.incidents
    ]
    show(rows, False, f"Not in order at {watched.at:%Y-%m-%d %H:%M} UTC")
    for one in watched.changed:
        say(f"{one.event}: {one.name}", False)
    for channel, count in watched.told.items():
        if count:
            say(f"{channel} was told of {count}", False)
    for channel, why in watched.failures.items():
        say(f"{channel} could not be told, the next watch tries again: {why}", False)


def _watched(watched: Watched) -> dict[str, Any]:
    return {
        "at": watched.at,
        "healthy": watched.healthy,
        "incidents": [
            {"incident": one.name, "severity": one.severity, "since": one.since, **one.words}
            for one in watched.incidents
        ],
        "changed": [{"incident": one.name, "event": one.event} for one in watched.changed],
        "told": dict(watched.told),
        "failures": dict(watched.failures),
    }


@alerts.command("test", epilog=example("alerts test"))
def test_alerts(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Send a test message through every channel of the settings, and ask for the heartbeat's address."""
    workspace = open_workspace(settings)
    from gridahead.operate.alert_test import alert_test

    rows = [{"channel": name, "outcome": why or "delivered"} for name, why in alert_test(workspace).items()]
    empty = "none; add [[alerts.channels]] with a url to the settings"
    show(rows, as_json, "Channels", empty)
    if any(row["outcome"] != "delivered" for row in rows):
        raise typer.Exit(1)
