"""The API as strangers and programs gone wrong ask it: refused with a problem that programs read, never an error."""

import base64
import json
import random
import re
import string
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from builders.api_server import ApiServer, api_server

from gridahead.core.time import now

SERIES = "/api/v1/series/DE/load"
MOST_EXAMPLES = 15
CONFIG = """
[checks]
# An instant that is none, a quantile that the forecast lacks, a case that is gone: no schema can say so.
positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 414, 422]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 422]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with api_server(tmp_path_factory.mktemp("attacked")) as up:
        yield up
        assert "Traceback" not in (up.folder / "log").read_text()


def refused(answer: httpx.Response, *statuses: int) -> dict:
    """The problem in an answer, which is one of these."""
    assert answer.status_code in statuses, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["detail"] and said["hint"] and said["title"]
    return said


@pytest.mark.parametrize(
    "token", ["", "gridahead_", "x" * 190, "gridahead_" + "A" * 43, "../../tokens.json", "' OR 1=1"]
)
def test_without_a_token_of_this_server_nothing_is_said(server: ApiServer, token: str):
    for path in (
        SERIES,
        "/",
        "/status",
        "/published/report.html",
        "/metrics",
        "/openapi.json",
        "/docs/api",
        "/nowhere",
    ):
        answer = server.get(path, token)
        assert refused(answer, 401)["type"] == "/docs/api#token-needed"
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_expired_token_and_one_that_is_revoked_meanwhile_are_refused(server: ApiServer):
    assert "expired" in refused(server.get(SERIES, server.expired), 401)["detail"]
    from gridahead.web.tokens import Tokens

    tokens = Tokens(server.folder / "data" / "tokens.json")
    said = tokens.add("brief")
    assert server.get(SERIES, said).status_code == 200
    tokens.revoke("brief")
    refused(server.get(SERIES, said), 401)


def test_a_token_that_may_read_writes_nothing_and_a_remembered_password_neither(server: ApiServer):
    address = f"{server.address}/api/v1/quality/cases/0123456789abcdef/rulings"
    ruling = {"ruling": "release", "reason": "seen"}
    refused(httpx.post(address, json=ruling, headers={"Authorization": f"Bearer {server.reads}"}), 403)
    password = base64.b64encode(f"any:{server.writes}".encode()).decode()
    assert httpx.get(f"{server.address}{SERIES}", headers={"Authorization": f"Basic {password}"}).status_code == 200
    refused(httpx.post(address, json=ruling, headers={"Authorization": f"Basic {password}"}), 401)
    refused(httpx.post(address, json=ruling, headers={"Cookie": f"gridahead_token={server.writes}"}), 401)
    refused(httpx.post(address, json=ruling, headers={"Authorization": f"Bearer {server.writes}"}), 404)
    headers = {"Authorization": f"Bearer {server.writes}", "Content-Type": "application/json"}
    half = b'{"ruling": "release", "reason": "\ud800"}'
    refused(httpx.post(address, content=half, headers=headers), 404, 422)


def test_a_person_without_a_token_is_led_to_where_one_is_typed(server: ApiServer):
    answer = httpx.get(f"{server.address}/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/../../etc/passwd",
        "/api/v1/series/..%2f..%2fetc/passwd",
        "/api/v1/series/DE/..%2f..%2f..%2fsettings.toml",
        "/api/v1/series/%2e%2e/load",
        "/api/v1/series/DE/load%00",
        "/api/v1/series/DE/load/forecast%0d%0aX-Injected:1",
        "/api/v1/series/DE/load/forecast/../../../../tokens.json",
        "/published/../tokens.json",
        "/published/%2e%2e/tokens.json",
        "/api/v1/series/<script>alert(1)<%2fscript>/load",
        "/api/v1/quality/cases/'%20OR%20'1'='1",
        "/api/v1/series/" + "D" * 900 + "/load",
        "/api/v1/series/" + "D" * 5_000 + "/load",
        "/api/v2/series",
        "/api/v1/",
        "/api",
    ],
)
def test_no_path_leads_out_and_none_runs_in_a_browser(server: ApiServer, path: str):
    headers = f"Host: localhost\r\nAuthorization: Bearer {server.reads}\r\nConnection: close"
    sent = f"GET {path} HTTP/1.1\r\n{headers}\r\n\r\n"
    head, _, body = server.raw(sent.encode()).partition(b"\r\n\r\n")
    assert re.match(rb"HTTP/1.1 4(04|14|00|22) ", head), head
    assert b"x-injected" not in head.lower() and b"sha256" not in body
    assert b"text/html" not in head.lower() or b"<script>" not in body
    assert b"x-content-type-options: nosniff" in head.lower()


@pytest.mark.parametrize(
    "name", ["issue", "delivery", "as_of", "quantiles", "tz", "unit", "format", "start", "cursor", "x"]
)
@pytest.mark.parametrize(
    "value",
    [
        "'; DROP TABLE forecasts; --",
        "1 OR 1=1",
        "<img src=x onerror=alert(1)>",
        "{{7*7}}",
        "../../../../etc/passwd",
        "\x00",
        "9" * 300,
        "-1",
        "1e309",
        "NaN",
        "2025-13-45T99:99",
        "0001-01-01",
        "9999-12-31T23:59:59Z",
        "2025-01-01T00:00+99:99",
        "\ud7ff\U0010ffff",
    ],
)
def test_no_parameter_is_taken_for_more_than_a_text(server: ApiServer, name: str, value: str):
    said = refused(server.get(f"{SERIES}/forecast", params={name: value}), 404, 422)
    assert "Traceback" not in str(said)


def test_a_range_has_an_end(server: ApiServer):
    asked = {"start": "2020-01-01", "end": "2026-01-01"}
    said = refused(server.get(f"{SERIES}/outturn", params=asked), 422)
    assert said["hint"] == "Ask for 400 days at a time"
    assert server.get(f"{SERIES}/outturn", params={"start": "2025-01-01", "end": "2026-01-01"}).status_code == 200
    refused(server.get(f"{SERIES}/outturn", params={"start": "2026-01-02", "end": "2026-01-01"}), 422)
    refused(server.get(f"{SERIES}/issues", params={"limit": 101}), 422)
    refused(server.get(f"{SERIES}/scores", params={"days": 401}), 422)
    refused(server.get(f"{SERIES}/forecast?" + "&".join(f"a{n}=1" for n in range(500))), 414)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"\x00\x01\x02\xff\r\n\r\n", b"400"),
        (b"GET /api/v1/series HTTP/9.9\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"401"),
        (b"GET /api/v1/series HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", b"400"),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", b"431"),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000, b"400"),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"414"),
        (b"POST /api/v1/series HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"POST /api/v1/series HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", b"400"),
        (b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"GET /livez HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", b"421"),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\nBad Header\r\n\r\n", b"400"),
    ],
)
def test_what_is_no_request_is_refused_as_programs_read_it(server: ApiServer, sent: bytes, status: bytes):
    received = server.raw(sent)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status), received[:500]
    assert b"application/problem+json" in head and json.loads(body)["hint"]


def test_a_body_that_is_too_large_is_not_read(server: ApiServer):
    address = f"{server.address}/api/v1/quality/cases/0123456789abcdef/rulings"
    headers = {"Authorization": f"Bearer {server.writes}", "Content-Type": "application/json"}
    refused(httpx.post(address, content=b"x" * 70_000, headers=headers), 413)
    refused(httpx.post(address, content=iter([b"x" * 10_000] * 8), headers=headers), 413)
    for body in (
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"ruling": "release"}',
        b'{"ruling": "sell", "reason": "x"}',
        b"\xff\xfe",
    ):
        refused(httpx.post(address, content=body, headers=headers), 400, 422)
    deep = b"[" * 30_000 + b"]" * 30_000
    refused(httpx.post(address, content=deep, headers=headers), 400, 422)


def test_only_its_own_methods_are_known_and_no_other_site_may_ask(server: ApiServer):
    token = {"Authorization": f"Bearer {server.reads}"}
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "BREW"):
        answer = httpx.request(method, f"{server.address}{SERIES}", headers=token)
        refused(answer, 405)
        assert "GET" in answer.headers["allow"]
    answer = httpx.get(f"{server.address}{SERIES}", headers={**token, "Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    head = httpx.head(f"{server.address}{SERIES}/forecast", headers=token)
    assert (head.status_code, head.content) == (200, b"")


def test_noise_is_answered_and_never_with_an_error_of_ours(server: ApiServer):
    chance = random.Random(21)
    signs = string.printable + "äöü€\u202e\u0000"

    def ask(_: int) -> int:
        path = "".join(chance.choice(signs) for _ in range(chance.randrange(60)))
        query = {"".join(chance.choices(signs, k=5)): "".join(chance.choices(signs, k=30)) for _ in range(3)}
        base = chance.choice(["/api/v1/", f"{SERIES}/forecast", "/api/v1/quality/cases/", "/"])
        try:
            return server.get(base + httpx.URL(path="/" + path).raw_path.decode()[1:], params=query).status_code
        except httpx.InvalidURL:
            return 404

    with ThreadPoolExecutor(4) as pool:
        assert {status for status in pool.map(ask, range(300)) if status >= 500} == set()


def test_after_all_that_it_answers_as_before(server: ApiServer):
    answer = server.get(f"{SERIES}/forecast")
    assert answer.status_code == 200
    assert answer.json()["delivery_day"] > str(now().date())


def test_who_asks_too_often_is_told_when_to_ask_again(tmp_path: Path):
    with api_server(tmp_path, per_minute=6) as limited:
        answers = [limited.get("/api/v1/series") for _ in range(12)]
        assert [answer.status_code for answer in answers[:6]] == [200] * 6
        late = next(answer for answer in answers if answer.status_code != 200)
        said = refused(late, 429)
        assert 1 <= int(late.headers["retry-after"]) <= 10
        assert "[serve] requests_per_minute" in said["hint"]
        assert limited.get("/livez").status_code == 200
        assert limited.get("/api/v1/series", limited.writes).status_code == 200  # another token, another bucket


def test_everything_that_the_description_allows_is_answered_as_it_says(server: ApiServer, tmp_path: Path):
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file",
        str(tmp_path / "schemathesis.toml"),
        "run",
    ]
    command += [f"{server.address}/openapi.json", "--url", f"{server.address}/api/v1", "--seed", "21", "--no-color"]
    command += ["-H", f"Authorization: Bearer {server.reads}", "--max-examples", str(MOST_EXAMPLES), "--max-time", "60"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-8_000:]
