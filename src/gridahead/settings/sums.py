"""Sums: series whose forecasts are to add up, such as the zones of a country and the country.

A block that is reconciled says so; without that the sum is known, and nothing is done about it. Sums may stand on one
another, the substations of a region and the regions of a country, or share parts; all that hang together are
reconciled at once, which needs forecasts of one delivery day and one issue time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from gridahead.core.errors import did_you_mean
from gridahead.core.grid import PRICE, Series
from gridahead.core.time import Mtu
from gridahead.settings.section import Section, SeriesText

if TYPE_CHECKING:
    from gridahead.settings.model import SeriesSettings


class SumSettings(Section):
    """A total and its parts."""

    total: SeriesText
    """The series that is the sum of the others, such as NYISO/load; it is forecast by itself as well."""
    parts: Annotated[tuple[SeriesText, ...], Field(min_length=2)]
    """What it is the sum of, two series or more, by name or by pattern: ["*/load"] means all but the total."""
    group: str | None = None
    """Of a pattern: only zones of this group."""
    reconcile: Literal["mint"] | None = None
    """Whether their published forecasts are made to add up. `mint`: what is too much or too little is shared out by how
    much the forecast of each has erred of late, and together with which others (MinT, minimum trace, with shrinkage).
    Without it: they are published as each was forecast."""

    @property
    def members(self) -> tuple[Series, ...]:
        """The total, then its parts."""
        return (self.total, *self.parts)


def connected(sums: Sequence[SumSettings], series: Series) -> tuple[SumSettings, ...]:
    """The sums that are reconciled together with a series: those that it is in, and those that share a series with one.

    Args:
        sums: of the settings.
        series: any; none are given of one that is in no sum that is reconciled.
    """
    reached, chosen = {series}, set[int]()
    wanted = [(place, one) for place, one in enumerate(sums) if one.reconcile]
    while more := [(place, one) for place, one in wanted if place not in chosen and reached & set(one.members)]:
        chosen |= {place for place, _ in more}
        reached |= {member for _, one in more for member in one.members}
    return tuple(one for place, one in wanted if place in chosen)


def sum_findings(
    sums: Sequence[SumSettings], entries: Mapping[Series, SeriesSettings], timezone_of: Callable[[Series], str]
) -> Iterator[str]:
    """What is wrong with the sums, a line each.

    Args:
        sums: of the settings.
        entries: of the series that are forecast.
        timezone_of: the time zone of a series that is forecast.
    """
    for one in sums:
        wrong = [*_of_members(one, entries)]
        # What compares members needs all of them.
        yield from (f"sums {one.total}: {words}" for words in wrong or _of_comparison(one, entries, timezone_of))
    yield from _of_totals(sums)


def _of_members(one: SumSettings, entries: Mapping[Series, SeriesSettings]) -> Iterator[str]:
    """What is wrong with single series of a sum."""
    if one.total in one.parts:
        yield f"it is a part of itself; take {one.total} out of its parts"
    for part, times in Counter(one.parts).items():
        if times > 1:
            yield f"{part} stands among its parts {times} times; keep one"
    for member in one.members:
        if member not in entries:
            hint = did_you_mean(str(member), [str(known) for known in entries])
            yield f"{member} is not forecast; {hint}add a block [[series]] of it, or take it out of the sum"
    if one.total.quantity == PRICE:
        yield "prices do not add up; a sum is of power"
    for part in one.parts:
        if part.quantity != one.total.quantity:
            yield f"{part} is of another quantity than {one.total}; name series of {one.total.quantity}"


def _of_comparison(
    one: SumSettings, entries: Mapping[Series, SeriesSettings], timezone_of: Callable[[Series], str]
) -> Iterator[str]:
    """What differs among its series that has to be the same."""
    total = entries[one.total]
    for member in one.members:
        entry = entries[member]
        if entry.intraday and one.reconcile:
            yield (
                f"{member} is renewed every hour, each series by itself; say intraday = false, or leave reconcile out"
            )
        if entry.deadline != total.deadline:
            yield (
                f"the forecast of {member} is due {entry.deadline}, that of {one.total} {total.deadline}; "
                f'say deadline = "{total.deadline}" for both'
            )
        if timezone_of(member) != timezone_of(one.total):
            yield (
                f"the delivery days of {member} are those of {timezone_of(member)}, of {one.total} those of "
                f"{timezone_of(one.total)}; declare one timezone for both under [[zones]]"
            )
        if entry.mtu != total.mtu:
            yield (
                f"the market time unit of {member} is {_said(entry.mtu)}, that of {one.total} {_said(total.mtu)}; "
                "say the same mtu for both"
            )


def _said(mtu: Mtu | None) -> str:
    return "that of its data" if mtu is None else str(mtu)


def _of_totals(sums: Sequence[SumSettings]) -> Iterator[str]:
    """Which sums contradict one another."""
    for total, times in Counter(one.total for one in sums).items():
        if times > 1:
            yield f"sums {total}: it stands there {times} times as a total; keep one block [[sums]] of it"
    parts = {one.total: one.parts for one in sums}
    for total in parts:
        found, way_round = _counted(total, parts, (total,))
        if way_round:
            between = ", ".join(map(str, way_round))
            yield f"sums {total}: it is a part of itself by way of {between}; take it out of the parts of one of them"
        elif twice := [series for series, times in Counter(found).items() if times > 1]:
            yield (
                f"sums {total}: {twice[0]} is counted twice in it, by itself and in a part that is a sum, or in two "
                "parts; take it out of one"
            )


def _counted(
    series: Series, parts: Mapping[Series, Sequence[Series]], above: tuple[Series, ...]
) -> tuple[list[Series], tuple[Series, ...]]:
    """Everything below a total, as often as it is counted; and where the first one is below itself, the way there."""
    found = list[Series]()
    for part in parts[series]:
        if part == above[0]:
            return found, above[1:]
        found.append(part)
        if part in parts and part not in above:
            below, way_round = _counted(part, parts, (*above, part))
            if way_round:
                return found, way_round
            found += below
    return found, ()
