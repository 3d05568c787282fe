"""The countries and subdivisions that have a calendar of public holidays; settings are checked against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from gridahead.core.errors import nearest
from gridahead.core.time import zones_with_places

MOST = 1.001
"""What the shares of the population may add up to: rounded ones come to a little more than 1."""


@cache
def _countries() -> dict[str, str]:
    """The country of every time zone that has one."""
    return {name: country for country, _, name in zones_with_places()}


def country_of(timezone: str) -> str | None:
    """The country whose local time it is, as ISO 3166 says it; None for UTC and other zones without a place."""
    return _countries().get(timezone)


def holidays_of(timezone: str) -> str | None:
    """The country whose local time it is, if a calendar of its public holidays can be made."""
    country = country_of(timezone)
    try:
        check_holidays(country, {})
    except ValueError:
        return None
    return country


def check_holidays(country: str | None, weights: Mapping[str, float], timezone: str = "UTC") -> None:
    """Let pass only what a calendar of public holidays can be made for.

    Args:
        country: ISO 3166 code; None for none.
        weights: share of the population by subdivision.
        timezone: local time of the zone, whose country is an example.

    Raises:
        ValueError: there is no such country or subdivision, or the weights are no shares; names the nearest right one.
    """
    example = country_of(timezone) or "DE"
    if country is None:
        if weights:
            raise ValueError(
                f'holiday_weights are of the subdivisions of a country: say which, such as country = "{example}", or '
                "leave them out"
            )
        return
    import holidays  # takes a fifth of a second, and most settings declare no zone

    codes = set(holidays.list_supported_countries(include_aliases=True)) - {""}
    if country not in codes:
        raise ValueError(
            f"there is no calendar of public holidays for country = {country!r}. {_near_country(country, codes)}Give "
            f'the ISO 3166 code of two letters, such as "{example}", or leave it out for a zone without holidays'
        )
    calendar = getattr(holidays, country)
    _check_subdivisions(country, calendar.subdivisions, getattr(calendar, "subdivisions_aliases", {}), weights)


def _check_subdivisions(
    country: str, codes: Sequence[str], aliases: Mapping[str, str], weights: Mapping[str, float]
) -> None:
    names = {**{code: code for code in codes}, **aliases}
    for part in weights:
        if part not in names:
            has = ", ".join(codes) or "none, so leave holiday_weights out"
            raise ValueError(
                f"{country} has no subdivision {part!r} with holidays of its own. {_did_you_mean(part, names)}It has "
                f"{has}"
            )
    if weights and (min(weights.values()) < 0 or sum(weights.values()) > MOST):
        raise ValueError(
            f"holiday_weights are shares of the population, from 0 to 1 and together 1 at most; they come to "
            f"{sum(weights.values()):g}"
        )


def _near_country(country: str, codes: Iterable[str]) -> str:
    """Which code was meant by a name, or by a code in other letters."""
    from holidays.registry import COUNTRIES

    names: dict[str, str] = {code: code for code in codes}
    for name, (_, code, *_) in COUNTRIES.items():
        names[name.replace("_", " ").title()] = code
    return _did_you_mean(country, names)


def _did_you_mean(text: str, names: Mapping[str, str]) -> str:
    """The code whose code or name is spelt most like a text, as a question; nothing where none is."""
    name = nearest(text, names, likeness=0.5)
    if name is None:
        return ""
    code = names[name]
    return f'Did you mean "{code}"{"" if name == code else f" ({name})"}? '
