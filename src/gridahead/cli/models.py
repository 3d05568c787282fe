"""`gridahead models …`: which versions there are, how they compare, and which of them serves."""

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
    WideOption,
    chosen_series,
    known_series,
    open_workspace,
)
from gridahead.cli.panels import MODELS, example
from gridahead.core.errors import SettingsError
from gridahead.core.runs import CHAMPION

if TYPE_CHECKING:
    import pandas as pd

    from gridahead.core.grid import Series
    from gridahead.core.units import Unit
    from gridahead.registry.versions import Version
    from gridahead.workspace import Workspace

app = typer.Typer(
    name="models",
    no_args_is_help=True,
    rich_help_panel=MODELS,
    help="Look at the versions in the registry, compare them, and decide which serves.",
)

OneSeries = Annotated[
    str | None,
    typer.Option(
        "--series", help="ZONE/QUANTITY; needed where the settings have several series.", autocompletion=complete.series
    ),
]
VersionArgument = Annotated[
    str, typer.Argument(help="A number such as 3, or champion or challenger.", autocompletion=complete.versions)
]


@app.command("list", epilog=example("models list --series DE/load"))
def list_versions(
    settings: SettingsOption = None,
    series: OneSeries = None,
    history: Annotated[bool, typer.Option("--history", help="Who made which version serve, when and why.")] = False,
    wide: WideOption = False,
    as_json: JsonOption = False,
) -> None:
    """List every version with its aliases, its figures on the validation days, and what came of its trial."""
    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, [series] if series else None)
    if history:
        rows = records(workspace.lake.read_promotions(*chosen))
        show(rows, as_json, "Promotions", "none yet")
        return
    versions = [version for name in chosen for version in workspace.versions(name)]
    if as_json:
        print_json([{**version.tags, **_about(version)} for version in versions])
        return
    if not wide:
        from gridahead.cli.overview import show_versions

        show_versions(versions, workspace.settings)
        return
    rows = [_in_unit(version, workspace.settings.unit_of(version.series)) for version in versions]
    show(rows, False, "Models", "none yet; run `gridahead train`")
    for version in versions:
        if version.aliases and "outcome_reasons" in version.tags:
            reasons = version.tags["outcome_reasons"]
            say(f"{version.series} {version}, {' and '.join(version.aliases)}: {reasons}", False)


