"""Why a forecast is what it is, and whether the world has left what the models were made for."""

from __future__ import annotations

from typing import Annotated

import typer

from gridahead import errors
from gridahead.commands.options import (
    JsonOption,
    SeriesOption,
    SettingsOption,
    chosen_series,
    known_series,
    open_workspace,
    parse_instant,
)
from gridahead.console import print_json, say, show
from gridahead.each import of_each, require
from gridahead.units import per

app = typer.Typer()


@app.command()
def explain(
    series: Annotated[str, typer.Option(help="ZONE/QUANTITY, such as DE/load.")],
    issue_time: Annotated[
        str | None, typer.Option(help="Of which forecast: ISO 8601 with offset; without it, the newest published one.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="What has changed since the forecast of that time; without it, a day before.")
    ] = None,
    version: Annotated[str | None, typer.Option(help="A number or an alias; without it, the one that serves.")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which past hours and which inputs moved a forecast, and what has changed since the one before."""
    workspace = open_workspace(settings)
    one = known_series(workspace, series)
    clock = workspace.settings.zone(one.zone).timezone
    instants = parse_instant(issue_time, "--issue-time", clock), parse_instant(since, "--since", clock)
    from gridahead.pipeline.explain import explain as use_case

    found = use_case(workspace, one, *instants, version)
    if as_json:
        print_json(found.to_dict())
        return
    unit = found.unit
    rows = [
        {"input": row["input"], "when": row["when"], f"share [{unit}]": per(float(str(row["share_mw"])), unit)}
        for row in found.rows()
    ]
    show(rows, False, "What moved the forecast, mean of the delivery day")
    for line in found.words():
        say(line, False)
    for picture in filter(None, (found.picture, found.change_picture)):
        say(f"Picture: {picture}", False)


@app.command()
def drift(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    days: Annotated[int, typer.Option(min=7, help="The newest so many days are looked at.")] = 28,
    retrain: Annotated[bool, typer.Option("--retrain", help="Train the series that have drifted.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say whether inputs, errors or the official forecast have left what is usual; exit code 5 at an alarm.

    Judged are the newest days, against the same season before: the values of every input; the errors and the 80 %
    interval of the model that serves; the error of the official forecast; the band that was published. Where nothing
    has changed, each of them raises an alarm in about one look of a hundred. A change of the official forecast alone is
    told, and --retrain does not train for it: too few days of the new kind are there to learn from.
    """
    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, series)
    from gridahead.pipeline.drift import drift as use_case

    looked_at, failed = of_each(chosen, lambda one: use_case(workspace, one, days))
    found = list(looked_at.values())
    if as_json:
        print_json([one.to_dict() for one in found])
    else:
        for one in found:
            show(one.rows(), False, f"{one.series}: {one.words()}", "nothing to look at")
    to_train, changed = [one.series for one in found if one.retrain], [one.series for one in found if one.alarm]
    if to_train and retrain:
        from gridahead.pipeline.train import train_all

        for candidate in train_all(workspace, to_train):
            say(f"{candidate.series} {candidate.model} v{candidate.version}: {candidate.verdict}", as_json)
        changed = [one for one in changed if one not in to_train]
    if changed:
        names = ", ".join(map(str, changed))
        way = (
            "`gridahead drift --retrain` or `train`"
            if to_train
            else "lean on it less until its errors are usual again or there are weeks of the new kind to learn from"
        )
        drifted = errors.ModelError(names, f"drifted; look at the figures, then {way}")
        if not failed:
            raise drifted
        failed = {**dict.fromkeys(changed[:1], drifted), **failed}  # the alarm comes first: its exit code counts
    require(failed, found)
