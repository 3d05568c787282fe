"""What is wrong with one payload, collected so that everything is said at once."""

from __future__ import annotations

import pandas as pd

from gridahead.core.errors import SourceError

NAMED = 5
"""Findings that a message spells out; the others are counted. More than a screenful hides the remedy."""


class Findings:
    """The findings in one payload and what to do about them."""

    def __init__(self, source: str, file: str = "") -> None:
        self.source = source
        self.file = file
        self.found: list[str] = []
        self.remedies: list[str] = []

    def add(self, finding: str, remedy: str) -> None:
        """Record one finding and its remedy."""
        self.found.append(finding)
        if remedy not in self.remedies:
            self.remedies.append(remedy)

    def add_rows(self, texts: pd.Series, what: str, remedy: str) -> None:
        """Record one finding a row; the index of the texts is the row as a spreadsheet shows it."""
        for row, text in texts.items():
            self.add(f"row {row}: {str(text)!r} {what}", remedy)

    def take(self, others: Findings) -> None:
        """Record what has been found elsewhere, with its remedies."""
        self.found += others.found
        self.remedies += [remedy for remedy in others.remedies if remedy not in self.remedies]

    def stop(self) -> None:
        """Go on only if nothing has been found.

        Raises:
            SourceError: something has; it names the file, the first findings, their number and the remedies.
        """
        if self.found:
            raise self._error()

    def refuse(self, finding: str, remedy: str) -> SourceError:
        """The error for a finding after which nothing else can be checked; the caller raises it."""
        self.add(finding, remedy)
        return self._error()

    def _error(self) -> SourceError:
        named = "; ".join(self.found[:NAMED])
        if len(self.found) > NAMED:
            named += f"; and {len(self.found) - NAMED} more ({len(self.found)} findings)"
        file = f"{self.file}: " if self.file else ""
        return SourceError(
            self.source,
            f"{file}{named}{'' if named.endswith('?') else '.'} Nothing was read. {' '.join(self.remedies)}",
        )
