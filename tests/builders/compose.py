"""docker-compose.yml as processes of this machine: the same commands and environments, without a Docker engine.

Debian's docker-compose reads the file: it checks it, fills in the variables and merges what is shared. Then each
service is started as the file says. Four things are translated, everywhere: `service:port` and a service's own ports
become free ports of 127.0.0.1; the paths of volumes become folders; 0.0.0.0 becomes 127.0.0.1; and for the two images
that are not ours, Debian's PostgreSQL and moto's S3 stand.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from children import environment

from builders.programs import program
from builders.servers import CHECKOUT, as_database_user, free_port

SHARED = "/gridahead"
"""Where the image has the checkout."""
PATIENCE_SECONDS = 240
POSTGRES, S3 = "postgres:", "chrislusf/seaweedfs:"
"""Images that other programs stand for."""


def resolved(folder: Path) -> dict[str, Any]:
    """The file as docker-compose reads it, with secrets in a .env made from .env.example as that says.

    Args:
        folder: gets the files that the compose file names.
    """
    shutil.copy(CHECKOUT / "docker-compose.yml", folder)
    shutil.copytree(CHECKOUT / "docker", folder / "docker", dirs_exist_ok=True)
    template = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    (folder / ".env").write_text(re.sub(r"^(\w+)=$", r"\1=secret\1", template, flags=re.MULTILINE))
    command = [program("docker-compose"), "--project-directory", str(folder), "config"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    services: dict[str, Any] = yaml.safe_load(done.stdout)
    return services


@dataclass
class Process:
    """One container that is none."""

    service: str
    log: Path
    child: subprocess.Popen[bytes] | None = None

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to it and all that it has started, as if its machine went away."""
        if self.child is None:
            return
        for process in [self.child.pid, *_below(self.child.pid)]:
            with suppress(ProcessLookupError):
                os.kill(process, number)
        with suppress(subprocess.TimeoutExpired):
            self.child.wait(30)

    @property
    def below(self) -> list[int]:
        """The processes that it has started, and those that they have."""
        return [] if self.child is None else _below(self.child.pid)


def _environment_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/environ").read_text(errors="replace")
    except OSError:
        return ""


