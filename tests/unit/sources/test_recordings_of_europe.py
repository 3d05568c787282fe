"""Every recorded answer and every example of European services beside ENTSO-E: read, or refused with its reason."""

import pytest
from builders.readings_of_europe import PREFIXES, READINGS, parsed
from builders.recordings import manifest, recording

from gridahead.core.errors import SourceError


def test_every_recording_of_these_services_is_here():
    names = {entry["file"] for entry in manifest() if entry["file"].startswith(PREFIXES)}
    assert names == set(READINGS)


@pytest.mark.parametrize("name", READINGS)
def test_a_recording_is_read_or_refused_with_its_reason(name: str):
    reading, answer = READINGS[name], recording(name)
    if reading.reason:
        with pytest.raises(SourceError, match=reading.reason):
            parsed(answer)
    else:
        assert len(parsed(answer)) == reading.rows


def test_how_many_are_read_and_how_many_refused(capsys: pytest.CaptureFixture[str]):
    refused = sum(bool(reading.reason) for reading in READINGS.values())
    genuine = sum(recording(name).is_genuine for name in READINGS)
    counts = f"{len(READINGS)}, {genuine} of them recorded: {len(READINGS) - refused} read, {refused} refused"
    with capsys.disabled():
        print(f"\nAnswers of European services: {counts}")  # noqa: T201
    assert (len(READINGS), genuine) == (33, 13)
