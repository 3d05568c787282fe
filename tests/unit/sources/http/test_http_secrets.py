"""A key is where its host wants it, and nowhere else."""

import base64
import datetime as dt
import logging
from dataclasses import replace
from urllib.parse import quote

import httpx
import pytest
from builders.generators import energy_charts
from builders.http_faults import FAULTS, Reply, send
from builders.long import first_of
from builders.replay import Host, fixed
from builders.services import limits, workspace_at

from gridahead.core.errors import AccessError
from gridahead.operate import sources as sources_module
from gridahead.operate.backfill import backfill
from gridahead.settings.source_catalogue import SOURCE_INFOS, Key, RateLimit, SourceInfo
from gridahead.sources.http.request import Request
from gridahead.sources.http.secrets import Secret, secret_of
from gridahead.sources.http.transport import Attempts, Transport

KEY = "t0p/s3cret+key=="
INFO = SourceInfo("test", "Test", "http://nowhere.invalid", "Test data", (RateLimit(10_000, 1.0),))
QUICK = Attempts(attempts=2, first_wait_seconds=0.01, longest_wait_seconds=0.05, timeout_seconds=0.7)
HEADER = Key(("TEST_KEY",), "https://test.example", "header", "x-api-key")
PARAMETER = Key(("TEST_KEY",), "https://test.example", "parameter", "securityToken")
BASIC = Key(("TEST_USER", "TEST_PASSWORD"), "https://test.example", "basic")


@pytest.mark.parametrize(
    ("key", "values", "sent"),
    [
        (HEADER, (KEY,), (KEY,)),
        (PARAMETER, (KEY,), (KEY,)),
        (BASIC, ("joe@example", KEY), ("Basic " + base64.b64encode(f"joe@example:{KEY}".encode()).decode(),)),
    ],
    ids=["header", "parameter", "basic"],
)
def test_a_key_is_sent_as_its_host_wants_it(key, values, sent):
    with Host([fixed(Reply(b"{}"))]) as host:
        asking = Transport(replace(INFO, key=key), host.url, QUICK, Secret(key, values))
        asking.get(Request("/data", {"zone": "FR", "facets[type][]": ("D", "DF")}))
    (asked,) = host.asked
    assert asked.keys == sent
    assert asked.query == {"zone": "FR", "facets[type][]": "DF"}


def test_it_comes_from_the_environment():
    info = replace(INFO, key=BASIC)
    assert secret_of(info, {"TEST_USER": "joe", "TEST_PASSWORD": f" {KEY}\n"}).values == ("joe", KEY)
    with pytest.raises(AccessError, match=r"Get one at https://test.example, and set TEST_USER and TEST_PASSWORD"):
        secret_of(info, {"TEST_USER": "joe"})
    assert secret_of(replace(INFO, key=replace(BASIC, required=False)), {}).values == ()
    with pytest.raises(AccessError, match="was it copied whole") as raised:
        secret_of(replace(INFO, key=HEADER), {"TEST_KEY": "schlüssel"})
    assert "schlüssel" not in str(raised.value)


@pytest.mark.parametrize("written", [KEY, quote(KEY, safe=""), httpx.QueryParams({"k": KEY}).__str__()[2:]])
def test_it_is_struck_out_however_it_is_written(written):
    assert Secret(HEADER, (KEY,)).struck_out(f"bad token {written}.") == "bad token ***."


def test_a_short_user_name_is_no_secret_but_what_is_sent_of_it_is():
    secret = Secret(BASIC, ("joe", KEY))
    basic = base64.b64encode(f"joe:{KEY}".encode()).decode()
    assert secret.struck_out(f"joe sent {basic}") == "joe sent ***"
    assert KEY not in repr(secret)


def echo(handler, reply):
    """A host that repeats what it was sent: in its headers, and in what it says of the fault."""
    said = f'{{"error": "not now, {handler.path}, {KEY}", "url": "{quote(KEY, safe="")}"}}'.encode()
    send(handler, Reply(said, status=500, headers={"X-Asked": handler.path, "X-Key": KEY}))


@pytest.mark.parametrize("key", first_of([PARAMETER, HEADER], 1), ids=["parameter", "header"])
def test_no_secret_is_in_any_log_error_archive_receipt_or_page(tmp_path, monkeypatch, caplog, key):
    """Through the whole ingest, with a host that repeats it, and every logger at the level of debugging."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setitem(FAULTS, "echo", echo)
    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.setitem(SOURCE_INFOS, "energy_charts", replace(SOURCE_INFOS["energy_charts"], key=key))
    script = ["echo", None, "echo", "429 html", "reset", None]
    with limits(), Host([energy_charts()], script=script, token=KEY) as host:
        workspace = workspace_at(tmp_path, host, "FR", quantities=["load", "price"])
        done = backfill(workspace, start=dt.date(2025, 3, 1), end=dt.date(2025, 3, 20))
        assert done.failed == [] and all(KEY in one.keys for one in host.asked)
        checked = sources_module.check(workspace)
        assert checked[0].works
    with limits(), Host([energy_charts()], script=["echo"] * 40, token=KEY) as host:
        refused = workspace_at(tmp_path / "refused", host, "FR", attempts=2)
        failed = backfill(refused, start=dt.date(2025, 3, 1), end=dt.date(2025, 3, 20)).failed
        says = sources_module.check(refused)[0].says
        assert "***" in str(failed[0]) and "***" in says
    texts = [caplog.text, *map(str, failed), says, repr(workspace.settings)]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    kinds = {path.suffix for path in files}
    assert {".json", ".jsonl", ".zst", ".parquet", ".html"} <= kinds
    archived = [workspace.lake.archive.read(name) for name in workspace.lake.archive.payloads()]
    contents = [*(text.encode() for text in texts), *(path.read_bytes() for path in files), *archived]
    for written in (KEY, quote(KEY, safe="")):
        assert not [content[:200] for content in contents if written.encode() in content]
