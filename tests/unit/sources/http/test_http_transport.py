"""Every fault of a host, played by a server on this machine, and what comes of it."""

import logging
import threading
import time
from dataclasses import replace

import pytest
from builders.http_faults import PASSING, Reply
from builders.replay import Host, fixed, recorded, redirect

from gridahead.core.errors import AccessError, SourceError
from gridahead.settings.source_catalogue import Key, RateLimit, SourceInfo
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.secrets import Secret
from gridahead.sources.http.transport import Attempts, Transport

TOKEN = "s3cret-t0ken/with+signs"
DATA = Reply(b'{"values": [1, 2, 3]}')
LARGE = Reply(b'{"values": [' + b"1234567.5, " * 5000 + b"0]}")
INFO = SourceInfo("test", "Test", "http://nowhere.invalid", "Test data", (RateLimit(10_000, 1.0),))
HEADER = Key(("TEST_KEY",), "https://test.example/keys", "header", "x-api-key")
QUICK = Attempts(attempts=4, first_wait_seconds=0.01, longest_wait_seconds=0.05, timeout_seconds=0.7)


def transport(host: Host, info=INFO, attempts=QUICK, key: Key | None = None, path="") -> Transport:
    secret = Secret(key, (TOKEN,) if key else ())
    return Transport(replace(info, key=key), host.url + path, attempts, secret)


def refuse_errors(answer: Answer) -> None:
    """What a source does whose host sends errors as if they were data."""
    if "error" in answer.json():
        raise SourceError("test", f"it says {answer.json()['error']}", retryable=True)


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_tried_again(fault):
    with Host([fixed(LARGE)], script=[fault]) as host:
        answer = transport(host).get(Request("/data"), refuse_errors)
    assert answer.content == LARGE.content
    assert len(host.asked) == 2


@pytest.mark.parametrize("fault", PASSING)
def test_one_that_does_not_pass_ends_with_the_address_and_what_was_said(fault):
    with Host([fixed(LARGE)], script=[fault] * 9) as host:
        quick = replace(QUICK, attempts=2)
        with pytest.raises(SourceError) as raised:
            transport(host, attempts=quick, key=HEADER).get(Request("/data", {"zone": "FR"}), refuse_errors)
    assert raised.value.retryable and not isinstance(raised.value, AccessError)
    assert len(host.asked) == 2
    reason = str(raised.value)
    assert f"{host.url}/data?zone=FR: " in reason and reason.endswith(", 2 times")
    assert TOKEN not in reason
    said = {
        "silence": "no answer within 0.7 s",
        "truncated": "no whole JSON",
        "truncated gzip": "ends before it is complete",
        "429 html": "status 429, 429 Too Many Requests",
        "500": "status 500, internal error",
        "503": "status 503, Service Unavailable",
        "503 empty": "status 503",
        "empty": "the answer is empty",
        "html page": "a web page instead of data: Maintenance",
        "wrong type": "no whole JSON",
        "error inside": "it says the database is being maintained",
        "reset": "the connection failed",
        "hang up": "the connection failed",
    }
    assert said.get(fault, "status") in reason


def test_a_burst_of_faults_is_outlasted():
    with Host([fixed(DATA)], script=["500", "503", "503 empty"]) as host:
        assert transport(host).get(Request("/data")).json() == {"values": [1, 2, 3]}


@pytest.mark.parametrize("fault", ["429 retry-after", "429 until"])
def test_the_pause_that_a_host_asks_for_is_kept(fault):
    """In seconds, and as a date of whole seconds, of which up to one has passed."""
    with Host([fixed(DATA)], script=[fault]) as host:
        transport(host).get(Request("/data"))
    first, second = (one.at for one in host.asked)
    at_least = 1.0 if fault == "429 retry-after" else 0.0
    assert at_least <= second - first < 4


def test_a_pause_of_a_day_is_left_to_the_next_run():
    with Host([fixed(DATA)], script=["429 tomorrow"]) as host, pytest.raises(SourceError) as raised:
        transport(host).get(Request("/data"))
    assert raised.value.retryable and "it asks to wait 86400 s" in str(raised.value)
    assert len(host.asked) == 1


