"""Why a forecast is what it is, and whether the world has left what the models were made for."""

from __future__ import annotations

from typing import Annotated

import typer

from gridahead.cli import complete
from gridahead.cli.console import print_json, say, show
from gridahead.cli.options import (
    JsonOption,
    SeriesOption,
    SettingsOption,
    chosen_series,
    known_series,
    open_workspace,
    parse_instant,
)
from gridahead.cli.panels import LOOK_CLOSER, example
from gridahead.core.each import of_each, require

app = typer.Typer()


@app.command(rich_help_panel=LOOK_CLOSER, epilog=example("explain --series DE/load"))
def explain(
    series: Annotated[str, typer.Option(help="ZONE/QUANTITY, such as DE/load.", autocompletion=complete.series)],
    issue_time: Annotated[
        str | None, typer.Option(help="Of which forecast: ISO 8601 with offset; without it, the newest published one.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="What has changed since the forecast of that time; without it, a day before.")
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(help="A number or an alias; without it, the one that serves.", autocompletion=complete.versions),
    ] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which past hours and which inputs moved a forecast, and what has changed since the one before."""
    from gridahead.core.units import per

    workspace = open_workspace(settings)
    chosen = known_series(workspace, series)
    clock = workspace.settings.zone(chosen.zone).timezone
    instants = parse_instant(issue_time, "--issue-time", clock), parse_instant(since, "--since", clock)
    from gridahead.operate.explain import explain_forecast
    from gridahead.reports.explanation import explanation_json, explanation_sentences, share_rows

    explained = explain_forecast(workspace, chosen, *instants, version)
    explanation = explained.explanation
    if as_json:
        print_json(explanation_json(explanation, explained.picture, explained.change_picture))
        return
    unit = explanation.unit
    rows = [
        {"input": row["input"], "when": row["when"], f"share [{unit}]": per(float(str(row["share_mw"])), unit)}
        for row in share_rows(explanation)
    ]
    show(rows, False, "What moved the forecast, mean of the delivery day")
    for sentence in explanation_sentences(explanation):
        say(sentence, False)
    for picture in filter(None, (explained.picture, explained.change_picture)):
        say(f"Picture: {picture}", False)


@app.command(rich_help_panel=LOOK_CLOSER, epilog=example("drift --series DE/load --days 28"))
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
    from gridahead.core import errors

    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, series)
    from gridahead.monitoring.drift import drift as use_case
    from gridahead.reports.drift import drift_record, drift_rows, drift_sentence

    looked_at, failed = of_each(chosen, lambda one: use_case(workspace, one, days))
    reports = list(looked_at.values())
    if as_json:
        print_json([drift_record(report) for report in reports])
    else:
        for report in reports:
            show(drift_rows(report), False, f"{report.series}: {drift_sentence(report)}", "nothing to look at")
    to_train, changed = (
        [report.series for report in reports if report.retrain],
        [report.series for report in reports if report.alarm],
    )
    if to_train and retrain:
        from gridahead.operate.train import train_all

        for candidate in train_all(workspace, to_train):
            say(f"{candidate.series} {candidate.model} v{candidate.version}: {candidate.outcome}", as_json)
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
    require(failed, reports)