@dataclass
class Installation:
    """The services of a compose file on this machine."""

    folder: Path
    said: Mapping[str, Any]
    ports: dict[tuple[str, int, int], int] = field(default_factory=dict)
    """By service, replica and port: that of this machine."""
    processes: dict[tuple[str, int], Process] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)
    """Environment of all services besides what the file says."""

    @property
    def own(self) -> Path:
        """What stands for the volume with settings and data."""
        return self.folder / "volumes" / "own"

    def address(self, service: str, port: int) -> str:
        """Where a service is."""
        return f"127.0.0.1:{self._port(service, 0, port)}"

    def worker_of(self, run: str) -> tuple[str, int] | None:
        """The worker that has a run; None as long as nobody has."""
        for key, process in self.processes.items():
            if key[0] == "worker" and any(run in _environment_of(child) for child in process.below):
                return key
        return None

    def environment(self, service: str, replica: int = 0) -> dict[str, str]:
        """Of a service, on this machine."""
        said = self.said["services"][service].get("environment") or {}
        told = {name: self.here(str(value), service, replica) for name, value in said.items() if value is not None}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        home = self.folder / "homes" / f"{service}-{replica}"
        home.mkdir(parents=True, exist_ok=True)
        return {**environment(), "PATH": path, "HOME": str(home), **self.more, **told}

    def here(self, text: str, service: str, replica: int = 0) -> str:
        """A text of a service's with hosts, ports and paths of this machine."""
        text = re.sub(r"^/tmp/", f"{self.folder}/homes/{service}-{replica}/", text)
        others = "|".join(self.said["services"])
        text = re.sub(rf"(?<![\w.-])({others}):(\d+)", lambda found: self.address(found[1], int(found[2])), text)
        for port in _ports(self.said["services"][service]):
            text = re.sub(rf"(?<![\w.]){port}(?![\w.])", str(self._port(service, replica, port)), text)
        for volume in self._volumes(service):
            text = text.replace(*volume)
        return text.replace("0.0.0.0", "127.0.0.1")

    def start(self, service: str, replica: int = 0) -> Process:
        """Start a service, or start it again as `restart: unless-stopped` would."""
        process = self.processes.setdefault(
            (service, replica), Process(service, self.folder / f"{service}-{replica}.log")
        )
        options: dict[str, Any] = {"cwd": CHECKOUT, "env": self.environment(service, replica)}
        command = self._command(service, replica, options)
        with process.log.open("ab") as said:
            process.child = subprocess.Popen(
                command, stdout=said, stderr=subprocess.STDOUT, start_new_session=True, **options
            )
        return process

    def up(self) -> None:
        """Start all services, each once what it depends on is as the file asks for."""
        left = dict(self.said["services"])
        while left:
            ready = [name for name, about in left.items() if not set(about.get("depends_on") or {}) & set(left)]
            assert ready, f"{sorted(left)} wait for one another"
            for name in ready:
                for other, how in (left[name].get("depends_on") or {}).items():
                    self._require(other, how["condition"])
                for replica in range(_replicas(left[name])):
                    self.start(name, replica)
                del left[name]
        for name, about in self.said["services"].items():
            if "healthcheck" in about:
                self._require(name, "service_healthy")

    def is_healthy(self, service: str, replica: int = 0) -> bool:
        """What the health check of the file says."""
        test = self.said["services"][service]["healthcheck"]["test"]
        assert test[0] == "CMD"
        command = [self.here(word, service, replica) for word in test[1:]]
        return subprocess.run(command, env=self.environment(service, replica), capture_output=True).returncode == 0

    def wait_healthy(self, service: str, replica: int = 0) -> None:
        """Return once its health check says so."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not self.is_healthy(service, replica):
            child = self.processes[service, replica].child
            assert child is not None
            over = time.monotonic() > end or child.poll() is not None
            assert not over, f"{service} is not healthy (exit code {child.poll()}):\n{self.words(service, replica)}"
            time.sleep(0.5)

    def words(self, service: str, replica: int = 0) -> str:
        """The end of what it has said."""
        return self.processes[service, replica].log.read_text(errors="replace")[-3000:]

    def down(self) -> None:
        """End everything."""
        for process in reversed(self.processes.values()):
            process.kill(signal.SIGINT if process.service == "postgres" else signal.SIGKILL)

    def _require(self, service: str, condition: str) -> None:
        for (name, replica), process in list(self.processes.items()):
            if name != service:
                continue
            if condition == "service_healthy":
                self.wait_healthy(name, replica)
            elif condition == "service_completed_successfully":
                assert process.child is not None
                code = process.child.wait(PATIENCE_SECONDS)
                assert code == 0, f"{name} has ended with {code}:\n{self.words(name, replica)}"

    def _port(self, service: str, replica: int, port: int) -> int:
        return self.ports.setdefault((service, replica, port), free_port())

    def _volumes(self, service: str) -> list[tuple[str, str]]:
        """Paths in the container and here, as the file says; the checkout last."""
        pairs = []
        for volume in self.said["services"][service].get("volumes") or []:
            source, target = volume.split(":")[:2]
            if not source.startswith("/"):
                source = str(self.folder / "volumes" / source)
                Path(source).mkdir(parents=True, exist_ok=True)
            pairs.append((target, source))
        if "build" in self.said["services"][service] and (f"{SHARED}/own", str(self.own)) not in pairs:
            pairs.append((f"{SHARED}/own", str(self.own)))  # what the image has there
        return pairs

    def _command(self, service: str, replica: int, options: dict[str, Any]) -> Sequence[str]:
        about = self.said["services"][service]
        if about["image"].startswith(POSTGRES):
            return self._postgres(service, options)
        if about["image"].startswith(S3):
            port = str(self._port(service, replica, 8333))
            return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
        said = about["command"]
        words = shlex.split(said) if isinstance(said, str) else said
        return [self.here(word, service, replica) for word in words]

    def _postgres(self, service: str, options: dict[str, Any]) -> Sequence[str]:
        """What the entry point of PostgreSQL's image does, with Debian's programs."""
        (_, data), (_, script) = self._volumes(service)
        home = Path(data).parent / "cluster"
        port = str(self._port(service, 0, 5432))
        socket = {"PGHOST": str(home), "PGPORT": port, "POSTGRES_USER": "postgres"}
        options["env"] = {
            **options["env"],
            **socket,
            "PATH": f"{Path(program('initdb')).parent}:{options['env']['PATH']}",
        }
        options["cwd"] = home
        is_new = not home.exists()
        if is_new:
            home.mkdir()
            (home / "password").write_text(options["env"]["POSTGRES_PASSWORD"])
        begin = as_database_user(home, home / "password")
        told = ["-p", port, "-k", str(home), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        serve = [*begin, program("postgres"), "-D", "data", *told]
        if is_new:
            make = [*begin, program("initdb"), "-D", "data", "-U", "postgres", "--pwfile", "password", "--no-sync"]
            quiet = {**options, "check": True, "capture_output": True}
            subprocess.run([*make, "--auth-local", "trust", "--auth-host", "scram-sha-256"], **quiet)
            control = [*begin, program("pg_ctl"), "-D", "data", "-o", shlex.join(told), "-l", "log", "-w"]
            subprocess.run([*control, "start"], **quiet)
            subprocess.run([*begin, "sh", "-s"], input=Path(script).read_bytes(), **quiet)
            subprocess.run([*control, "stop"], **quiet)
        return serve


def _ports(about: Mapping[str, Any]) -> list[int]:
    """The ports of a service, in its container."""
    published = [str(port).rpartition(":")[2].partition("/")[0] for port in about.get("ports") or []]
    return [int(port) for port in dict.fromkeys([*published, *map(str, about.get("expose") or [])])]


def _replicas(about: Mapping[str, Any]) -> int:
    return int(about.get("deploy", {}).get("replicas", 1))


def _below(process: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *_below(child)]
    return found
