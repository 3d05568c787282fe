"""Files that are published, over HTTP: what they are, that they are not fetched twice, and nothing else."""

import pytest
from builders.web import ask, operated

SECRET = "the key"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "data"
    made = operated(folder)
    published = made.settings.published_folder
    (published / "report.html").write_text("<p>the page</p>")
    (published / ".writing-1.html").write_text("half")
    (published / "notes.toml").write_text(SECRET)
    (folder.parent / "settings.json").write_text(SECRET)
    (folder / "keys.csv").write_text(SECRET)
    made.settings.quality_folder.mkdir(exist_ok=True)
    (made.settings.quality_folder / "index.html").write_text("<p>the gate</p>")
    return made


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/published/report.html", "text/html; charset=utf-8"),
        ("/published/DE.load/latest.csv", "text/csv; charset=utf-8"),
        ("/published/DE.load/latest.json", "application/json"),
        ("/quality/index.html", "text/html; charset=utf-8"),
    ],
)
def test_a_published_file_comes_as_what_it_is(workspace, path, media_type):
    answer = ask(workspace, path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.content == (workspace.settings.data_folder / path[1:]).read_bytes()


def test_a_table_for_programs_is_found_by_the_name_in_the_manifest(workspace):
    about = ask(workspace, "/published/DE.load/latest.json").json()
    answer = ask(workspace, f"/published/DE.load/2025-03-19/2025-03-18T1000Z/{about['parquet']}")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert answer.content[:4] == b"PAR1"


def test_what_the_asker_has_is_not_sent_again(workspace):
    first = ask(workspace, "/published/report.html")
    again = ask(workspace, "/published/report.html", if_none_match=f'"other", W/{first.headers["etag"]}')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert ask(workspace, "/published/report.html", if_none_match='"other"').status_code == 200


def test_the_head_of_a_file_says_its_length_and_identity(workspace):
    whole, head = (ask(workspace, "/published/report.html", method) for method in ("GET", "HEAD"))
    for name in ("etag", "content-length", "content-type"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    "path",
    [
        "/published/../keys.csv",
        "/published/%2e%2e/keys.csv",
        "/published/..%2fkeys.csv",
        "/published/%2e%2e%2f%2e%2e%2fsettings.json",
        "/published/DE.load/../../keys.csv",
        "/published/..%5ckeys.csv",
        "/published//etc/passwd.txt",
        "/published/%2fetc%2fpasswd.txt",
        "/published/.writing-1.html",
        "/published/notes.toml",
        "/published/DE.load",
        "/published/report.html%00.csv",
        "/published/report.html/x.csv",
        "/quality/../keys.csv",
        "/lake/keys.csv",
    ],
)
def test_nothing_else_is_given_away(workspace, path):
    answer = ask(workspace, path)
    assert answer.status_code == 404
    assert SECRET not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(workspace, method):
    assert ask(workspace, "/published/report.html", method).status_code == 405


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1:8080", "[::1]:8080", "a.example.org", "FORECASTS.example.com."]
)
def test_requests_to_a_name_of_ours_are_answered(workspace, name):
    assert ask(allowing(workspace), "/livez", host="localhost", Host=name).status_code == 200


@pytest.mark.parametrize(
    "name", ["evil.example.net", "example.org", "localhost.evil.net", "", "a.example.org.evil.net"]
)
def test_a_request_to_another_name_is_refused_with_the_setting_that_helps(workspace, name):
    answer = ask(allowing(workspace), "/livez", host="localhost", Host=name)
    assert answer.status_code == 421
    assert "[serve] allowed_hosts" in answer.text


def allowing(workspace):
    """The workspace with names of its own."""
    from dataclasses import replace

    from gridahead.settings.serve import ServeSettings

    chosen = ServeSettings(allowed_hosts=("*.example.org",), public_url="https://forecasts.example.com/gridahead/")
    return replace(workspace, settings=workspace.settings.model_copy(update={"serve": chosen}))


def test_every_answer_tells_browsers_to_be_careful(workspace):
    for path in ("/status", "/published/report.html", "/nowhere", "/healthz"):
        headers = ask(workspace, path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
