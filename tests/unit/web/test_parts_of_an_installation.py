"""What a token of some series sees: those, and of no other that it is there, at whichever address it asks."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pandas as pd
import pyarrow.parquet as pq
import pytest
from builders.readers import installation, without
from builders.web import Client
from fastapi import FastAPI
from starlette.routing import Mount, Route

from gridahead.core.grid import Series
from gridahead.core.tables import INCIDENTS
from gridahead.quarantine.rulings import cases
from gridahead.settings.zones import ZoneSettings
from gridahead.web.app import application
from gridahead.web.files import MEDIA_TYPES
from gridahead.web.share import Share, share_of
from gridahead.web.tokens import Tokens
from gridahead.workspace import Workspace

OWN, FOREIGN, BESIDE = "DE/load", "FI/load", "FI/wind_solar"
FOREIGN_WORDS = re.compile(rb"\bFI\b")
"""The code of the zone whose series the token is not of, in names of series, of files, and in titles."""
FORMS = {
    "forecast": ("json", "csv", "csv-semicolon", "xlsx", "parquet", "arrow"),
    "paths": ("json", "parquet", "arrow"),
}
FORMS |= {"outturn": FORMS["forecast"], "official": FORMS["forecast"]}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three series, the first of them with a case, and pages, cards and an incident that name all of them."""
    made = installation(tmp_path_factory.mktemp("parts"), FOREIGN, OWN, BESIDE, days=2, history=8)
    settings = made.settings
    published = settings.published_folder
    for name in ("report.html", "quality.html", "cards/FI.load-v1.html", "cards/DE.load-v1.html", "cases/FI.load.png"):
        (published / name).parent.mkdir(exist_ok=True)
        (published / name).write_text("of DE and FI")
    settings.quality_folder.mkdir(exist_ok=True)
    (settings.quality_folder / "index.html").write_text("of DE and FI")
    made.lake.incidents.append(_incident(FOREIGN))
    made.lake.incidents.append(_incident(OWN))
    return made


def _incident(series: str) -> pd.DataFrame:
    words = {"what": f"Nothing new of {series} has come.", "meanwhile": "", "advice": "Look.", "page": ""}
    at = pd.Timestamp("2025-11-04T10:00Z")
    told = {"incident": f"silent {series}", "kind": "silent", "severity": "warning", "subject": series, "since": at}
    told |= {"event": "opened", "at": at, "host": "here", "words": json.dumps(words), "cause": "", "channel": ""}
    frame = pd.DataFrame([{**dict.fromkeys(INCIDENTS.names, ""), **told}])
    return INCIDENTS.check(INCIDENTS.select(frame))


@pytest.fixture(scope="module")
def tokens(workspace: Workspace) -> dict[str, dict[str, str]]:
    """Headers with a token of one series, of another, and of all."""
    kept = Tokens.of(workspace.settings, workspace.clock)
    made = {"own": (OWN,), "foreign": (FOREIGN,), "all": ()}
    said = {name: kept.add(name, ("write",), series=series) for name, series in made.items()}
    return {name: {"Authorization": f"Bearer {token}"} for name, token in said.items()}


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> Client:
    return Client(workspace, closed=True)


