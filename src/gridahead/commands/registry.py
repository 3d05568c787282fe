"""`gridahead models …`: which versions there are, how they compare, and which of them serves."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import typer

from gridahead.commands.options import (
    ByOption,
    JsonOption,
    ReasonOption,
    SettingsOption,
    WideOption,
    chosen_series,
    known_series,
    open_workspace,
)
from gridahead.commands.overview import show_versions
from gridahead.console import POWERS, print_json, records, say, show
from gridahead.errors import SettingsError
from gridahead.grid import Series
from gridahead.pipeline.workspace import Workspace
from gridahead.units import PowerUnit, per, power

if TYPE_CHECKING:
    from gridahead.training.versions import Version

app = typer.Typer(
    name="models", no_args_is_help=True,
    help="Look at the versions in the registry, compare them, and decide which serves.",
)  # fmt: skip

OneSeries = Annotated[
    str | None, typer.Option("--series", help="ZONE/QUANTITY; needed where the settings have several series.")
]
VersionArgument = Annotated[str, typer.Argument(help="A number such as 3, or champion or challenger.")]


@app.command("list")
def list_versions(
    settings: SettingsOption = None,
    series: OneSeries = None,
    history: Annotated[bool, typer.Option("--history", help="Who made which version serve, when and why.")] = False,
    wide: WideOption = False,
    as_json: JsonOption = False,
) -> None:
    """List every version with its aliases, its figures on the validation days, and what the gate said of it."""
    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, [series] if series else None)
    if history:
        rows = records(workspace.lake.read_promotions(*chosen))
        show(rows, as_json, "Promotions", "none yet")
        return
    found = [one for each in chosen for one in workspace.registry.versions(each)]
    if as_json:
        print_json([{**one.tags, **_about(one)} for one in found])
        return
    if not wide:
        show_versions(found, workspace.settings)
        return
    rows = [_in_unit(_about(one), one, workspace.settings.unit_of(one.series)) for one in found]
    show(rows, False, "Models", "none yet; run `gridahead train`")
    for one in found:
        if one.aliases and "verdict_reasons" in one.tags:
            say(f"{one.series} {one}, {' and '.join(one.aliases)}: {one.tags['verdict_reasons']}", False)


@app.command()
def compare(
    first: VersionArgument,
    second: VersionArgument,
    settings: SettingsOption = None,
    series: OneSeries = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two versions on the days that both have forecast without having learnt them, beside the references."""
    workspace = open_workspace(settings)
    one = _the_series(workspace, series)
    from gridahead.pipeline.compare import compare as use_case

    found = use_case(workspace, one, first, second)
    if as_json:
        print_json(found.to_dict())
        return
    shown = ["model", "n", "mae", "crps", "crps_low", "crps_high", "pinball", "coverage_80", "skill"]
    unit = workspace.settings.unit_of(one)
    scores = found.scores[[name for name in shown if name in found.scores]]
    show(_shown(scores, unit, POWERS | {"crps_low", "crps_high"}), False, f"On common days [{unit}]")
    seasons = frozenset(found.seasons.columns) - {"season", "days"}
    show(_shown(found.seasons, unit, seasons), False, f"CRPS by season [{unit}]")
    say(found.sentence(), False)
    say(f"Picture: {found.picture}", False)


