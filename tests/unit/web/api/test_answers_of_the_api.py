"""What is common to the answers of the API: format, identity, compression, pages, rulings, refusals."""

import gzip
import threading
from dataclasses import replace

import pandas as pd
import pytest
from builders.rows import LOAD, hours, judged, measured
from builders.web import AT, Client, operated

from gridahead.core.errors import SettingsError
from gridahead.settings.serve import ServeSettings
from gridahead.web.api.answers import Answer, Answers
from gridahead.web.api.formats import FORMATS, chosen, csv_style, media_type_of
from gridahead.web.problems import RequestError
from gridahead.web.rate import Rate
from gridahead.web.server import closed_at
from gridahead.web.tokens import Tokens

SERIES = "/api/v1/series/DE/load"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    in_memory = operated(tmp_path_factory.mktemp("asked") / "data")
    # What is written here is read by other threads, which a lake in memory does not stand.
    made = replace(in_memory, settings=in_memory.settings.model_copy(update={"lake": None}))
    made.lake.observations.append(in_memory.lake.observations.read())
    for day in ("2025-03-10", "2025-03-12", "2025-03-14"):
        times = hours(f"{day}T06:00Z", 3)
        made.lake.verdicts.append(judged(measured(LOAD, times, 90_000.0), "range", "quarantine"))
    return made


@pytest.fixture(scope="module")
def client(workspace):
    return Client(workspace)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("text/html, application/vnd.apache.parquet;q=0.9, */*;q=0.1", "parquet"),
        ("application/json;q=0.2, text/*;q=0.5", "csv"),
        ("application/*", "json"),
        ("*/*;q=0.5, application/json;q=0", "csv"),
    ],
)
def test_a_request_is_given_what_it_likes_best(accept, form):
    assert chosen(None, accept) == form
    assert chosen("xlsx", accept) == "xlsx"


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", ";;,,"])
def test_what_nobody_here_can_write_is_refused_with_what_there_is(client, accept):
    if accept == ";;,,":
        assert chosen(None, accept) == "json"  # it says nothing
        return
    with pytest.raises(RequestError):
        chosen(None, accept)
    answer = client.get(f"{SERIES}/forecast", {"Accept": accept})
    assert answer.status_code == 406
    assert "text/csv" in answer.json()["hint"]


def test_every_format_has_a_media_type_and_every_language_but_english_a_decimal_comma():
    assert {name: csv_style(name) for name in FORMATS if name.startswith("csv")} == {
        name: "plain" if name in ("csv", "csv-en") else "semicolon" for name in FORMATS if name.startswith("csv")
    }
    assert all("/" in media_type_of(name) for name in FORMATS)


