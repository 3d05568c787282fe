"""What is wrong with one payload, collected so that one error lists all findings."""

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
        self.messages: list[str] = []
        self.remedies: list[str] = []

    def add(self, finding: str, remedy: str) -> None:
        """Record one finding and its remedy."""
        self.messages.append(finding)
        if remedy not in self.remedies:
            self.remedies.append(remedy)

    def add_rows(self, texts: pd.Series, problem: str, remedy: str) -> None:
        """Record one finding a row; the index of the texts is the row as a spreadsheet shows it."""
        for row, text in texts.items():
            self.add(f"row {row}: {str(text)!r} {problem}", remedy)

    def take(self, findings: Findings) -> None:
        """Record what has been found elsewhere, with its remedies."""
        self.messages += findings.messages
        self.remedies += [remedy for remedy in findings.remedies if remedy not in self.remedies]

    def stop(self) -> None:
        """Go on only if nothing has been found.

        Raises:
            SourceError: something has; it names the file, the first findings, their number and the remedies.
        """
        if self.messages:
            raise self._error()

    def refuse(self, finding: str, remedy: str) -> SourceError:
        """The error for a finding after which nothing else can be checked; the caller raises it."""
        self.add(finding, remedy)
        return self._error()

    def _error(self) -> SourceError:
        listed = "; ".join(self.messages[:NAMED])
        if len(self.messages) > NAMED:
            listed += f"; and {len(self.messages) - NAMED} more ({len(self.messages)} findings)"
        file = f"{self.file}: " if self.file else ""
        return SourceError(
            self.source,
            f"{file}{listed}{'' if listed.endswith('?') else '.'} Nothing was read. {' '.join(self.remedies)}",
        )
