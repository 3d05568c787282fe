"""What was guessed, why, and what a person should look at."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Notes:
    """Reasons by key of the settings, and everything that the file leaves uncertain."""

    reasons: dict[str, str] = field(default_factory=dict)
    uncertain: list[str] = field(default_factory=list)

    def guess(self, key: str, why: str) -> None:
        """Record why a key has its value."""
        self.reasons[key] = why

    def doubt(self, text: str) -> None:
        """Record what the file leaves open, and which key changes it."""
        if text not in self.uncertain:
            self.uncertain.append(text)
