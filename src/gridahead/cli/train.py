"""What is done to networks: train them, diagnose them, search better settings."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from gridahead.cli import complete
from gridahead.cli.console import err, out, print_json, say, show
from gridahead.cli.options import (
    JsonOption,
    SeriesOption,
    SettingsOption,
    chosen_series,
    known_series,
    open_workspace,
    unit_of,
)
from gridahead.cli.panels import MODELS, STUDY, example
from gridahead.core.each import of_each, require
from gridahead.core.errors import PartialError

if TYPE_CHECKING:
    from gridahead.core.units import Unit

app = typer.Typer()
log = logging.getLogger(__name__)


@app.command(rich_help_panel=MODELS, epilog=example("train --series DE/load"))
def train(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    warm: Annotated[
        bool, typer.Option("--warm", help="Begin with the weights of each series' champion, for fewer epochs.")
    ] = False,
    warm_from: Annotated[
        str | None,
        typer.Option(
            help="Begin with the weights of this series' champion: ZONE/QUANTITY.", autocompletion=complete.series
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the models of every series, unless nothing has changed; a trial decides whether the best of them serves."""
    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, series)
    source = known_series(workspace, warm_from) if warm_from else None
    from gridahead.cli.progress import training_progress
    from gridahead.operate.train import train_all

    failed: PartialError | None = None
    with training_progress(err) as progress:
        try:
            done = train_all(workspace, chosen, progress, warm=warm, warm_from=source)
        except PartialError as error:
            done, failed = list(error.done), error
    units = unit_of(workspace)
    rows = [
        {
            "series": str(candidate.series),
            "model": candidate.model,
            "version": candidate.version,
            **(candidate.validation if as_json else _shown(candidate.validation, units(str(candidate.series)))),
            "epochs": candidate.epochs,
            "seconds": candidate.seconds,
            "champion": candidate.champion,
            **({"known": candidate.known, "outcome": candidate.outcome, "card": candidate.card} if as_json else {}),
        }
        for candidate in done
    ]
    show(rows, as_json, "Trained")
    for page in (candidate.card for candidate in done if candidate.card and not as_json):
        say(f"Card: {page}", False)
    if failed is not None:
        raise failed


def _shown(validation: Mapping[str, float], unit: Unit) -> dict[str, str]:
    """Figures with their unit, under the name without what they all are."""
    from gridahead.core.units import power

    return {name.removeprefix("validation_"): power(value, unit) for name, value in validation.items()}


@app.command(rich_help_panel=STUDY, epilog=example("diagnose --series DE/load --model gru"))
def diagnose(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="The newest version of that model; without it, the one that serves.", autocompletion=complete.networks
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how far back a network hears: gradients through time, step Jacobians, forget gates, clipping."""
    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, series)
    from gridahead.operate.explain import diagnose_model
    from gridahead.reports.diagnosis import diagnosis_json, diagnosis_rows, memory_sentence, undefined_sentence

    by_series, failed = of_each(chosen, lambda of_series: diagnose_model(workspace, of_series, model))
    diagnosed = [result for results in by_series.values() for result in results]
    if as_json:
        print_json([diagnosis_json(result.diagnosis, result.picture) for result in diagnosed])
    for result in () if as_json else diagnosed:
        gradients = result.diagnosis.gradients
        show(diagnosis_rows(result.diagnosis), False, result.diagnosis.title)
        sentences = memory_sentence(gradients), undefined_sentence(gradients), f"Picture: {result.picture}"
        for sentence in filter(None, sentences):
            say(sentence, False)
    require(failed, by_series.values())


@app.command(rich_help_panel=STUDY, epilog=example("search --series DE/load --model gru --minutes 60"))
def search(
    series: Annotated[str, typer.Option(help="ZONE/QUANTITY, such as DE/load.", autocompletion=complete.series)],
    model: Annotated[str, typer.Option(help="A network of the settings.", autocompletion=complete.networks)] = "lstm",
    minutes: Annotated[float, typer.Option(min=0, help="Of this call. A trial under way then is stopped.")] = 30,
    trials: Annotated[int | None, typer.Option(min=1, help="At most so many in this call.")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for better settings of a network, on the validation days only; called again, it goes on."""
    workspace = open_workspace(settings)
    chosen = known_series(workspace, series)
    unit = workspace.settings.unit_of(chosen)
    from gridahead.reports.search import best_settings_toml, search_json, search_rows, search_sentence, trial_line
    from gridahead.tuning.search import search as use_case

    result = use_case(
        workspace,
        chosen,
        model,
        minutes,
        trials,
        lambda study, trial, ended, left: log.info("%s", trial_line(study, trial, ended, left, unit)),
    )
    if as_json:
        print_json(search_json(result))
        return
    show(search_rows(result), False, f"Best settings of {result.search.label} [{unit} on the validation days]")
    say(search_sentence(result), False)
    out.print(best_settings_toml(result), soft_wrap=True)