@pytest.mark.parametrize("fault", ["401", "403"])
def test_a_key_that_is_refused_fails_at_once_and_says_where_to_get_one(fault):
    with Host([fixed(DATA)], script=[fault]) as host:
        asking = transport(host, key=HEADER)
        for _ in range(2):  # the second is not even asked
            with pytest.raises(AccessError, match=r"the key is refused.*https://test.example/keys.*TEST_KEY") as raised:
                asking.get(Request("/data"))
            assert not raised.value.retryable and TOKEN not in str(raised.value)
    assert len(host.asked) == 1


def test_what_is_not_there_is_not_asked_for_again():
    with (
        Host([fixed(DATA)], script=["404"]) as host,
        pytest.raises(SourceError, match="status 404, Not Found") as raised,
    ):
        transport(host).get(Request("/data"))
    assert not raised.value.retryable and len(host.asked) == 1


def test_a_host_may_say_with_a_status_that_it_has_no_data():
    with Host([fixed(DATA)], script=["404"]) as host:
        answer = transport(host).get(Request("/data", answers=frozenset({200, 404})))
    assert (answer.status, answer.json()) == (404, {"detail": "Not Found"})


def test_nobody_at_the_address():
    with Host() as host:
        asking = transport(host, attempts=replace(QUICK, attempts=2))
    with pytest.raises(SourceError, match="the connection failed") as raised:
        asking.get(Request("/data"))
    assert raised.value.retryable


# -- size -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["gzip bomb", "garbage"])
def test_an_answer_that_is_too_large_is_refused_without_reading_it_all(fault):
    how = {"gzip bomb": "unpacked", "garbage": "received"}[fault]
    small = replace(QUICK, max_bytes=1_000_000, timeout_seconds=10.0)
    with (
        Host([fixed(DATA)], script=[fault] * 4) as host,
        pytest.raises(SourceError, match=rf"more than 1 MB {how}; set max_size_mb") as raised,
    ):
        transport(host, attempts=small).get(Request("/data"))
    assert not raised.value.retryable and len(host.asked) == 1


def test_ten_megabytes_of_garbage_are_no_data():
    patient = replace(QUICK, attempts=2, timeout_seconds=10.0)
    with Host([fixed(DATA)], script=["garbage"] * 2) as host, pytest.raises(SourceError, match="no whole JSON"):
        transport(host, attempts=patient).get(Request("/data"))


def test_entities_are_not_expanded_but_refused():
    began = time.monotonic()
    with Host([fixed(DATA)], script=["entity bomb"] * 9) as host, pytest.raises(SourceError, match="XML") as raised:
        transport(host).get(Request("/data", expected=("xml",)))
    assert time.monotonic() - began < 5 and len(str(raised.value)) < 1000


def test_an_answer_that_never_ends_is_given_up(monkeypatch):
    from gridahead.sources.http import transport as module

    def drip(handler, reply):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(20):
            handler.wfile.write(b" ")
            time.sleep(0.05)

    monkeypatch.setitem(__import__("builders.http_faults").http_faults.FAULTS, "drip", drip)
    monkeypatch.setattr(module, "LONGEST_ANSWER", 0.3)
    with Host([fixed(DATA)], script=["drip"]) as host:
        assert transport(host, attempts=replace(QUICK, timeout_seconds=1.0)).get(Request("/data")).json()


# -- answers --------------------------------------------------------------------------------------------------------


def test_a_recording_comes_as_it_was_sent():
    request = Request(
        "/api",
        {
            "documentType": "A65",
            "processType": "A16",
            "outBiddingZone_Domain": "10YNL----------L",
            "periodStart": "202409012200",
            "periodEnd": "202409022200",
        },
        expected=("xml", "zip"),
    )
    with Host([recorded("entsoe/jl/load_61a")]) as host:
        answer = transport(host, key=HEADER).get(request)
    assert answer.content_type == "text/xml"
    assert answer.filename == "Actual Total Load_202409012200-202409022200.xml"
    assert answer.content.startswith(b"<?xml") and b"<type>A65</type>" in answer.content
    (asked,) = host.asked
    assert asked.headers["user-agent"].startswith("gridahead/") and asked.headers["accept-encoding"] == "gzip"


# -- places ---------------------------------------------------------------------------------------------------------


