"""In which unit values are shown, and with how many digits: those of a household are as precise as those of a country.

Power is kept in MW and shown in what fits it; a price is kept and shown in its currency per MWh.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

PowerUnit = Literal["kW", "MW", "GW"]
Unit: TypeAlias = str
"""A unit of power, or of a price its currency with /MWh."""
Power = TypeVar("Power", float, pd.Series, pd.DataFrame, npt.NDArray[np.float32], npt.NDArray[np.float64])
MEGAWATTS: Mapping[str, float] = {"kW": 1e-3, "MW": 1.0, "GW": 1e3}
"""How many MW one of the unit is. The lake, tables and JSON keep MW; only what people read is in another unit."""
MOST_DECIMALS = 9
"""In MW this is a thousandth of a watt: what lies below is noise of the arithmetic, not a value."""


def per(value_mw: Power, unit: Unit) -> Power:
    """Power [MW] in another unit, a number or a table of them; a price, which has one unit alone, as it is."""
    divisor = size_of(unit)
    return value_mw if divisor == 1.0 else value_mw / divisor


def size_of(unit: Unit) -> float:
    """How many MW one of the unit is; 1 for that of a price, which is kept as it is shown."""
    return MEGAWATTS.get(unit, 1.0)


def decimals(value: float, digits: int = 3) -> int:
    """So many places after the point that this value has as many significant digits."""
    if not math.isfinite(value) or value == 0:
        return 0
    return min(MOST_DECIMALS, max(0, digits - 1 - math.floor(math.log10(abs(value)))))


def significant(value: float, digits: int = 3) -> str:
    """The number with so many significant digits at least, and no power of ten: 1,183, 41.2, 0.00412."""
    shown = f"{value:,.{decimals(value, digits)}f}"
    return shown if shown.strip("-0.,") or not math.isfinite(value) else "0"


def signed(value: float, digits: int = 3) -> str:
    """The number as text with its sign: +1,183, -0.00412."""
    return significant(value, digits) if value < 0 else f"+{significant(value, digits)}"


def tick(value: float) -> str:
    """The number at a mark of an axis: as many digits as it has, without noise of the arithmetic."""
    return f"{value:,.6g}" if abs(value) >= 1 else f"{value:.6f}".rstrip("0").rstrip(".")


def power(value_mw: float, unit: Unit, *, sign: bool = False) -> str:
    """Power [MW] as a number with its unit: 41.2 MW, 0.412 kW."""
    return f"{(signed if sign else significant)(per(value_mw, unit))} {unit}"


def unit_of_source(unit: str) -> PowerUnit:
    """The unit in which values are shown that came in this one: that of the source, without its time."""
    power = unit.removesuffix("h")
    return "kW" if power in ("W", "kW") else "GW" if power == "GW" else "MW"


_PRICE = re.compile(r"(?P<currency>[A-Z]{3}|[€£$¥])/(?P<energy>[kMG]?Wh)")
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY"}
_PER_MWH = {"Wh": 1e6, "kWh": 1e3, "MWh": 1.0, "GWh": 1e-3}
"""A price per MWh is so many times that per another unit of energy."""


def price_unit(text: str) -> tuple[Unit, float] | None:
    """The unit in which a price is kept, such as EUR/MWh, and the factor to it; None where a text is no such unit."""
    match = _PRICE.fullmatch(text.strip())
    if match is None:
        return None
    currency = match["currency"]
    return f"{_SIGNS.get(currency, currency)}/MWh", _PER_MWH[match["energy"]]
