"""From when a verdict was known: as soon as the gate, run every day in those days, could have reached it.

A history that is taken in at once is judged with all of it at hand: a level that has shifted shows once the days after
it are there. Operation did not have them, and a back-test must not read as if it had. So whatever a rule says of a day
is asked again with what was available when that day was complete, a day later, and so on: the verdict counts from the
first such instant at which the rule fails with the same severity. The limits are those of the judgement.

What needs nothing but the row itself is known with it. A row whose arrival was recorded was judged as it came, before
anybody could read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.config import Settings
from gridahead.grid import Series
from gridahead.quality.clocks import Ints
from gridahead.quality.curves import Curve, Curves, Floats, lay
from gridahead.quality.evidence import figures
from gridahead.quality.rules import BY_NAME, Rule
from gridahead.vintages import MICROSECONDS_A_DAY, from_micros, micros

LOOKS = (0, 1, 2, 3, 7, 14, 28)
"""Days after a day is complete at which it is judged again: daily while it is news, then weekly; no rule compares a day
with one more than four weeks later."""
BACK = 84
"""Days before that are read, as a gate in operation reads them (`gate.CONTEXT_DAYS`); what only shows with as many days
after, is known then."""
AHEAD = 3
"""Days after an instant of which values may be known by then: official forecasts."""
_RANK = {"pass": 0, "flag": 1, "quarantine": 2, "block": 3}


@dataclass(frozen=True, slots=True)
class _Told:
    """What one rule says, with one severity, of values of one day of a curve."""

    rule: Rule
    severity: str
    judgement: Ints
    """(n,) which judgements."""
    place: Ints
    """(n,) places on the clock of the curve."""


@dataclass(frozen=True, slots=True)
class History:
    """All rows at hand, and the curves that were laid from the sound ones among them."""

    rows: pd.DataFrame
    """The index is the place of each row: 0, 1, 2, …"""
    sound: npt.NDArray[np.bool_]
    curves: Curves
    settings: Settings
    zones: dict[str, tuple[pd.DataFrame, Ints, Ints]] = field(default_factory=dict)
    """The rows of a zone in order of valid time, their valid times and availabilities."""

    def as_of(self, curve: Curve, day: int, instant: int) -> Curve | None:
        """The same curve as it was known at an instant, from `BACK` days before a day on; None if nothing was."""
        zone = curve.series.zone
        if zone not in self.zones:
            rows = self.rows[(self.rows["zone"] == zone).to_numpy() & self.sound]
            rows = rows.iloc[np.argsort(micros(rows["valid_time"]), kind="stable")]
            self.zones[zone] = rows, micros(rows["valid_time"]), micros(rows["available_at"])
        rows, valid, available = self.zones[zone]
        midnight = curve.times[np.searchsorted(curve.clock.day, day)]
        first, last = np.searchsorted(
            valid, [midnight - BACK * MICROSECONDS_A_DAY, instant + AHEAD * MICROSECONDS_A_DAY]
        )
        known = rows.iloc[first:last][available[first:last] <= instant]
        if known.empty:
            return None
        return lay(known, self.settings, self._taught(zone)).get((curve.series, curve.mtu))

    def _taught(self, zone: str) -> Mapping[Series, Mapping[str, float]]:
        return {series: curve.taught for (series, _), curve in self.curves.items() if series.zone == zone}


def known_at(judged: pd.DataFrame, history: History, decided_at: pd.Timestamp) -> pd.DatetimeIndex:
    """From when each judgement was known (J,): never before its row, never after both the row and the judging.

    Args:
        judged: place, rule and severity of each.
        history: what they were judged by.
        decided_at: when they are judged.
    """
    available = micros(history.rows["available_at"])
    assumed = (history.rows["availability"] == "assumed").to_numpy()
    own = available[judged["place"].to_numpy(dtype=np.int64)]
    known = own.copy()
    for curve, day, told in _by_day(judged, assumed, history.curves):
        held = curve.row[curve.clock.day == day]
        complete = int(available[held[held >= 0]][assumed[held[held >= 0]]].max())
        for one, instants in _dated(history, curve, day, complete, told):
            if one.rule.grain == "row" and one.rule.ahead is not None:
                # Shown by the day itself, it shows with the last value that the rule has to see.
                soon = own[one.judgement] + one.rule.ahead * curve.clock.step
                instants = np.where(instants == complete, np.minimum(soon, complete), instants)
            known[one.judgement] = np.maximum(known[one.judgement], instants)
    latest = np.maximum(own, micros(pd.DatetimeIndex([decided_at]))[0])
    return from_micros(np.minimum(known, latest))


def _by_day(
    judged: pd.DataFrame, assumed: npt.NDArray[np.bool_], curves: Curves
) -> Iterator[tuple[Curve, int, list[_Told]]]:
    """What was said of each day of each curve by rules that look at more than a row."""
    owner, at = (np.full(len(assumed), -1, dtype=np.int64) for _ in range(2))
    every = list(curves.values())
    for number, curve in enumerate(every):
        there = np.flatnonzero(curve.row >= 0)
        owner[curve.row[there]], at[curve.row[there]] = number, there
    place = judged["place"].to_numpy(dtype=np.int64)
    measured = judged["rule"].map(lambda rule: rule in BY_NAME and BY_NAME[rule].measure is not None)
    asked = assumed[place] & (owner[place] >= 0) & measured.to_numpy(dtype=bool) & (judged["severity"] != "pass")
    frame = pd.DataFrame({
        "judgement": np.arange(len(judged)), "owner": owner[place], "at": at[place],
        "rule": judged["rule"].to_numpy(), "severity": judged["severity"].to_numpy(),
    })[asked.to_numpy()]  # fmt: skip
    frame["day"] = [every[number].clock.day[t] for number, t in zip(frame["owner"], frame["at"], strict=True)]
    for (number, day), of_day in frame.groupby(["owner", "day"]):
        told = [
            _Told(BY_NAME[rule], severity, part["judgement"].to_numpy(), part["at"].to_numpy())
            for (rule, severity), part in of_day.sort_values("at").groupby(["rule", "severity"])
        ]
        yield every[number], int(day), told


def _dated(history: History, curve: Curve, day: int, complete: int, told: list[_Told]) -> Iterator[tuple[_Told, Ints]]:
    """Each of them with the instants at which it was known."""
    waiting = {n: np.full(len(one.place), complete + BACK * MICROSECONDS_A_DAY) for n, one in enumerate(told)}
    open_still = {n: np.ones(len(one.place), dtype=bool) for n, one in enumerate(told)}
    for look in LOOKS:
        instant = complete + look * MICROSECONDS_A_DAY
        then = history.as_of(curve, day, instant)
        if then is None:
            continue
        for n, one in enumerate(told):
            if open_still[n].any():
                reached = open_still[n] & _reached(one, curve, day, then, history.settings)
                waiting[n][reached], open_still[n][reached] = instant, False
        if not any(still.any() for still in open_still.values()):
            break
    for n, one in enumerate(told):
        yield one, waiting[n]


def _reached(told: _Told, curve: Curve, day: int, then: Curve, settings: Settings) -> npt.NDArray[np.bool_]:
    """(n,) whether the rule failed as badly by what was known then."""
    evidence = _evidence(told.rule, then)
    if told.rule.grain == "day":
        place = np.full(len(told.place), then.clock.days.get_indexer(curve.clock.days[[day]])[0])
        same = place >= 0
    else:
        place = (curve.times[told.place] - then.clock.start) // then.clock.step
        same = (place >= 0) & (place < len(evidence))
        same[same] = then.row[place[same]] == curve.row[told.place[same]]
    figure = np.where(same, evidence[np.where(same, place, 0)], np.nan)
    severities = [
        told.rule.severity_for(curve.series.quantity, settings.quality, one) if one > 1.0 else "pass" for one in figure
    ]
    return np.array([_RANK[one] >= _RANK[told.severity] for one in severities])


def _evidence(rule: Rule, curve: Curve) -> Floats:
    """The strongest evidence of the variants of a rule, on values (T,) or days (D,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = [np.where(limit > 0, measured / limit, np.nan) for measured, limit in figures(rule, curve)]
    blank = np.full(len(curve.value) if rule.grain == "row" else len(curve.clock.days), np.nan)
    return np.asarray(np.fmax.reduce([blank, *found]))
