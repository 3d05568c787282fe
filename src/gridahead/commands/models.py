"""What is done to models: fit, back-test, look inside, look for better settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from gridahead.commands.options import (
    JsonOption,
    SeriesOption,
    SettingsOption,
    chosen_series,
    known_series,
    open_workspace,
    unit_of,
)
from gridahead.console import err, out, print_json, say, show
from gridahead.each import of_each, require
from gridahead.errors import PartialError
from gridahead.units import PowerUnit, power

app = typer.Typer()


@app.command()
def train(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    warm: Annotated[
        bool, typer.Option("--warm", help="Begin with the weights of each series' champion, for fewer epochs.")
    ] = False,
    warm_from: Annotated[
        str | None, typer.Option(help="Begin with the weights of this series' champion: ZONE/QUANTITY.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the models of every series, unless nothing has changed; the gate decides whether the best of them serves."""
    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, series)
    source = known_series(workspace, warm_from) if warm_from else None
    from gridahead.pipeline.train import train_all
    from gridahead.progress import training_progress

    failed: PartialError | None = None
    with training_progress(err) as progress:
        try:
            done = train_all(workspace, chosen, progress, warm=warm, warm_from=source)
        except PartialError as error:
            done, failed = list(error.done), error
    units = unit_of(workspace)
    rows = [
        {
            "series": str(one.series), "model": one.model, "version": one.version,
            **(one.validation if as_json else _shown(one.validation, units(str(one.series)))),
            "epochs": one.epochs, "seconds": one.seconds, "champion": one.champion,
            **({"known": one.known, "verdict": one.verdict, "card": one.card} if as_json else {}),
        }
        for one in done
    ]  # fmt: skip
    show(rows, as_json, "Trained")
    for page in (one.card for one in done if one.card and not as_json):
        say(f"Card: {page}", False)
    if failed is not None:
        raise failed


def _shown(validation: Mapping[str, float], unit: PowerUnit) -> dict[str, str]:
    """Figures with their unit, under the name without what they all are."""
    return {name.removeprefix("validation_"): power(value, unit) for name, value in validation.items()}


@app.command()
def diagnose(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    model: Annotated[
        str | None, typer.Option(help="The newest version of that model; without it, the one that serves.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how far back a network hears: gradients through time, step Jacobians, forget gates, clipping."""
    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, series)
    from gridahead.pipeline.diagnose import diagnose as use_case

    by_series, failed = of_each(chosen, lambda one: use_case(workspace, one, model))
    done = [one for found in by_series.values() for one in found]
    if as_json:
        print_json([one.to_dict() for one in done])
    for one in () if as_json else done:
        show(one.rows(), False, one.title)
        for line in filter(None, (one.gradients.sentence(), one.gradients.undefined(), f"Picture: {one.picture}")):
            say(line, False)
    require(failed, by_series.values())


@app.command()
def search(
    series: Annotated[str, typer.Option(help="ZONE/QUANTITY, such as DE/load.")],
    model: Annotated[str, typer.Option(help="A network of the settings.")] = "lstm",
    minutes: Annotated[float, typer.Option(min=0, help="Of this call. A trial under way then is stopped.")] = 30,
    trials: Annotated[int | None, typer.Option(min=1, help="At most so many in this call.")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for better settings of a network, on the validation days only; called again, it goes on."""
    workspace = open_workspace(settings)
    one = known_series(workspace, series)
    from gridahead.pipeline.search import search as use_case

    found = use_case(workspace, one, model, minutes, trials)
    if as_json:
        print_json(found.to_dict())
        return
    show(found.rows(), False, f"Best settings of {found.search.label} [{found.unit} on the validation days]")
    say(found.sentence(), False)
    out.print(found.snippet(), soft_wrap=True)