def words_of(answer: httpx.Response) -> bytes:
    """Everything that an answer says, unpacked."""
    content, kind = answer.content, answer.headers.get("content-type", "")
    if content.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        content = b"\n".join(name.encode() + archive.read(name) for name in archive.namelist())
    elif "parquet" in kind:
        table = pq.read_table(io.BytesIO(content))
        content = str(table.schema.metadata).encode() + table.to_pandas().to_csv().encode()
    return content + str(answer.headers).encode()


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Methods and paths of every route of a server; of the API, which is mounted in it, by its own description."""
    for route in app.routes:
        if isinstance(route, Route):
            yield from ((method, route.path) for method in sorted((route.methods or set()) - {"HEAD"}))
            continue
        assert isinstance(route, Mount) and isinstance(route.app, FastAPI), route
        for path, methods in route.app.openapi()["paths"].items():
            yield from ((method.upper(), route.path + path) for method in methods)


def filled(path: str, fill: dict[str, list[str]]) -> list[str]:
    """A path with each value of what stands in braces."""
    paths = [path]
    for part in re.findall(r"{[^}]+}", path):
        where = path if part == "{file:path}" else part
        paths = [one.replace(part, value) for one in paths for value in fill[where]]
    return paths


@pytest.fixture(scope="module")
def asked(workspace: Workspace) -> list[tuple[str, str]]:
    """Every address that the server has for this installation, of whichever series."""
    files = {
        f"/{name}/{{file:path}}": [
            one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.suffix in MEDIA_TYPES
        ]
        for name, folder in (
            ("published", workspace.settings.published_folder),
            ("quality", workspace.settings.quality_folder),
        )
    }
    case = cases(workspace, closed=True)[0].id
    fill = {"{zone}": ["DE", "FI"], "{quantity}": ["load"], "{case}": [case], "{name}": ["page.js"], **files}
    guard: Any = application(workspace)
    found = [(method, one) for method, path in routes_of(guard._app._whole) for one in filled(path, fill)]
    for method, path in list(found):
        found += [(method, f"{path}?format={form}") for form in FORMS.get(path.rpartition("/")[2], ())]
    return [*found, ("GET", "/quality?show=all"), ("GET", "/api/v1/quality/cases?state=all&severity=all")]


def bodies_for(path: str) -> dict[str, Any]:
    """What a POST to an address brings."""
    ruling = {"ruling": "release", "reason": "the meter was right"}
    if path.startswith("/api/"):
        return {"json": ruling}
    return {"content": urlencode(ruling), "headers": {"content-type": "application/x-www-form-urlencoded"}}


def ask(client: Client, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    options = bodies_for(path) if method == "POST" else {}
    own = {"origin": "http://localhost", **headers, **options.pop("headers", {})}
    return client.ask(method, path, headers=own, **options)


def test_no_answer_names_a_series_that_the_token_is_not_of(client, workspace, tokens, asked):
    named = 0
    for method, path in asked:
        whole = ask(client, "GET", path, tokens["all"]) if method == "GET" else None
        answer = ask(client, method, path, tokens["own"])
        if FOREIGN_WORDS.search(path.encode()):
            assert answer.status_code == 404, path
            continue
        assert not (found := FOREIGN_WORDS.search(words_of(answer))), (method, path, found)
        named += whole is not None and FOREIGN_WORDS.search(words_of(whole)) is not None
    assert named >= 12  # of pages, lists, figures and files, which do name them for whoever may see everything
    assert workspace.lake.read_rulings().empty


def test_what_is_there_and_not_to_be_seen_is_answered_as_what_is_not_there(client, tokens, asked):
    for path in {path for method, path in asked if method == "GET" and "/FI" in path}:
        hidden, absent = (
            client.ask("GET", path.replace("/FI", f"/{zone}"), headers=tokens["own"]) for zone in ("FI", "XX")
        )
        assert hidden.status_code == absent.status_code == 404
        assert hidden.text.replace("FI", "XX") == absent.text, path


@pytest.mark.parametrize(
    "name", ["", "DE.load", "DE.load/%2E%2E/FI.load/latest.csv", "DE.load/..%2FFI.load/latest.csv"]
)
def test_no_way_round_leads_to_the_files_of_another(client, tokens, name):
    assert client.ask("GET", f"/published/{name}", headers=tokens["own"]).status_code == 404


def test_its_own_series_are_answered_as_for_whoever_sees_everything(client, tokens, asked):
    own = [path for method, path in asked if method == "GET" and re.search(r"/(series|published)/DE[./]", path)]
    assert len(own) > 30
    for path in own:
        part, whole = (client.ask("GET", path, headers=tokens[name]) for name in ("own", "all"))
        assert (part.status_code, len(part.content)) == (whole.status_code, len(whole.content)), path


@pytest.mark.parametrize("closed", [True, False])
def test_a_case_is_ruled_on_with_a_token_of_its_series_only(tmp_path, closed):
    workspace = installation(tmp_path, FOREIGN, OWN, days=1, history=2)
    kept = Tokens.of(workspace.settings, workspace.clock)
    said = {name: kept.add(name[:2], ("write",), series=(name,)) for name in (OWN, FOREIGN)}
    case, client = cases(workspace, closed=True)[0].id, Client(workspace, closed=closed)
    api, form = f"/api/v1/quality/cases/{case}/rulings", f"/quality/cases/{case}"
    shown = {"Authorization": f"Bearer {said[OWN]}"}
    refused = ask(client, "POST", api, shown)
    assert refused.status_code == (404 if closed else 403)
    fields = {"ruling": "release", "reason": "the meter was right", "token": said[OWN]}
    reader = {"Authorization": f"Bearer {said[FOREIGN]}"} if closed else {}
    headers = {"origin": "http://localhost", "content-type": "application/x-www-form-urlencoded"}
    if not closed:  # a form may bring a token, and says why it does not do
        page = client.ask("POST", form, content=urlencode(fields), headers=headers)
        assert page.status_code == 403 and f"the token DE is not of {FOREIGN}" in page.text
    assert workspace.lake.read_rulings().empty
    done = client.ask("POST", form, content=urlencode({**fields, "token": said[FOREIGN]}), headers=headers | reader)
    assert done.status_code == 303
    assert set(workspace.lake.read_rulings()["decided_by"]) == {"FI"}
    written = (workspace.settings.published_folder / "quality.html").read_text()
    assert "Load DE" in written  # it was written anew for all


def test_a_probe_is_told_names_by_a_token_only_where_tokens_are_needed(workspace, tokens):
    late = Workspace(workspace.settings, clock=lambda: pd.Timestamp("2025-11-05T11:30Z"))
    closed, is_open = Client(late, closed=True), Client(late)
    reasons = {name: closed.ask("GET", "/healthz", headers=tokens[name]).json()["reasons"] for name in ("own", "all")}
    assert [reason.partition(":")[0] for reason in reasons["own"]] == [OWN]
    assert {reason.partition(":")[0] for reason in reasons["all"]} == {OWN, FOREIGN, BESIDE}
    anybody = closed.ask("GET", "/healthz")
    assert anybody.status_code == 503
    assert anybody.json()["reasons"] == ["3 of them, told to whoever asks with a token that may read"]
    assert closed.ask("GET", "/healthz", headers={"Authorization": "Bearer wrong"}).json() == anybody.json()
    assert len(is_open.ask("GET", "/healthz").json()["reasons"]) == 3


def test_what_cannot_be_read_is_told_without_its_files(tmp_path):
    workspace = installation(tmp_path, FOREIGN, OWN, days=1, history=2)
    said = Tokens.of(workspace.settings, workspace.clock).add("own", series=(OWN,))
    for file in workspace.settings.data_folder.glob("lake/observations/**/*.parquet"):
        file.write_bytes(b"FI/load")
    client = Client(workspace, closed=True)
    for path in ("/", "/status", "/metrics", f"/series/{OWN}", f"/api/v1/series/{OWN}/outturn"):
        answer = client.ask("GET", path, headers={"Authorization": f"Bearer {said}"})
        assert b"FI" not in answer.content and b".parquet" not in answer.content, path
    assert "the log of the server says why" in answer.text


def test_a_part_is_told_by_name_pattern_and_group(workspace):
    zones = (ZoneSettings(code="FI", timezone="Europe/Helsinki", group="north"),)
    grouped = without(workspace, zones=zones)
    kept = Tokens.of(workspace.settings, workspace.clock)

    def seen(name: str, **part: tuple[str, ...]) -> Share:
        kept.add(name, **part)  # type: ignore[arg-type]
        return share_of(grouped, next(one for one in kept.all() if one.name == name))

    def names(share: Share) -> list[str]:
        return [str(entry.series) for entry in share.workspace.settings.series]

    assert names(seen("one", series=(OWN,))) == [OWN]
    assert names(seen("pattern", series=("*/load",))) == [FOREIGN, OWN]
    assert names(seen("group", groups=("north",))) == [FOREIGN, BESIDE]
    assert names(both := seen("both", series=("*/wind_solar",), groups=("north",))) == [BESIDE]
    assert names(seen("none", series=("SE3/load",))) == []
    assert both.has(Series("FI", "wind_solar_official")) and not both.has(FOREIGN) and not both.whole
