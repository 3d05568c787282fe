"""Numbers, times and codes as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from gridahead.core.units import Unit, decimals, per, size_of

THIN = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven"}


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit in which the power of one series is shown, so that its numbers have three or four digits."""

    unit: str
    divisor: float
    digits: int

    @classmethod
    def of(cls, highest_mw: float, unit: Unit | None = None) -> Scale:
        """With as many digits as a person compares.

        Args:
            highest_mw: the largest value that is shown [MW].
            unit: as wanted; without it, GW from 2 000 MW on and kW below 1 MW.
        """
        fitting: Unit = "GW" if highest_mw >= 2_000 else "MW" if highest_mw >= 1 or highest_mw == 0 else "kW"
        unit = unit or fitting
        return cls(unit, size_of(unit), decimals(per(highest_mw, unit)))

    def as_fine_as(self, value_mw: float) -> Scale:
        """The same unit, with two digits of a smaller value, such as a difference."""
        return replace(self, digits=max(self.digits, decimals(value_mw / self.divisor, 2)))

    def with_unit(self, unit: str) -> Scale:
        """The same numbers of another unit, such as GWh beside GW."""
        return replace(self, unit=unit)

    def number(self, value_mw: float) -> str:
        """The number alone, such as 58.2."""
        return number(value_mw / self.divisor, self.digits)

    def text(self, value_mw: float) -> str:
        """The number with its unit, such as 58.2 GW."""
        return f"{self.number(value_mw)}{THIN}{self.unit}"


def figure(value: float) -> str:
    """A number of which a small one has three digits: 1 183, 41, 4.12, 0.412."""
    return number(value, 0 if abs(value) >= 10 else decimals(value))


def number(value: float, digits: int = 0) -> str:
    """Thousands in groups, a true minus sign, a dash for what does not exist, and no negative zero."""
    if pd.isna(value):
        return NOTHING
    shown = f"{value:,.{digits}f}".replace(",", THIN)
    return shown.lstrip("-") if not float(f"{value:.{digits}f}") else shown.replace("-", MINUS)


def percent(share: float, digits: int = 0) -> str:
    """A fraction as a percentage, in text."""
    return NOTHING if pd.isna(share) else f"{number(100 * share, digits)}{THIN}%"


def floored_percent(share: float, digits: int = 2) -> str:
    """A share that is called 100 % only when nothing at all is missing."""
    steps = 10.0 ** (digits + 2)
    return percent(int(share * steps + 1e-9) / steps, digits) if share < 1 else percent(share)


def p_words(p: float) -> str:
    """`p = 0.034`; `p < 0.001` where it is smaller, as no figure is that exact, and `no p` where there is none."""
    if pd.isna(p):
        return "no p, too few days"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def day(instant: pd.Timestamp) -> str:
    """A date with its weekday, such as Wed 31 Dec 2025."""
    return f"{instant:%a} {instant.day} {instant:%b %Y}"


def moment(instant: pd.Timestamp) -> str:
    """A date and a time in the zone of the instant, such as 30 Dec 2025, 11:00."""
    return f"{instant.day} {instant:%b %Y, %H:%M}"


def ahead(lead_days: int) -> str:
    """How long before its delivery day a forecast is due, such as three days ahead."""
    if lead_days <= 1:
        return "a day ahead" if lead_days else "on the day itself"
    return f"{_COUNTS.get(lead_days, lead_days)} days ahead"


def title_of_forecasts(lead_days: Iterable[int]) -> str:
    """What a page of forecasts with these leads is called."""
    return "Forecasts" if any(days > 1 for days in lead_days) else "Day-ahead forecasts"


def unit_of_time(start: pd.Timestamp, length: pd.Timedelta) -> str:
    """From when to when, such as 18:00–19:00."""
    return f"{start:%H:%M}–{start + length:%H:%M}"


def words(code: str) -> str:
    """A code as words: `missing_weather` is missing weather."""
    return code.replace("_", " ")


def taught_words(others: int) -> str:
    """What serves a series that has taught its network nothing, by how many others have."""
    return f"learnt from no day of its own: served by what {others} others of its group have taught"
