"""Files and settings with faults in them: an error that names the file, or what the bytes say; never a traceback."""

import math
import os
import random

import pandas as pd
import pydantic
import pytest
from builders.mutations import made, mutated_bytes, mutated_settings, said

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.grid import ZONES
from gridahead.settings.file_source import FileSource
from gridahead.sources.base import RawPayload
from gridahead.sources.file import FileTable

MUTATIONS = int(os.environ.get("GRIDAHEAD_MUTATIONS", "80"))
"""How many are tried: GRIDAHEAD_MUTATIONS=5000 takes some minutes."""
AT_ONCE = 20


def read(content: bytes, settings: dict) -> pd.DataFrame | None:
    """What a file gives with these settings; None if either is refused."""
    try:
        told = FileSource.model_validate(
            {"kind": "file", "path": "in.csv", "zone": "DE", "quantity": "load", **settings}
        )
        return FileTable(told, ZONES["DE"]).parse(
            RawPayload("in.csv", "in.csv", content, {}, pd.Timestamp("2026-01-01", tz="UTC"))
        )
    except (pydantic.ValidationError, SettingsError):
        return None
    except SourceError as error:
        assert "in.csv: " in str(error)
        return None


def differs(rows: pd.DataFrame, content: bytes, settings: dict) -> list[str]:
    """Rows that no line of the file says."""
    told: dict[pd.Timestamp, list[float]] = {}
    for time, value in said(content, settings):
        told.setdefault(pd.Timestamp(time), []).append(value)
    known = rows.dropna(subset=["value"])
    return [
        f"{time} {read}"
        for time, read in zip(known["valid_time"], known["value"], strict=True)
        if not any(math.isclose(read, value, rel_tol=1e-12) for value in told.get(time, []))
    ]


def tried(seed: int) -> tuple[bool, str]:
    """Whether a mutation was read, and what is wrong with that."""
    pick = random.Random(seed)
    content, settings = made(pick)
    for _ in range(pick.choice([1, 1, 1, 2, 3])):
        if pick.random() < 0.35:
            settings = mutated_settings(settings, pick)
        else:
            content = mutated_bytes(content, pick)
    rows = read(content, settings)
    if rows is None:
        return False, ""
    # A coarser unit than the rows have is a mean, a row of another length has other energy: no line says it.
    averaged = settings.get("row_minutes") is not None or set(rows["mtu"]) - {settings["mtu"]}
    wrong = [] if averaged else differs(rows, content, settings)
    return True, f"seed {seed}: {wrong[:3]} with {settings}" if wrong else ""


@pytest.mark.parametrize("first", range(0, MUTATIONS, AT_ONCE))
def test_no_mutation_gives_a_traceback_or_another_value(first):
    outcomes = [tried(seed) for seed in range(first, min(first + AT_ONCE, MUTATIONS))]
    assert [told for _, told in outcomes if told] == []


def test_what_is_sound_is_read_whole():
    for seed in range(8):
        content, settings = made(random.Random(seed))
        rows = read(content, settings)
        assert rows is not None
        assert len(rows) == content.count(b"\n") - 1
        assert differs(rows, content, settings) == []
