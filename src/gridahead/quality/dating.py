"""From when a verdict was known: as soon as a gate that ran every day in those days could have reached it.

A history that is taken in at once is inspected with all of it at hand: a level that has shifted shows once the days
after it are there. Operation did not have them, and a back-test must not read as if it had. So a rule that failed on a
day is applied again to what was available when that day was complete, a day later, and so on: the verdict counts from
the first such instant at which the rule fails with the same severity. The limits are those of the inspection.

A rule that needs nothing but the row itself is known to fail with the row. A row whose arrival was recorded was
inspected as it came, before anybody could read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.vintages import MICROSECONDS_A_DAY, from_micros, micros
from gridahead.quality.apply_rules import variants_of
from gridahead.quality.clocks import Ints
from gridahead.quality.curves import Curve, Curves, Floats, curves_of
from gridahead.quality.measures.base import MEASURES
from gridahead.quality.rules import severity_for
from gridahead.settings.model import Settings
from gridahead.settings.quality_rules import RULE_BY_NAME, Rule

RECHECK_DAYS = (0, 1, 2, 3, 7, 14, 28)
"""Days after a day is complete at which it is inspected again: daily while it is news, then weekly; no rule compares a
day with one more than four weeks later."""
DAYS_BACK = 84
"""Days before that are read, as a gate in operation reads them (`gate.CONTEXT_DAYS`); what only shows with as many days
after, is known then."""
DAYS_AHEAD = 3
"""Days after an instant of which values may be known by then: official forecasts."""
_RANK = {"pass": 0, "flag": 1, "quarantine": 2, "block": 3}


@dataclass(frozen=True, slots=True)
class _FailedRule:
    """One rule that failed, with one severity, on values of one day of a curve."""

    rule: Rule
    severity: str
    line: Ints
    """(n,) lines of the table of failed rows."""
    place: Ints
    """(n,) places on the clock of the curve."""


@dataclass(frozen=True, slots=True)
class History:
    """All rows at hand, and the curves of the sound ones among them."""

    rows: pd.DataFrame
    """The index is the place of each row: 0, 1, 2, …"""
    sound: npt.NDArray[np.bool_]
    curves: Curves
    settings: Settings
    zones: dict[str, tuple[pd.DataFrame, Ints, Ints]] = field(default_factory=dict)
    """The rows of a zone in order of valid time, their valid times and availabilities."""

    def as_of(self, curve: Curve, day: int, instant: int) -> Curve | None:
        """The same curve as it was known at an instant, from `DAYS_BACK` days before a day on; None if nothing was."""
        zone = curve.series.zone
        if zone not in self.zones:
            rows = self.rows[(self.rows["zone"] == zone).to_numpy() & self.sound]
            rows = rows.iloc[np.argsort(micros(rows["valid_time"]), kind="stable")]
            self.zones[zone] = rows, micros(rows["valid_time"]), micros(rows["available_at"])
        rows, valid, available = self.zones[zone]
        midnight = curve.times[np.searchsorted(curve.clock.day, day)]
        first, last = np.searchsorted(
            valid, [midnight - DAYS_BACK * MICROSECONDS_A_DAY, instant + DAYS_AHEAD * MICROSECONDS_A_DAY]
        )
        rows_then = rows.iloc[first:last][available[first:last] <= instant]
        if rows_then.empty:
            return None
        return curves_of(rows_then, self.settings, self._learnt(zone)).get((curve.series, curve.mtu))

    def _learnt(self, zone: str) -> Mapping[Series, Mapping[str, float]]:
        return {series: curve.learnt for (series, _), curve in self.curves.items() if series.zone == zone}


def known_at(failed: pd.DataFrame, history: History, decided_at: pd.Timestamp) -> pd.DatetimeIndex:
    """From when each failure was known (F,): never before its row, never after both the row and the inspection.

    Args:
        failed: place, rule and severity of each failed row.
        history: the rows that were inspected, and their curves.
        decided_at: when they are inspected.
    """
    available = micros(history.rows["available_at"])
    assumed = (history.rows["availability"] == "assumed").to_numpy()
    own = available[failed["place"].to_numpy(dtype=np.int64)]
    instants_known = own.copy()
    for curve, day, failures in _by_day(failed, assumed, history.curves):
        rows_of_day = curve.row[curve.clock.day == day]
        complete = int(available[rows_of_day[rows_of_day >= 0]][assumed[rows_of_day[rows_of_day >= 0]]].max())
        for failure, instants in _dated(history, curve, day, complete, failures):
            if failure.rule.grain == "row" and failure.rule.ahead is not None:
                # Shown by the day itself, it shows with the last value that the rule has to see.
                soon = own[failure.line] + failure.rule.ahead * curve.clock.step
                instants = np.where(instants == complete, np.minimum(soon, complete), instants)
            instants_known[failure.line] = np.maximum(instants_known[failure.line], instants)
    latest = np.maximum(own, micros(pd.DatetimeIndex([decided_at]))[0])
    return from_micros(np.minimum(instants_known, latest))


def _by_day(
    failed: pd.DataFrame, assumed: npt.NDArray[np.bool_], curves: Curves
) -> Iterator[tuple[Curve, int, list[_FailedRule]]]:
    """The failures on each day of each curve, of rules that look at more than a row."""
    owner, at = (np.full(len(assumed), -1, dtype=np.int64) for _ in range(2))
    all_curves = list(curves.values())
    for number, curve in enumerate(all_curves):
        there = np.flatnonzero(curve.row >= 0)
        owner[curve.row[there]], at[curve.row[there]] = number, there
    place = failed["place"].to_numpy(dtype=np.int64)
    measured = failed["rule"].map(lambda rule: rule in MEASURES)
    dated = assumed[place] & (owner[place] >= 0) & measured.to_numpy(dtype=bool) & (failed["severity"] != "pass")
    frame = pd.DataFrame(
        {
            "line": np.arange(len(failed)),
            "owner": owner[place],
            "at": at[place],
            "rule": failed["rule"].to_numpy(),
            "severity": failed["severity"].to_numpy(),
        }
    )[dated.to_numpy()]
    frame["day"] = [all_curves[number].clock.day[t] for number, t in zip(frame["owner"], frame["at"], strict=True)]
    for (number, day), of_day in frame.groupby(["owner", "day"]):
        failures = [
            _FailedRule(RULE_BY_NAME[rule], severity, part["line"].to_numpy(), part["at"].to_numpy())
            for (rule, severity), part in of_day.sort_values("at").groupby(["rule", "severity"])
        ]
        yield all_curves[number], int(day), failures


def _dated(
    history: History, curve: Curve, day: int, complete: int, failures: list[_FailedRule]
) -> Iterator[tuple[_FailedRule, Ints]]:
    """Each failure with the instants (n,) at which it was known."""
    instants_known = {
        n: np.full(len(failure.place), complete + DAYS_BACK * MICROSECONDS_A_DAY) for n, failure in enumerate(failures)
    }
    pending = {n: np.ones(len(failure.place), dtype=bool) for n, failure in enumerate(failures)}
    for days in RECHECK_DAYS:
        instant = complete + days * MICROSECONDS_A_DAY
        curve_then = history.as_of(curve, day, instant)
        if curve_then is None:
            continue
        for n, failure in enumerate(failures):
            if pending[n].any():
                reached = pending[n] & _failed_then(failure, curve, day, curve_then, history.settings)
                instants_known[n][reached], pending[n][reached] = instant, False
        if not any(open_ones.any() for open_ones in pending.values()):
            break
    for n, failure in enumerate(failures):
        yield failure, instants_known[n]


def _failed_then(
    failure: _FailedRule, curve: Curve, day: int, curve_then: Curve, settings: Settings
) -> npt.NDArray[np.bool_]:
    """(n,) whether the rule failed as badly by what was known then."""
    ratios = _largest_ratios(failure.rule, curve_then)
    if failure.rule.grain == "day":
        place = np.full(len(failure.place), curve_then.clock.days.get_indexer(curve.clock.days[[day]])[0])
        same = place >= 0
    else:
        place = (curve.times[failure.place] - curve_then.clock.start) // curve_then.clock.step
        same = (place >= 0) & (place < len(ratios))
        same[same] = curve_then.row[place[same]] == curve.row[failure.place[same]]
    severities = [
        severity_for(failure.rule, curve.series.quantity, settings.quality, ratio) if ratio > 1.0 else "pass"
        for ratio in np.where(same, ratios[np.where(same, place, 0)], np.nan)
    ]
    return np.array([_RANK[severity] >= _RANK[failure.severity] for severity in severities])


def _largest_ratios(rule: Rule, curve: Curve) -> Floats:
    """The largest ratio of the variants of a rule to their limits, on values (T,) or days (D,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = [np.where(limit > 0, measured / limit, np.nan) for measured, limit in variants_of(rule, curve)]
    blank = np.full(len(curve.value) if rule.grain == "row" else len(curve.clock.days), np.nan)
    return np.asarray(np.fmax.reduce([blank, *ratios]))
