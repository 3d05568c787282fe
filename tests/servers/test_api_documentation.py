"""The page on the API does what it says: its blocks, from top to bottom, against a server; and the page of examples."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from builders.api_server import ApiServer, api_server
from builders.browser import browser, look
from builders.documentation import DOCS, blocks
from builders.shell import Shell

PAGE = DOCS / "api.md"
SAID = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with api_server(tmp_path_factory.mktemp("documented"), closed=False) as up:
        yield up


def test_every_block_of_the_page_runs(server: ApiServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(server.folder)
    shell, known = Shell(server.folder), dict[str, object]()
    for block in blocks(PAGE):
        text = block.text.replace(SAID, server.address)
        if block.language == "python":
            exec(compile(text, str(block), "exec"), known)
        for command, _ in block.commands if block.language == "sh" else ():
            code, said = shell.run(command.replace(SAID, server.address))
            assert code == 0, f"{block}: {command}\n{said}"
    assert Path("forecast.xlsx").read_bytes()[:2] == b"PK"
    assert ";P50 [MW];" in Path("prognose.csv").read_text("utf-8-sig")


def test_every_example_of_the_servers_own_page_runs(server: ApiServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(server.folder)
    page = httpx.get(f"{server.address}/docs/api").text
    shell, python, query = (html.unescape(one) for one in re.findall(r"<pre.*?><code>(.*?)</code></pre>", page, re.S))
    address = f"http://127.0.0.1:{server.port}"
    assert address in shell and "Csv.Document" in query
    for line in shell.splitlines():
        subprocess.run(["bash", "-c", line], check=True, capture_output=True, env=os.environ)
    subprocess.run([sys.executable, "-c", python.replace('forecast["0.5"].plot()', "")], check=True)
    linked = set(re.findall(r'<tr id="([\w-]+)"', page))
    assert httpx.get(f"{address}/api/v1/series/DE/lod").json()["type"].partition("#")[2] in linked


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_of_examples_fits_asks_nobody_and_everybody_can_read_it(server: ApiServer, width: int):
    with browser() as chromium:
        found = look(chromium, f"{server.address}/docs/api", width)
    assert (found.console, found.failed, found.wide, found.mute, found.axe) == ([], [], [], [], [])
    assert found.page <= width
    assert all(one.startswith((server.address, "data:")) for one in found.asked)
