"""Guesses about files, and the options that take precedence over them."""

from __future__ import annotations

from dataclasses import dataclass, field

from gridahead.core.errors import SettingsError, some_of
from gridahead.core.grid import FORECAST, ZONES, BiddingZone, Series
from gridahead.core.time import zone_info
from gridahead.sources.sniff.meaning import zone_in

UNKNOWN_ZONE = "SITE"
"""Code of the zone of a file that names none: a meter somewhere."""
MANY = 10
"""Series of one file that are written into the settings; more are listed, to be chosen from."""


@dataclass
class SourceGuess:
    """A guessed source: one block `[[sources]]` of the settings, with a reason a key."""

    zone: BiddingZone
    keys: dict[str, object]
    reasons: dict[str, str]

    @property
    def series(self) -> Series | None:
        """What it measures; None for a file of covariates alone."""
        quantity = self.keys.get("quantity")
        return None if quantity is None else Series(self.zone.code, str(quantity))


@dataclass
class Guess:
    """Everything that files seem to hold."""

    sources: list[SourceGuess] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    """By kind, the columns and series that are not read."""

    def doubt(self, text: str) -> None:
        """Record what the files leave uncertain, once."""
        if text not in self.uncertain:
            self.uncertain.append(text)

    def doubts(self, about: str) -> bool:
        """Whether something that begins so is recorded."""
        return any(text.startswith(about) for text in self.uncertain)

    def leave_out(self, kind: str, names: list[str]) -> None:
        """Record what is not read, once."""
        held = self.left_out.setdefault(kind, [])
        held += [name for name in names if name not in held]

    @property
    def not_read(self) -> list[str]:
        """The columns, files and series that are not read, a line a kind."""
        return [f"{kind} {some_of([*map(repr, names)], MANY)}" for kind, names in self.left_out.items() if names]

    def add(self, other: Guess) -> None:
        """Take in what is guessed about further files."""
        self.sources += other.sources
        for text in other.uncertain:
            self.doubt(text)
        for kind, names in other.left_out.items():
            self.leave_out(kind, names)


@dataclass(frozen=True)
class GuessOptions:
    """The options of `init file`; None where the file itself decides."""

    zone: BiddingZone | None = None
    timezone: str | None = None
    quantity: str | None = None
    column: str | None = None
    otherwise: BiddingZone | None = None
    """The zone of a file that names none."""


def guess_options(zone: str | None, timezone: str | None, quantity: str | None, column: str | None) -> GuessOptions:
    """The options as they come from the command line, checked.

    Raises:
        SettingsError: the time zone or the quantity is not known.
    """
    if quantity is not None and quantity not in FORECAST:
        raise SettingsError(f"--quantity {quantity!r} is none that is forecast; known: {', '.join(FORECAST)}")
    local = timezone if timezone is not None and "/" in timezone else "UTC"
    try:
        if timezone is not None and local != "UTC":
            zone_info(timezone)
        place = None if zone is None else ZONES.get(zone) or zone_in(zone) or BiddingZone(zone, local)
    except ValueError as error:
        raise SettingsError(f"--timezone: {error}") from error
    return GuessOptions(place, timezone, quantity, column)