def test_the_key_does_not_follow_to_another_host():
    with Host([fixed(DATA)]) as other, Host([redirect(f"{other.url}/data", "/data")]) as host:
        assert transport(host, key=HEADER).get(Request("/data")).json()
    assert host.asked[0].keys == (TOKEN,)
    assert other.asked[0].keys == ()


@pytest.mark.parametrize(
    "key", [HEADER, replace(HEADER, placed="parameter", name="api_key")], ids=["header", "parameter"]
)
def test_nor_does_one_that_the_host_writes_into_the_address(key, caplog):
    """Hosts that move repeat the whole query, with the key in it."""
    caplog.set_level(logging.DEBUG)
    from urllib.parse import quote

    with Host([fixed(DATA)]) as other:
        location = f"{other.url}/data?api_key={quote(TOKEN, safe='')}&zone=FR"
        with Host([redirect(location, "/data")]) as host:
            assert transport(host, key=key).get(Request("/data", {"zone": "FR"})).json()
    (asked,) = other.asked
    assert asked.keys == () and asked.query == {"zone": "FR"}
    assert TOKEN not in caplog.text and quote(TOKEN, safe="") not in caplog.text


def test_at_home_the_key_is_sent_again():
    with Host([redirect("/moved", "/data"), fixed(DATA, "/moved")]) as host:
        assert transport(host, key=HEADER).get(Request("/data")).json()
    assert [one.keys for one in host.asked] == [(TOKEN,), (TOKEN,)]


def test_a_chain_of_redirects_ends():
    with Host([redirect("/data", "/data")]) as host, pytest.raises(SourceError, match="sent on more than 3 times"):
        transport(host).get(Request("/data"))


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/data", "file:///etc/passwd"])
def test_a_redirect_to_no_web_address_is_refused(location):
    with Host([redirect(location, "/data")]) as host, pytest.raises(SourceError, match="sent on") as raised:
        transport(host).get(Request("/data"))
    assert not raised.value.retryable and len(host.asked) == 1


def test_from_https_to_http_nobody_is_sent(monkeypatch):
    """A host with a certificate, played by the client's own mock."""
    import httpx

    from gridahead.sources.http import transport as module

    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(str(request.url))
        return httpx.Response(302, headers={"location": "http://secure.example/data"})

    monkeypatch.setattr(module, "_way_out", lambda base_url: httpx.MockTransport(answer))
    asking = Transport(replace(INFO, key=HEADER), "https://secure.example", QUICK, Secret(HEADER, (TOKEN,)))
    with pytest.raises(SourceError, match=r"sent on from https to http://secure.example"):
        asking.get(Request("/data"))
    assert sent == ["https://secure.example/data"]


@pytest.mark.parametrize("written", ["http://127.0.0.1:{port}", "127.0.0.1:{port}"])
def test_a_proxy_of_the_environment_is_used(monkeypatch, written):
    """It is asked for the whole address."""
    with Host([lambda asked: DATA]) as proxy:
        port = proxy.url.rsplit(":", 1)[1]
        monkeypatch.setenv("http_proxy", written.format(port=port))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        asking = Transport(INFO, "http://service.invalid", QUICK, Secret())
        assert asking.get(Request("/data")).json() == {"values": [1, 2, 3]}
        monkeypatch.setenv("no_proxy", "service.invalid")
        direct = Transport(INFO, "http://service.invalid", replace(QUICK, attempts=1), Secret())
        with pytest.raises(SourceError, match="the connection failed"):
            direct.get(Request("/data"))
    assert [one.headers["host"] for one in proxy.asked] == ["service.invalid"]


# -- together -------------------------------------------------------------------------------------------------------


def test_two_sources_of_one_host_share_its_limit():
    info = replace(INFO, limits=(RateLimit(8, 1.0),))
    with Host([fixed(DATA)]) as host:
        asking = [transport(host, info, path=path) for path in ("", "/v2")]
        threads = [
            threading.Thread(target=lambda one=one: [one.get(Request("/data")) for _ in range(6)]) for one in asking
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(host.asked) == 12
    assert host.asked[-1].at - host.asked[0].at > 1.0  # 11 steps of an eighth; with a bucket each it would be 5
