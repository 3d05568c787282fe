"""Which series came as their values appeared, and since when: of others nobody knows when a value became known."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from gridahead.core.grid import Series
from gridahead.lake.merged_receipts import Firsts
from gridahead.lake.receipts import Receipt, ReceiptIndex

FOLLOWED_WITHIN = pd.Timedelta(days=7)
"""A payload whose newest value is no older is taken in as it appears: no source publishes more seldom than weekly that
a forecast could use. One that ends earlier is a history, of which nobody saw when it came."""


class FirstFollowed:
    """The first delivery of each series that came as its values appeared; receipts are noted in their order.

    Args:
        series: by their names; all unless given.
    """

    def __init__(self, series: Collection[str] | None = None) -> None:
        self._series = None if series is None else frozenset(series)
        self._first: dict[str, tuple[pd.Timestamp, pd.Timestamp]] = {}

    def note(self, receipt: Receipt) -> None:
        """This delivery came next."""
        for name in receipt.newest:
            held = self._first.get(name)
            if (self._series is not None and name not in self._series) or (held and held[0] < receipt.retrieved_at):
                continue
            newest = pd.Timestamp(receipt.newest[name])
            if receipt.retrieved_at - newest <= FOLLOWED_WITHIN:
                seen = receipt.retrieved_at, min(newest, receipt.retrieved_at)
                self._first[name] = min(held or seen, seen)

    def add(self, firsts: Firsts) -> None:
        """What another has noted came as well."""
        for name, (seen, newest) in firsts.items():
            if self._series is None or name in self._series:
                first = pd.Timestamp(seen), pd.Timestamp(newest)
                self._first[name] = min(self._first.get(name, first), first)

    @property
    def firsts(self) -> Firsts:
        """What has been noted, as it is written down."""
        return {name: (seen.isoformat(), newest.isoformat()) for name, (seen, newest) in self._first.items()}

    def is_settled(self, retrieved_at: pd.Timestamp) -> bool:
        """Whether a delivery that came then, or later, changes nothing."""
        return (
            self._series is not None
            and len(self._first) == len(self._series)
            and all(retrieved_at > seen for seen, _ in self._first.values())
        )

    def before(self, began: pd.Timestamp, series: Collection[str]) -> dict[Series, pd.Timestamp]:
        """Those of the series of which a delivery came before an instant, and up to which availability it had them."""
        found = {name: self._first[name] for name in series if name in self._first}
        return {Series.parse(name): newest for name, (seen, newest) in found.items() if seen < began}


def first_followed(receipts: ReceiptIndex, series: Collection[str]) -> FirstFollowed:
    """The first delivery of each of the series that came as its values appeared; merged receipts are not read again."""
    first = FirstFollowed(series)
    for summary in receipts.summaries():
        first.add(summary.firsts)
    for receipt in receipts.oldest_first(summarised=False):
        if first.is_settled(receipt.retrieved_at):
            break
        first.note(receipt)
    return first
