"""How verdicts become cases that a person decides on."""

import pandas as pd
from builders.rows import LOAD, WIND_SOLAR, hours, judged, measured, rulings_on

from gridahead.core.fingerprint import DIGITS
from gridahead.core.tables import RULINGS, VERDICTS, Rulings, Verdicts
from gridahead.core.time import Mtu
from gridahead.quarantine.cases import cases_of, find_case

DAY = hours("2025-01-01T00:00Z", 24)
LOADS = measured(LOAD, DAY, range(24))
NO_RULINGS = Rulings(RULINGS.empty())


def verdicts(*parts: pd.DataFrame) -> Verdicts:
    return Verdicts(VERDICTS.check(pd.concat(parts, ignore_index=True)))


def test_a_stretch_without_a_gap_is_one_case_with_all_its_rules_and_batches():
    early, late = LOADS.iloc[3:7].assign(batch="aaaa"), LOADS.iloc[7:9].assign(batch="bbbb")
    found = cases_of(verdicts(judged(early), judged(late), judged(early.iloc[[1]], "spike")), NO_RULINGS)
    (case,) = found
    assert (case.series, case.start, case.end) == (LOAD, DAY[3], DAY[9])
    assert case.rules == {"range": 6, "spike": 1}
    assert case.batches == ["aaaa", "bbbb"]
    assert (len(case.rows), case.state, case.why) == (6, "open", None)


def test_a_gap_of_a_row_another_series_and_another_severity_make_other_cases():
    winds = measured(WIND_SOLAR, DAY, range(24))
    found = cases_of(
        verdicts(judged(LOADS.iloc[[3, 4, 6]]), judged(winds.iloc[[3]]), judged(LOADS.iloc[[5]], "ramp", "flag")),
        NO_RULINGS,
    )
    assert sorted((str(one.series), one.severity, len(one.rows)) for one in found) == [
        ("DE/load", "flag", 1),
        ("DE/load", "quarantine", 1),
        ("DE/load", "quarantine", 2),
        ("DE/wind_solar", "quarantine", 1),
    ]
    assert len({one.id for one in found}) == 4


def test_what_is_in_quarantine_is_not_flagged_besides():
    (case,) = cases_of(verdicts(judged(LOADS.iloc[[3]]), judged(LOADS.iloc[[3]], "ramp", "flag")), NO_RULINGS)
    assert case.severity == "quarantine"


def test_quarter_hours_are_one_stretch_and_the_end_is_after_the_last_of_them():
    quarters = measured(LOAD, hours("2025-01-01T00:00Z", 4, Mtu.PT15M), range(4), mtu=Mtu.PT15M)
    (case,) = cases_of(judged(quarters), NO_RULINGS)
    assert case.end == DAY[1]
    (single,) = cases_of(judged(quarters.iloc[[2]]), NO_RULINGS)
    assert single.end - single.start == pd.Timedelta(minutes=15)


def test_a_single_hour_lasts_an_hour():
    (case,) = cases_of(judged(LOADS.iloc[[0]]), NO_RULINGS)
    assert (case.start, case.end) == (DAY[0], DAY[1])


def test_the_id_is_the_same_after_a_ruling_and_when_the_stretch_goes_on():
    (before,) = cases_of(judged(LOADS.iloc[3:7]), NO_RULINGS)
    (longer,) = cases_of(judged(LOADS.iloc[3:9]), NO_RULINGS)
    assert before.id == longer.id and len(before.id) == DIGITS
    (closed,) = cases_of(judged(LOADS.iloc[3:7]), rulings_on(LOADS.iloc[3:7], "reject"))
    assert (closed.id, closed.state, closed.why) == (before.id, "rejected", "ana: I asked")


def test_what_is_decided_on_is_a_case_of_its_own_beside_what_is_still_open():
    (whole,) = cases_of(judged(LOADS.iloc[3:9]), NO_RULINGS)
    found = cases_of(judged(LOADS.iloc[3:9]), rulings_on(LOADS.iloc[5:7], "release"))
    assert sorted((one.start.hour, len(one.rows), one.state) for one in found) == [
        (3, 2, "open"),
        (5, 2, "released"),
        (7, 2, "open"),
    ]
    assert next(one for one in found if one.start.hour == 3).id == whole.id


def test_what_is_said_of_a_whole_day_comes_before_what_is_said_of_its_values():
    (case,) = cases_of(verdicts(judged(LOADS, "above_capacity"), judged(LOADS, "scaled")), NO_RULINGS)
    assert list(case.rules) == ["scaled", "above_capacity"]


def test_a_case_is_found_by_the_beginning_of_its_id_if_only_one_begins_so():
    found = cases_of(verdicts(*(judged(LOADS.iloc[[at]]) for at in range(0, 24, 2))), NO_RULINGS)
    assert find_case(found, found[3].id) is found[3]
    assert find_case(found, "") is None
    assert find_case(found, "zz") is None


def test_of_nothing_there_are_no_cases():
    assert cases_of(Verdicts(VERDICTS.empty()), NO_RULINGS) == []
