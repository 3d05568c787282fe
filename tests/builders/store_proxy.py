"""An object store on this machine, moto's, and a proxy before it that misbehaves on demand."""

import http.client
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow.fs as pafs
import pytest

BUCKET = "lake"
_HOP = {"connection", "transfer-encoding", "server", "date"}
_OWN = {"transfer-encoding", "expect", "content-length"}


class Proxy:
    """Forwards to a server; `mood` decides what happens to a request before that.

    ok: forwarded. refuse: 503. now_and_then: 503 to every fifth one. hang: no answer. late: forwarded after
    `seconds`. After `good` further requests the mood sets in.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target, self.mood, self.seconds, self.good, self.requests = (host, port), "ok", 0.0, 0, 0
        self.released = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1  # head and body in one packet

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (ConnectionError, TimeoutError):
                    self.close_connection = True

            def handle_expect_100(self) -> bool:
                answered = super().handle_expect_100()
                self.wfile.flush()  # or the client waits a second before it sends the body
                return answered

            def answer(self) -> None:
                body = self.body()
                mood = proxy.decide()
                if mood == "hang":
                    proxy.released.wait(60)
                    self.close_connection = True
                    return
                if mood == "late":
                    time.sleep(proxy.seconds)
                if mood == "refuse":
                    self.send_response(503)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.forward(body)

            def body(self) -> bytes:
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                content = b""
                while size := int(self.rfile.readline(), 16):
                    content += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return content

            def forward(self, body: bytes) -> None:
                connection = http.client.HTTPConnection(*proxy.target, timeout=30)
                about = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
                connection.request(self.command, self.path, body, about)
                answer = connection.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in _HOP and not (name.lower() == "content-length" and self.command != "HEAD"):
                        self.send_header(name, value)
                if self.command != "HEAD":
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                connection.close()

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815

            def log_message(self, *about: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def decide(self) -> str:
        """What happens to this request."""
        self.requests += 1
        if self.good > 0:
            self.good -= 1
            return "ok"
        if self.mood == "now_and_then":
            return "ok" if self.requests % 5 else "refuse"
        return self.mood

    def be(self, mood: str, *, good: int = 0, seconds: float = 0.0) -> None:
        """Change the mood."""
        self.mood, self.good, self.seconds = mood, good, seconds
        self.released.set() if mood != "hang" else self.released.clear()

    def stop(self) -> None:
        """End it."""
        self.be("ok")
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def object_store() -> Iterator[Proxy]:
    """A proxy before an S3 server with one bucket, for whose credentials the environment is set meanwhile."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    credentials = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in credentials.items():
            patch.setenv(name, value)
        moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        moto.start()
        proxy = Proxy(*moto.get_host_and_port())
        make_bucket(proxy, BUCKET)
        yield proxy
        proxy.stop()
        moto.stop()


def make_bucket(proxy: Proxy, name: str) -> None:
    """Make a bucket behind the proxy."""
    pafs.S3FileSystem(
        endpoint_override=proxy.address, scheme="http", region="eu-central-1", allow_bucket_creation=True
    ).create_dir(name)


def address(proxy: Proxy, prefix: str, attempts: int = 2, bucket: str = BUCKET) -> str:
    """The address of a lake behind the proxy."""
    options = f"endpoint_override={proxy.address}&scheme=http&region=eu-central-1&request_timeout=1&attempts={attempts}"
    return f"s3://{bucket}{prefix}?{options}"
