"""Servers of a test's own: started, waited for, ended. A database belongs to a user that may do nothing else."""

import base64
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg2
from children import environment

from builders.programs import program

PATIENCE_SECONDS = 120
"""A first start makes a database, and other tests run beside it."""
CHECKOUT = Path(__file__).parents[2]
"""Where Prefect finds the settings of the project, prefect.toml."""
_OWN_HEADERS = {"host", "authorization", "connection", "content-length", "transfer-encoding", "server", "date"}
DATABASE_USER = "postgres"
"""Comes with Debian's package; PostgreSQL refuses to run as root."""


def as_database_user(*owned: Path) -> list[str]:
    """What a command begins with to run as that user, who gets some paths; nothing for who is not root.

    A program of its own changes the user: for `Popen(user=...)` Python forks this process, which waits for ever where
    another thread is in a multiplication of matrices.
    """
    if os.geteuid() != 0:
        return []
    for path in owned:
        shutil.chown(path, DATABASE_USER)
    return [program("setpriv"), f"--reuid={DATABASE_USER}", f"--regid={DATABASE_USER}", "--clear-groups", "--"]


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], is_up: Callable[[], object], log: Path, **options: Any) -> Iterator[None]:
    """A program while it is needed; what it says goes to a file, whose end is told if it does not come up."""
    with log.open("ab") as said:
        child = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, start_new_session=True, **options)
    try:
        _wait(child, is_up, log)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGINT)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _wait(child: subprocess.Popen, is_up: Callable[[], object], log: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while child.poll() is None and time.monotonic() < end:
        try:
            is_up()
            return
        except (OSError, psycopg2.OperationalError):
            time.sleep(0.2)
    raise AssertionError(f"{child.args!r} is not up (exit code {child.poll()}):\n{log.read_text()[-3000:]}")


@dataclass
class Cluster:
    """A database server of a test's own, which can be ended and begun again."""

    address: str
    serve: Callable[[], AbstractContextManager[None]]
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Begin, and wait until it answers."""
        self._running.enter_context(self.serve())

    def stop(self) -> None:
        """End it; its data stay."""
        self._running.close()


@contextmanager
def postgres() -> Iterator[str]:
    """A new cluster behind a socket in a folder of its own; gives the address of its database."""
    with postgres_cluster() as cluster:
        yield cluster.address


@contextmanager
def postgres_cluster() -> Iterator[Cluster]:
    """The same, which can be ended and begun again."""
    initdb, server = program("initdb"), program("postgres")
    home = Path(tempfile.mkdtemp(prefix="postgres-"))  # not below pytest's folder, which other users may not enter
    begin = as_database_user(home)
    address = f"postgresql://gridahead@/postgres?host={home}"
    make = [*begin, initdb, "--pgdata", "data", "--username", "gridahead", "--auth", "trust", "--no-sync"]
    serve = [*begin, server, "-D", "data", "-k", str(home), "-c", "listen_addresses=", "-c", "fsync=off"]
    try:
        subprocess.run(make, check=True, capture_output=True, cwd=home)
        is_up = lambda: psycopg2.connect(address).close()  # noqa: E731
        cluster = Cluster(address, lambda: running(serve, is_up, home / "log", cwd=home))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(home)


@contextmanager
def mlflow_server(
    database: str, artifacts: str | Path, log: Path, surroundings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """MLflow's server as docker-compose.yml starts it, on a database; gives its address.

    Args:
        database: its address.
        artifacts: a folder or an address, which the server reads and writes for those who ask it.
        log: where what it says goes.
        surroundings: what the environment has besides, such as where the object store is.
    """
    port = str(free_port())
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", port, "--workers", "1"]
    command += ["--backend-store-uri", database, "--artifacts-destination", str(artifacts)]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with running(command, lambda: _get(f"{address}/health"), log, env={**environment(), **surroundings, **quiet}):
        yield address


@contextmanager
def behind_password(address: str, user: str, password: str) -> Iterator[str]:
    """A server that lets in who says user and password (HTTP Basic), and asks another one; gives its address."""
    expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    host = urllib.parse.urlsplit(address).netloc

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") != expected:
                self.said(401, {"WWW-Authenticate": "Basic"}, b"You are not authenticated.")
                return
            connection = http.client.HTTPConnection(host, timeout=60)
            kept = {name: value for name, value in self.headers.items() if name.lower() not in _OWN_HEADERS}
            connection.request(self.command, self.path, body, {**kept, "Host": host})
            given = connection.getresponse()
            named = {name: value for name, value in given.getheaders() if name.lower() not in _OWN_HEADERS}
            self.said(given.status, named, given.read())
            connection.close()

        def said(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *about: object) -> None:
            pass

    door = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    door.daemon_threads = True
    threading.Thread(target=door.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{door.server_address[1]}"
    finally:
        door.shutdown()
        door.server_close()


@contextmanager
def prefect_server(home: Path) -> Iterator[dict[str, str]]:
    """Prefect's server with a database in a folder; gives the environment of those who talk to it."""
    port = str(free_port())
    address = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    surroundings = {**environment(), "PREFECT_HOME": str(home), "DO_NOT_TRACK": "1"}
    with running(command, lambda: _get(f"{address}/health"), home / "server.log", env=surroundings, cwd=CHECKOUT):
        yield {**surroundings, "PREFECT_API_URL": address}


@contextmanager
def prefect_worker(surroundings: dict[str, str], pool: str, log: Path) -> Iterator[None]:
    """A worker that runs what is scheduled in a pool."""
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool]
    with running(command, lambda: None, log, env=surroundings, cwd=CHECKOUT):
        yield


def _get(address: str) -> None:
    urllib.request.urlopen(address, timeout=5).close()


@contextmanager
def dask_scheduler(folder: Path) -> Iterator[str]:
    """A scheduler of Dask without workers; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]

    def is_up() -> None:
        socket.create_connection(("127.0.0.1", port), 5).close()

    with running(command, is_up, folder / "scheduler.log", env=environment(), cwd=folder):
        yield f"tcp://127.0.0.1:{port}"


@contextmanager
def dask_workers(scheduler: str, folder: Path, number: int) -> Iterator[None]:
    """Workers of one thread each, in folders of their own as on other hosts, which know no settings."""
    with ExitStack() as stack:
        for name in (f"worker-{one}" for one in range(number)):
            (folder / name).mkdir()
            command = [sys.executable, "-m", "dask", "worker", scheduler, "--no-nanny", "--nthreads", "1"]
            command += ["--name", name, "--no-dashboard", "--local-directory", str(folder / name)]
            log = folder / f"{name}.log"
            stack.enter_context(running(command, lambda: None, log, env=environment(), cwd=folder / name))
        yield
