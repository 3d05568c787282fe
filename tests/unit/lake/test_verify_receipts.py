"""Verification of receipts: what cannot be read, what was lost, what nobody signed; and nothing of what is in order."""

from dataclasses import replace

import pandas as pd
import pytest
from builders.rows import LOAD, hours, measured

from gridahead.core.fingerprint import digest
from gridahead.core.tables import Observations
from gridahead.lake.lake import Lake
from gridahead.lake.receipts import Receipt, line_of
from gridahead.lake.verify_receipts import verify_batches, verify_receipts

DAY = hours("2025-01-01T00:00Z", 24)
AT = pd.Timestamp("2025-01-02T00:00Z")
CONTENT = b"time,load\n"


def rows_of(batch: str) -> Observations:
    return Observations(measured(LOAD, DAY, range(24)).assign(batch=batch))


@pytest.fixture
def lake(tmp_path) -> Lake:
    """A delivery that is signed, one that was amended since, and one that waits."""
    lake = Lake(tmp_path / "lake", tmp_path / "raw")
    payload = lake.archive.keep(digest(CONTENT), "a.csv", CONTENT, {})
    receipt = Receipt("aa", "s", "a.csv", "/a.csv", payload, digest(CONTENT), {}, AT, AT, {"DE/load": AT.isoformat()})
    lake.receipts.sign(receipt)
    lake.receipts.sign(replace(receipt, batch="cc", origin="/b.csv", formerly=("bb",), amended_at=AT.isoformat()))
    for batch in ("aa", "bb", "dd"):
        lake.observations.append(rows_of(batch))
    lake.waiting.enter("dd", rows_of("dd"))
    return lake


def findings(lake):
    return [*verify_receipts(lake), *verify_batches(lake)]


def only(lake):
    (finding,) = findings(lake)
    return finding


def payload_of(lake):
    return lake.receipts.all()[0].payload


def test_receipts_that_are_in_order_have_no_findings(lake, tmp_path):
    assert findings(lake) == []
    assert findings(Lake(tmp_path / "none", tmp_path / "none")) == []


def test_a_batch_that_nobody_signed_is_found(lake):
    lake.waiting.leave(*lake.waiting.all())
    assert "1 batches in the lake have no receipt, such as dd of DE/load" in only(lake).what
    assert "`gridahead ingest`" in only(lake).way_out


def test_a_payload_that_is_gone_or_torn_is_found_and_one_that_expired_is_not(lake, tmp_path):
    path = tmp_path / "raw" / payload_of(lake)
    path.write_bytes(CONTENT[:-1])
    assert only(lake).file == str(path) and "changed or torn" in only(lake).what
    path.unlink()
    assert "is gone" in only(lake).what and "backup" in only(lake).way_out
    lake.archive.delete(payload_of(lake), 30, AT)
    assert findings(lake) == []


@pytest.mark.parametrize("line", [b'{"origin": "torn', b"{}"])
def test_a_line_that_is_no_receipt_is_found_with_its_file(lake, line):
    name = lake.receipts.write([line_of(replace(lake.receipts.all()[0], origin="/c.csv")), line])
    assert only(lake).file.endswith(name) and only(lake).what == "1 of 2 lines are no receipt"
    assert "`gridahead ingest`" in only(lake).way_out


def test_a_receipt_without_a_field_is_found_with_its_file(lake):
    whole = line_of(replace(lake.receipts.all()[0], origin="/c.csv"))
    lake.receipts.write([whole.replace(b'"source"', b'"sauce"')])
    assert only(lake).what == "1 of 1 lines are no receipt"