@app.command()
def promote(
    version: Annotated[
        str | None, typer.Argument(help="A number; without it the gate is asked about the challenger.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; needed with a version, and kept.")] = "",
    settings: SettingsOption = None,
    series: OneSeries = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a version serve because you say so, or ask the gate whether the challenger should."""
    workspace = open_workspace(settings)
    one = _the_series(workspace, series)
    from gridahead.pipeline import promotion

    if version is None:
        verdict = promotion.judge(workspace, one)
        said: dict[str, Any] = {
            "series": str(one), "version": verdict.version.number, "verdict": verdict.verdict,
            "serves": verdict.serves, "reasons": list(verdict.reasons),
        }  # fmt: skip
        words = f"{verdict.version}: {'serves now' if verdict.serves else 'does not serve'}. {verdict.words}"
    else:
        promoted = promotion.promote(workspace, one, version, reason, by or getpass.getuser())
        said = {"series": str(one), "version": promoted.number, "serves": True, "reasons": [reason]}
        words = f"{one}: {promoted} serves now. `gridahead models rollback` takes it back."
    if as_json:
        print_json(said)
    else:
        say(words, False)


@app.command("refresh-test")
def refresh_test(
    run: Annotated[str, typer.Option("--run", help="A back-test with --retrain weekly or monthly: backtest/NAME.")],
    against: Annotated[str, typer.Option("--against", help="One of the same days, 18 months or more, without it.")],
    model: Annotated[str | None, typer.Option(help="Which model, where the back-test has several.")] = None,
    settings: SettingsOption = None,
    series: OneSeries = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Test whether training again is safe; where it is, a champion trained again takes over after a short trial."""
    workspace = open_workspace(settings)
    one = _the_series(workspace, series)
    from gridahead.pipeline.procedure import refresh_test as use_case

    found = use_case(workspace, one, run, against, by or getpass.getuser(), model)
    (row,) = records(found)
    if as_json:
        print_json(row)
    else:
        say(f"{row['zone']}/{row['quantity']} {row['model']}, trained again {row['retrain']}: {row['outcome']}. "
            f"{row['reason']}", False)  # fmt: skip


@app.command()
def rollback(
    reason: ReasonOption,
    settings: SettingsOption = None,
    series: OneSeries = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the champion before serve again."""
    workspace = open_workspace(settings)
    one = _the_series(workspace, series)
    from gridahead.pipeline import promotion

    back = promotion.rollback(workspace, one, reason, by or getpass.getuser())
    if as_json:
        print_json({"series": str(one), "version": back.number, "serves": True, "reasons": [reason]})
    else:
        say(f"{one}: {back} serves again.", False)


@app.command()
def repair(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Make a damaged or missing registry again from the exported models, and damaged exports from the registry."""
    from gridahead.pipeline.repair import repair as use_case

    done = use_case(open_workspace(settings))
    found = {
        name: [f"{one.series} {one}" for one in versions]
        for name, versions in (("registered", done.registered), ("exported", done.exported), ("lost", done.lost))
    }
    if as_json:
        print_json({"aside": done.aside, **found})
        return
    if done.aside is not None:
        say(f"The damaged registry lies in {done.aside} now.", False)
    for name, versions in found.items():
        say(f"{name.capitalize()}: {', '.join(versions) or 'nothing'}.", False)
    for one in done.lost:
        say(f"`gridahead train --series {one.series}` makes what {one} has lost anew.", False)


@app.command()
def card(
    version: VersionArgument = "champion",
    settings: SettingsOption = None,
    series: OneSeries = None,
    as_json: JsonOption = False,
) -> None:
    """Write the card of a version: what it is, its data, its figures with intervals, and where it fails."""
    workspace = open_workspace(settings)
    one = _the_series(workspace, series)
    from gridahead.pipeline.card import card as use_case

    page = use_case(workspace, one, version)
    if as_json:
        print_json({"page": str(page)})
    else:
        say(f"Card: {page}", False)


def _the_series(workspace: Workspace, text: str | None) -> Series:
    """The series that is named, or the only one there is.

    Raises:
        SettingsError: none is named, and there are several or none.
    """
    if text is not None:
        return known_series(workspace, text)
    known = [entry.series for entry in workspace.settings.series]
    if len(known) != 1:
        raise SettingsError(f"say which series with --series; there are {', '.join(map(str, known)) or 'none'}")
    return known[0]


def _shown(rows: pd.DataFrame, unit: PowerUnit, powers: frozenset[str]) -> list[dict[str, Any]]:
    """The rows with their power in that unit."""
    return records(rows.assign(**{name: per(rows[name], unit) for name in powers & set(rows.columns)}))


def _in_unit(about: dict[str, Any], one: Version, unit: PowerUnit) -> dict[str, Any]:
    """What is said of a version, with its figures in the unit of its series."""
    return {name: power(value, unit) if name in one.validation else value for name, value in about.items()}


def _about(one: Any) -> dict[str, Any]:
    return {
        "series": str(one.series),
        "version": one.number,
        "model": one.model,
        "aliases": ", ".join(one.aliases) or None,
        **one.validation,
        "learnt_until": one.tags["learnt_until"],
        "made": f"{one.created_at:%Y-%m-%d %H:%M}",
        "verdict": one.tags.get("verdict"),
    }