@app.command(epilog=example("models compare 1 2 --series DE/load"))
def compare(
    first: VersionArgument,
    second: VersionArgument,
    settings: SettingsOption = None,
    series: OneSeries = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two versions on the days that both have forecast without having learnt them, beside the references."""
    workspace = open_workspace(settings)
    chosen = _the_series(workspace, series)
    from gridahead.evaluation.catalogue import POWERS
    from gridahead.promotion.compare import compare as use_case
    from gridahead.reports.compare_picture import compare_picture
    from gridahead.reports.comparison import comparison_record, comparison_sentence
    from gridahead.reports.drawing import with_licence

    comparison = use_case(workspace, chosen, first, second)
    numbers = "-".join(f"v{version.number}" for version in comparison.versions)
    picture = workspace.settings.published_folder / "cards" / f"{chosen.slug}-{numbers}.png"
    workspace.put_page(picture, with_licence(compare_picture(comparison), workspace.settings.attribution_of(chosen)))
    if as_json:
        print_json(comparison_record(comparison, picture))
        return
    shown = ["model", "n", "mae", "crps", "crps_low", "crps_high", "pinball", "coverage_80", "skill_official"]
    unit = comparison.unit
    scores = comparison.scores[[name for name in shown if name in comparison.scores]]
    show(_shown(scores, unit, POWERS | {"crps_low", "crps_high"}), False, f"On common days [{unit}]")
    seasons = frozenset(comparison.seasons.columns) - {"season", "days"}
    show(_shown(comparison.seasons, unit, seasons), False, f"CRPS by season [{unit}]")
    say(comparison_sentence(comparison), False)
    say(f"Picture: {picture}", False)


@app.command(epilog=example('models promote 2 --series DE/load --reason "better on holidays"'))
def promote(
    version: Annotated[
        str | None,
        typer.Argument(help="A number; without it the challenger has its trial.", autocompletion=complete.versions),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; needed with a version, and kept.")] = "",
    settings: SettingsOption = None,
    series: OneSeries = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a version serve because you say so, or hold the trial that decides whether the challenger should."""
    workspace = open_workspace(settings)
    chosen = _the_series(workspace, series)
    from gridahead.operate.promotion import try_challenger
    from gridahead.promotion import promote as promotion
    from gridahead.reports.promotion import outcome_record, outcome_sentence

    if version is None:
        outcome = try_challenger(workspace, chosen)
        record, sentence = outcome_record(outcome), outcome_sentence(outcome)
    else:
        promoted = promotion.promote(workspace, chosen, version, reason, by or getpass.getuser())
        record = {"series": str(chosen), "version": promoted.number, "serves": True, "reasons": [reason]}
        sentence = f"{chosen}: {promoted} serves now. `gridahead models rollback` takes it back."
    if as_json:
        print_json(record)
    else:
        say(sentence, False)


@app.command(
    "refresh-test",
    epilog=example("models refresh-test --series DE/load --run backtest/weekly --against backtest/never"),
)
def refresh_test(
    run: Annotated[
        str,
        typer.Option(
            "--run", help="A back-test with --retrain weekly or monthly: backtest/NAME.", autocompletion=complete.runs
        ),
    ],
    against: Annotated[
        str,
        typer.Option(
            "--against", help="One of the same days, 18 months or more, without it.", autocompletion=complete.runs
        ),
    ],
    model: Annotated[
        str | None, typer.Option(help="Which model, where the back-test has several.", autocompletion=complete.models)
    ] = None,
    settings: SettingsOption = None,
    series: OneSeries = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Test whether training again is safe; where it is, a champion trained again takes over after a short trial."""
    workspace = open_workspace(settings)
    chosen = _the_series(workspace, series)
    from gridahead.operate.promotion import refresh_test as use_case
    from gridahead.reports.promotion import procedure_sentence

    (row,) = records(use_case(workspace, chosen, run, against, by or getpass.getuser(), model))
    if as_json:
        print_json(row)
    else:
        say(procedure_sentence(row), False)


@app.command(epilog=example('models rollback --series DE/load --reason "too high since Monday"'))
def rollback(
    reason: ReasonOption,
    settings: SettingsOption = None,
    series: OneSeries = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the champion before serve again."""
    workspace = open_workspace(settings)
    chosen = _the_series(workspace, series)
    from gridahead.promotion import promote as promotion

    back = promotion.rollback(workspace, chosen, reason, by or getpass.getuser())
    if as_json:
        print_json({"series": str(chosen), "version": back.number, "serves": True, "reasons": [reason]})
    else:
        say(f"{chosen}: {back} serves again.", False)


@app.command("export", epilog=example("models export load.zip --series DE/load"))
def export_models(
    file: Annotated[Path, typer.Argument(help="The file to write, such as load.zip.")],
    version: Annotated[
        str | None,
        typer.Option("--version", help="A number or an alias; all that there are.", autocompletion=complete.versions),
    ] = None,
    settings: SettingsOption = None,
    series: OneSeries = None,
    as_json: JsonOption = False,
) -> None:
    """Write versions of a series as one file, with weights, figures and cards, for another installation."""
    workspace = open_workspace(settings)
    chosen = _the_series(workspace, series)
    from gridahead.operate.parcels import export_versions

    packed = export_versions(workspace, chosen, file, version)
    if as_json:
        print_json({"file": str(file), "versions": [one.number for one in packed]})
    else:
        say(f"{file}: {chosen}, {', '.join(map(str, packed))}. `gridahead models import {file}` takes it in", False)


@app.command("import", epilog=example("models import load.zip"))
def import_models(
    file: Annotated[Path, typer.Argument(help="What `gridahead models export` has written.")],
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register the versions of such a file here, with new numbers; `models promote NUMBER` lets one serve."""
    workspace = open_workspace(settings)
    from gridahead.operate.parcels import import_versions

    done = import_versions(workspace, file)
    if as_json:
        print_json([{**_about(one.version), "former": one.former, "new": one.is_new} for one in done])
        return
    for one in done:
        there = "" if one.is_new else ", which was here already"
        say(f"{one.version.series}: v{one.former} of {file.name} is {one.version}{there}", False)


@app.command("sync", epilog=example("models sync"))
def sync_registry(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Take over what was decided on MLflow's pages, and tell MLflow what was decided while it was down."""
    from gridahead.operate.registry_sync import registry_sync

    changes = registry_sync(open_workspace(settings))
    if as_json:
        print_json([{**vars(change), "series": str(change.series)} for change in changes])
        return
    for change in changes:
        say(str(change), False)
    if not changes:
        say("MLflow and what is exported agree.", False)


@app.command(epilog=example("models repair"))
def repair(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Make a damaged or missing registry again from the exported models, and damaged exports from the registry."""
    from gridahead.operate.repair import repair as use_case

    done = use_case(open_workspace(settings))
    kinds = ("registered", "exported", "lost", "regressions")
    by_outcome = {name: [f"{one.series} {one}" for one in getattr(done, name)] for name in kinds}
    if as_json:
        print_json({"aside": done.aside, **by_outcome, "without_regression": [*map(str, done.without)]})
        return
    if done.aside is not None:
        say(f"The damaged registry lies in {done.aside} now; nothing reads it, delete it when all is well.", False)
    headings = {"regressions": "Regressions beside them fitted anew"}
    for name, versions in by_outcome.items():
        say(f"{headings.get(name, name.capitalize())}: {', '.join(versions) or 'nothing'}.", False)
    for version in done.lost:
        say(f"`gridahead train --series {version.series}` makes what {version} has lost anew.", False)
    for series in done.without:
        say(f"{series} has no regression beside its champion; `gridahead train --series {series}` says why.", False)


@app.command(epilog=example("models card champion --series DE/load"))
def card(
    version: VersionArgument = CHAMPION,
    settings: SettingsOption = None,
    series: OneSeries = None,
    as_json: JsonOption = False,
) -> None:
    """Write the card of a version: what it is, its data, its figures with intervals, and where it fails."""
    workspace = open_workspace(settings)
    chosen = _the_series(workspace, series)
    from gridahead.operate.model_card import card as use_case

    page = use_case(workspace, chosen, version)
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
    declared = [entry.series for entry in workspace.settings.series]
    if len(declared) != 1:
        raise SettingsError(f"say which series with --series; there are {', '.join(map(str, declared)) or 'none'}")
    return declared[0]


def _shown(rows: pd.DataFrame, unit: Unit, powers: frozenset[str]) -> list[dict[str, Any]]:
    """The rows with their power in that unit."""
    from gridahead.core.units import per

    return records(rows.assign(**{name: per(rows[name], unit) for name in powers & set(rows.columns)}))


def _in_unit(version: Version, unit: Unit) -> dict[str, Any]:
    """What there is to know of a version, with its figures in the unit of its series."""
    from gridahead.core.units import power

    return {
        name: power(value, unit) if name in version.validation else value for name, value in _about(version).items()
    }


def _about(version: Version) -> dict[str, Any]:
    return {
        "series": str(version.series),
        "version": version.number,
        "model": version.model,
        "aliases": ", ".join(version.aliases) or None,
        **version.validation,
        "learnt_until": version.tags["learnt_until"],
        "made": f"{version.created_at:%Y-%m-%d %H:%M}",
        "outcome": version.tags.get("outcome"),
    }
