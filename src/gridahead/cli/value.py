"""`gridahead value`: what forecast errors cost, in EUR."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridahead.cli import complete
from gridahead.cli.console import interval_words, print_json, say, show
from gridahead.cli.options import JsonOption, SeriesOption, SettingsOption, chosen_series, open_workspace
from gridahead.cli.panels import LOOK_CLOSER, example
from gridahead.core.each import of_each, require
from gridahead.core.errors import SettingsError
from gridahead.core.runs import LIVE

if TYPE_CHECKING:
    import pandas as pd

    from gridahead.core.grid import Series
    from gridahead.core.units import Unit
    from gridahead.evaluation.battery import Battery, PriceCurve
    from gridahead.evaluation.value import Prices
    from gridahead.workspace import Workspace

app = typer.Typer()


@app.command(
    rich_help_panel=LOOK_CLOSER, epilog=example("value --series DE/load --run backtest/november --short 15 --long 10")
)
def value(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    run: Annotated[str, typer.Option("--run", help="live, or backtest/NAME.", autocompletion=complete.runs)] = LIVE,
    short: Annotated[
        float | None, typer.Option(min=0, help="What a missing MWh costs beyond the day-ahead price [EUR/MWh].")
    ] = None,
    long: Annotated[
        float | None, typer.Option(min=0, help="What a MWh too many costs: day-ahead less imbalance price [EUR/MWh].")
    ] = None,
    reserve: Annotated[float, typer.Option(min=0, help="Price of holding reserve [EUR/MW/h].")] = 0.0,
    prices: Annotated[
        Path | None, typer.Option(help="CSV instead of flat prices: time (with offset), short, long, perhaps reserve.")
    ] = None,
    cover: Annotated[float, typer.Option(help="Share of cases for which reserve is held.")] = 0.8,
    battery: Annotated[
        str | None, typer.Option(help="MW,MWh: dispatch a battery on the forecasts, instead; needs --curve.")
    ] = None,
    curve: Annotated[
        str | None, typer.Option(help="Price by value of the series, MW:EUR/MWh, such as 20000:20,50000:80,70000:200.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what the errors of forecasts cost: imbalance, reserve, and the saving against the official forecast.

    A load is bought at the forecast (the median), generation sold; the rest is settled at the given disadvantage.
    Reserve is held between the quantiles that cover the given share. With --battery: what a battery would have earned
    that was planned on the paths of the forecasts, against perfect foresight.
    """
    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, series)
    if battery is not None or curve is not None:
        _batteries(workspace, chosen, run, *_parsed(battery, curve), as_json)
    else:
        _costs(workspace, chosen, run, _prices(short, long, reserve, prices), cover, as_json)


def _costs(
    workspace: Workspace, chosen: list[Series], run: str, prices: Prices | pd.DataFrame, cover: float, as_json: bool
) -> None:
    from gridahead.operate.value import costs

    done, failed = of_each(chosen, lambda series: costs(workspace, series, run, prices, cover))
    if as_json:
        print_json(
            [
                {"series": str(series), **asdict(cost), "against": against}
                for series, (against, model_costs) in done.items()
                for cost in model_costs
            ]
        )
    for series, (against, model_costs) in () if as_json else done.items():
        rows = [_line(asdict(cost), workspace.settings.unit_of(series)) for cost in model_costs]
        show(rows, False, f"{series}, {run}: cost, and saving against the {against} forecast")
    if done and not as_json:
        say(
            f"Reserve between the quantiles that cover {cover:.0%}; uncovered: units in which it would not have "
            "sufficed. The saving has a 95 % interval from days drawn in blocks.",
            False,
        )
    require(failed, done.values())


def _line(row: dict[str, Any], unit: Unit) -> dict[str, Any]:
    from gridahead.core.units import per, significant

    saving = row["saving_eur"]
    return {
        "model": row["model"],
        "days": row["days"],
        "imbalance EUR": row["imbalance_eur"],
        f"reserve {unit}": per(row["reserve_mw"], unit),
        "reserve EUR": row["reserve_eur"],
        "uncovered": f"{row['uncovered']:.1%}",
        "total EUR": row["total_eur"],
        "saving EUR": "–" if saving is None else significant(saving),
        "95 % interval": "–" if saving is None else interval_words(row["saving_low"], row["saving_high"]),
    }


def _batteries(
    workspace: Workspace, chosen: list[Series], run: str, battery: Battery, curve: PriceCurve, as_json: bool
) -> None:
    from gridahead.operate.value import batteries

    done, failed = of_each(chosen, lambda series: batteries(workspace, series, run, curve, battery))
    rows = [{"series": str(series), **asdict(earned)} for series, results in done.items() for earned in results]
    if as_json:
        print_json(rows)
    elif done:
        lines = [{**row, "share": f"{row['share']:.1%}", "inside": _percent(row["inside"])} for row in rows]
        show(lines, False, f"A battery of {battery.power_mw:g} MW and {battery.energy_mwh:g} MWh, {run}")
        say(
            "Planned day by day on the expected price, paid at the price of the outturn; possible: perfect foresight. "
            "Drawn: days planned on paths of their forecast; inside: those that earned what 8 of 10 paths had said.",
            False,
        )
    require(failed, done.values())


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _prices(short: float | None, long: float | None, reserve: float, file: Path | None) -> Prices | pd.DataFrame:
    """Flat prices, or those of a file.

    Raises:
        SettingsError: neither is given, or both are.
    """
    from gridahead.evaluation.value import Prices
    from gridahead.operate.value import read_prices

    if file is not None:
        if short is not None or long is not None or reserve:
            raise SettingsError("--prices has them all; leave --short, --long and --reserve out")
        return read_prices(file)
    if short is None or long is None:
        raise SettingsError("what does an error cost? Give --short and --long in EUR/MWh, or --prices FILE")
    return Prices(short, long, reserve)


def _parsed(battery: str | None, curve: str | None) -> tuple[Battery, PriceCurve]:
    """The battery, and the price by load as straight lines between the points.

    Raises:
        SettingsError: one of the two is missing or cannot be read.
    """
    import numpy as np

    from gridahead.evaluation.battery import Battery

    try:
        power, energy = (float(text) for text in (battery or "").split(","))
    except ValueError as error:
        raise SettingsError(f"--battery {battery or ''}: write MW,MWh such as 10,20") from error
    try:
        points = np.array([[float(text) for text in pair.split(":")] for pair in (curve or "").split(",")])
        load, price = points.T
    except ValueError as error:
        raise SettingsError(f"--curve {curve or ''}: write MW:EUR/MWh such as 20000:20,50000:80,70000:200") from error
    if power <= 0 or energy <= 0:
        raise SettingsError(f"--battery {battery}: both numbers are larger than 0")
    if len(load) < 2 or np.any(np.diff(load) <= 0):
        raise SettingsError(f"--curve {curve}: at least two points, the MW rising")
    return Battery(power, energy), lambda values: np.interp(values, load, price)
