"""Red Eléctrica's demand: a recording over the end of summer time, and forecasts in the form others have described."""

import json
from collections.abc import Sequence

import pandas as pd
import pytest
from builders.answers import CAME, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange
from gridahead.sources.http.request import Answer

DAY = recording("operators/ES/demandaGeneracionPeninsula.json").content


def parsed(content: bytes, day: str, item: str = "demand", *quantities: str) -> Observations:
    """The observations of the answer for a day."""
    source = service("ree", "ES", quantities=quantities)
    return source.parse(payload_of("ree", content, item, "ES", parameters={"fecha": day}))


def wrapped(times: Sequence[str], name: str = "valoresHorariosGeneracion", **values: object) -> bytes:
    """An answer with the same values at each time."""
    return b"null(" + json.dumps({name: [{"ts": at, **values} for at in times]}).encode() + b");"


def fives(day: str, hour: str) -> list[str]:
    """The twelve times of an hour."""
    return [f"{day} {hour}:{minute:02}" for minute in range(0, 60, 5)]


def test_the_recorded_day_is_read_in_quarter_hours():
    rows = parsed(DAY, "2024-10-26")
    assert len(values_of(rows, "load")) == 96
    assert set(rows["mtu"]) == {"PT15M"}
    assert rows["valid_time"].min() == pd.Timestamp("2024-10-25T22:00Z")
    records = json.loads(DAY[5:-2])["valoresHorariosGeneracion"]
    noon = [one for one in records if one["ts"] in ("2024-10-26 12:00", "2024-10-26 12:05", "2024-10-26 12:10")]
    for quantity, field in (("load", "dem"), ("solar", "sol"), ("wind_onshore", "eol"), ("nuclear", "nuc")):
        expected = sum(one[field] for one in noon) / 3
        assert values_of(rows, quantity)["2024-10-26T10:00Z"] == pytest.approx(expected)
    assert rows["available_at"].iloc[0] == rows["valid_time"].iloc[0] + pd.Timedelta(minutes=30)


def test_the_first_pass_of_the_repeated_hour_is_told_from_the_second():
    rows = parsed(DAY, "2024-10-27", "demand", "load")
    # up to 2A:55 in summer time, which is 00:55 UTC; of 2B, the second pass, there is one value and no quarter-hour
    assert rows["valid_time"].max() == pd.Timestamp("2024-10-27T00:45Z")
    both = wrapped([*fives("2024-10-27", "2A"), *fives("2024-10-27", "2B")], dem=20000)
    rows = parsed(both, "2024-10-27", "demand", "load")
    assert len(rows) == 8
    assert rows["valid_time"].max() == pd.Timestamp("2024-10-27T01:45Z")


def test_only_the_day_that_was_asked_for_is_read():
    content = wrapped([*fives("2024-06-01", "23"), *fives("2024-06-02", "00")], dem=1)
    rows = parsed(content, "2024-06-02", "demand", "load")
    assert rows["valid_time"].min() == pd.Timestamp("2024-06-01T22:00Z")


def test_a_quarter_hour_of_which_a_value_is_missing_is_none():
    content = wrapped(fives("2024-06-02", "00")[:11], dem=1)
    assert len(parsed(content, "2024-06-02", "demand", "load")) == 3


def test_storage_is_what_it_gives_less_what_it_takes():
    content = wrapped(fives("2024-06-02", "00"), bat=5, consBat=-12)
    assert values_of(parsed(content, "2024-06-02", "demand", "storage"), "storage")["2024-06-01T22:00Z"] == -7.0


def test_the_forecast_counts_from_its_legal_deadline():
    content = wrapped(fives("2024-06-02", "00"), "valoresPrevistaProgramada", pre=21000, pro=20500)
    rows = parsed(content, "2024-06-02", "forecast")
    assert values_of(rows, "load_official")["2024-06-01T22:00Z"] == 21000.0
    assert rows["available_at"].iloc[0] == pd.Timestamp("2024-06-01T08:00Z")  # 10:00 in Brussels on the day before


@pytest.mark.parametrize(
    ("content", "day", "reason"),
    [
        (wrapped(["2024-10-27 02:00"], dem=1), "2024-10-27", "ambiguous|Cannot infer dst"),
        (wrapped(["2024-03-31 02:00"], dem=1), "2024-03-31", "2024-03-31 02:00"),
        (wrapped(["2024-06-02 noon"], dem=1), "2024-06-02", "'2024-06-02 noon' is no local time"),
        (wrapped(["2024-06-02 00:00"], x=1), "2024-06-02", "have no dem"),
        (wrapped(["2024-06-02 00:00"], dem="-"), "2024-06-02", "'-' is no number"),
        (b"null({", "2024-06-02", "no whole JSON"),
        (b"null({});", "2024-06-02", "no list of records under valoresHorariosGeneracion"),
    ],
)
def test_a_damaged_answer_is_refused_with_its_reason(content: bytes, day: str, reason: str):
    with pytest.raises(SourceError, match=reason) as caught:
        parsed(content, day, "demand", "load")
    assert "ree-demand.json" in str(caught.value)


def test_an_answer_that_is_cut_off_is_asked_for_again():
    source = service("ree", "ES")
    source.check(Answer(DAY, 200, "", "", CAME))
    with pytest.raises(SourceError) as caught:
        source.check(Answer(DAY[:1000], 200, "", "", CAME))
    assert caught.value.retryable


def test_each_local_day_of_a_window_is_asked_for():
    source = service("ree", "ES")
    window = TimeRange(pd.Timestamp("2024-06-01T22:00Z"), pd.Timestamp("2024-06-03T22:00Z"))
    requests = list(source.ask(source.items[1], source.zones, window))
    assert [request.parameters["fecha"] for request in requests] == ["2024-06-02", "2024-06-03"]
    assert requests[0].path == "/WSvisionaMovilesPeninsulaRest/resources/prevProgPeninsula"


def test_a_day_without_values_yet_has_none():
    assert parsed(b'null({"valoresPrevistaProgramada":null});', "2024-06-02", "forecast").empty
    assert parsed(b'null({"valoresPrevistaProgramada":[]});', "2024-06-02", "forecast").empty
