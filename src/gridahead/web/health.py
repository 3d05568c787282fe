"""Health: what a probe asks. Alive is whoever answers; healthy is who has published everything that was due."""

from __future__ import annotations

from dataclasses import dataclass

from gridahead.web.state import Line, State


@dataclass(frozen=True)
class Health:
    """The answer to a probe."""

    healthy: bool
    reasons: tuple[str, ...]
    """What is wrong; empty if nothing."""

    @property
    def code(self) -> int:
        """The HTTP status."""
        return 200 if self.healthy else 503


def health(state: State) -> Health:
    """Whether nothing due is missing; what cannot be told is not healthy."""
    late = [late_words(line) for line in state.late]
    blind = [f"{part} cannot be read: {why}" for part, why in state.problems.items() if part in ("data", "forecasts")]
    reasons = (*late, *blind)
    return Health(not reasons, reasons)


def late_words(line: Line) -> str:
    """A sentence on a forecast that was due and is not out."""
    newest = f"the newest is for {line.manifest['delivery_day']}" if line.manifest else "there is none at all"
    assert line.late is not None
    what = f"{line.series}: the forecast for {line.due} was due at {line.late.deadline:%Y-%m-%d %H:%M} UTC"
    closure = f"{line.late.gate_closure:%Y-%m-%d %H:%M} UTC"
    if line.wanted == line.due:
        return (
            f"{what} and is not published; {newest}. Gate closure {closure}. Run `gridahead forecast --series "
            f"{line.series}`"
        )
    return (
        f"{what}, and nothing was published before its gate closure at {closure}; {newest}. "
        "`gridahead catch-up` makes it afterwards, for the scores"
    )
