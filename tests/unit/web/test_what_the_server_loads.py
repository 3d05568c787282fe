"""A server that runs beside everything else starts quickly and needs little memory."""

import subprocess
import sys

HEAVY = ("torch", "mlflow", "great_expectations", "prefect", "sklearn", "matplotlib", "scipy")
API = tuple(
    f"/api/v1{path}"
    for path in (
        "/series",
        "/quality/cases",
        *(f"/series/DE/load/{what}" for what in ("issues", "forecast", "peak", "explanation", "scores", "models")),
        *(f"/series/DE/load/outturn?format={form}" for form in ("json", "csv-de", "xlsx", "parquet", "arrow")),
    )
)
SHOWN = ("/", "/series/DE/load", "/models", "/models/DE/load", "/quality", "/docs/api", "/openapi.json", *API)
SERVED = f"""
import asyncio, sys
import httpx
from gridahead.settings.model import Settings
from gridahead.web.app import application
from gridahead.web import server
from gridahead.workspace import Workspace
series = [{{"series": "DE/load", "deadline": "D-1T1100[Europe/Berlin]"}}]
said = {{"data_folder": sys.argv[1], "mode": "live", "series": series}}
PATHS = ("/livez", "/healthz", "/metrics", "/status", "/assets/page.js", "/published/x.csv", *{SHOWN!r})
async def ask():
    transport = httpx.ASGITransport(application(Workspace(Settings.model_validate(said))))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return [(await client.get(path)).status_code for path in PATHS]
print(set(asyncio.run(ask())) <= {{200, 404, 503}}, [name for name in {HEAVY!r} if name in sys.modules])
"""


def test_no_answer_needs_a_model_the_gate_the_registry_or_the_orchestrator(tmp_path):
    command = [sys.executable, "-c", SERVED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("True []\n", 0), done.stderr