def test_what_the_asker_has_is_not_sent_again_packed_or_not(client):
    plain = client.get(f"{SERIES}/forecast", {"Accept-Encoding": "identity"})
    packed = client.get(f"{SERIES}/forecast", {"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert packed.content == plain.content and plain.headers["etag"] != packed.headers["etag"]
    for tag in (plain.headers["etag"], packed.headers["etag"], f"W/{plain.headers['etag']}", '"x", *'):
        again = client.get(f"{SERIES}/forecast", {"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{SERIES}/forecast", {"If-None-Match": '"x"'}).status_code == 200
    assert "Accept-Encoding" in plain.headers["vary"]


def test_an_answer_packs_what_gets_smaller_by_it():
    assert gzip.decompress(Answer(b"a" * 1000, "text/csv").packed or b"") == b"a" * 1000
    assert Answer(b"a" * 100, "text/csv").packed is None
    assert Answer(b"a" * 1000, media_type_of("parquet")).packed is None


def test_of_those_who_ask_at_once_one_makes_the_answer_for_all():
    answers, made, begin = Answers(), [], threading.Barrier(8)

    def make() -> Answer:
        made.append(1)
        return Answer(b"x", "text/plain")

    def ask() -> None:
        begin.wait()
        answers.made("key", make)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_answers_that_were_asked_for_last_are_kept_up_to_a_bound():
    answers = Answers(most=250)
    for name in ("a", "b", "c"):
        answers.made(name, lambda: Answer(b"x" * 100, "text/plain"))
    assert (answers.kept("a"), answers.kept("b") is None, answers.kept("c") is None) == (None, False, False)
    answers.made("large", lambda: Answer(b"x" * 300, "application/zip"))
    assert answers.kept("large") is None and answers.kept("c") is not None


def test_an_answer_that_could_not_be_made_is_made_next_time():
    answers = Answers()
    with pytest.raises(ZeroDivisionError):
        answers.made("key", lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    assert answers.made("key", lambda: Answer(b"x", "text/plain")).content == b"x"


def test_the_latest_forecast_is_made_once_until_another_is_published(client, workspace, monkeypatch):
    client.get(f"{SERIES}/forecast", unit="kW")
    monkeypatch.setattr("gridahead.web.api.routes.forecast_answer", None)
    assert client.get(f"{SERIES}/forecast", unit="kW").status_code == 200
    assert client.get(f"{SERIES}/forecast", unit="GW").status_code == 500


def test_lists_come_in_pages_that_lead_to_one_another(client):
    found, address = [], "/api/v1/quality/cases?limit=1"
    while address:
        answer = client.get(address)
        found += answer.json()["cases"]
        link = answer.headers.get("link", "")
        address = link.partition("<")[2].partition(">")[0]
    assert [case["start"][:10] for case in found] == ["2025-03-14", "2025-03-12", "2025-03-10"]
    assert found[0]["rows"] == 3 and found[0]["state"] == "open"
    assert client.get("/api/v1/quality/cases", series="DE/nix").json() == {"cases": []}
    gone = client.get("/api/v1/quality/cases", cursor="0" * 16)
    assert (gone.status_code, gone.json()["hint"]) == (422, "Leave cursor out")


def test_a_ruling_needs_a_token_that_may_write_and_bears_its_name(client, workspace):
    case = client.get("/api/v1/quality/cases").json()["cases"][0]
    address = f"/api/v1/quality/cases/{case['id']}/rulings"
    ruling = {"ruling": "release", "reason": "a storm, it was so"}
    assert client.ask("POST", address, json=ruling).status_code == 401
    said = Tokens.of(workspace.settings, workspace.clock).add("night shift", ["write"])
    done = client.ask("POST", address, json=ruling, headers={"Authorization": f"Bearer {said}"})
    assert done.status_code == 201
    assert (done.json()["state"], done.json()["why"]) == ("released", "night shift: a storm, it was so")
    assert client.get(f"/api/v1/quality/cases/{case['id']}").json()["state"] == "released"
    assert workspace.lake.read_rulings()["decided_by"].unique().tolist() == ["night shift"]


def test_a_price_has_no_unit_of_power_and_no_series_is_made_up(client):
    answer = client.get("/api/v1/series/DE/laod/forecast")
    assert (answer.status_code, answer.json()["type"]) == (404, "/docs/api#unknown-series")
    assert answer.json()["hint"].startswith("did you mean 'DE/load'?")


def test_a_lake_that_cannot_be_read_is_a_problem_that_may_pass(tmp_path):
    workspace = operated(tmp_path / "data")
    folder = workspace.lake.observations.recent
    folder.write(folder.names()[0], b"torn")
    answer = Client(workspace).get(f"{SERIES}/outturn")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert answer.json()["type"] == "/docs/api#unreadable"


def test_the_models_and_the_record_are_told_where_there_are_none_yet(client):
    said = client.get(f"{SERIES}/models").json()
    assert [(one["version"], one["model"], one["roles"]) for one in said["versions"]] == [("1", "naive", ["champion"])]
    assert client.get(f"{SERIES}/scores").json()["n"] == 0


def test_a_bucket_empties_by_requests_and_fills_with_time():
    at = [0.0]
    rate = Rate(60, lambda: at[0])
    assert [rate.wait("me") for _ in range(61)] == [0] * 60 + [1]
    assert rate.wait("somebody else") == 0
    at[0] = 1.0
    assert [rate.wait("me"), rate.wait("me")] == [0, 1]
    assert [Rate(0).wait("me") for _ in range(1000)] == [0] * 1000


def serving(workspace, **said):
    return replace(workspace, settings=workspace.settings.model_copy(update={"serve": ServeSettings(**said)}))


def test_a_server_that_others_reach_does_not_start_without_tokens_and_its_advice_helps(tmp_path):
    workspace = operated(tmp_path / "data", published=False)
    assert not closed_at(workspace, "127.0.0.1")
    with pytest.raises(SettingsError, match="gridahead serve token add NAME"):
        closed_at(workspace, "0.0.0.0")
    assert not closed_at(serving(workspace, require_tokens=False), "0.0.0.0")
    assert not closed_at(workspace, "10.0.0.1", require_tokens=False)
    tokens = Tokens.of(workspace.settings, workspace.clock)
    tokens.add("brief", expires_at=AT + pd.Timedelta(hours=1))
    assert closed_at(workspace, "10.0.0.1") and closed_at(serving(workspace, require_tokens=True), "127.0.0.1")
    later = replace(workspace, clock=lambda: AT + pd.Timedelta(hours=1))
    with pytest.raises(SettingsError, match="there is none"):
        closed_at(later, "10.0.0.1")


def test_a_closed_server_answers_who_shows_a_token_as_bearer_password_or_cookie(workspace):
    import base64

    said = Tokens.of(workspace.settings, workspace.clock).add("reader")
    closed = Client(workspace, closed=True)
    password = base64.b64encode(f"anybody:{said}".encode()).decode()
    shown = [f"Bearer {said}", f"bearer  {said}", f"Basic {password}"]
    assert [closed.get(SERIES, {"Authorization": one}).status_code for one in shown] == [200, 200, 200]
    assert closed.get(SERIES, {"Cookie": f"gridahead_token={said}"}).status_code == 200
    assert [closed.get(SERIES, {"Authorization": one}).status_code for one in ("", "Basic x", said)] == [401] * 3
    assert closed.get("/livez").status_code == 200
