"""Servers of this machine that keep what they are sent: one of mail, and one of HTTP."""

import base64
import http.server
import socketserver
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, password):
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.got: list = []
        self.logins: list = []
        self.password = password


class _WebServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), _Http)
        self.got: list = []
        self.answer = answer


class _Smtp(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321, 4954) as a client needs that logs in and sends a message."""

    server: _MailServer

    def handle(self):
        self._say("220 here")
        for line in iter(self.rfile.readline, b""):
            verb = line.split()[0].upper().decode() if line.split() else ""
            if verb == "EHLO":
                self.wfile.write(b"250-here\r\n250 AUTH PLAIN\r\n")
            elif verb == "AUTH":
                _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
                self.server.logins.append((user, password))
                self._say("235 welcome" if password == self.server.password else "535 wrong password")
            elif verb == "DATA":
                self._say("354 go on")
                body = iter(self.rfile.readline, b".\r\n")
                content = b"".join(part[1:] if part.startswith(b"..") else part for part in body)
                self.server.got.append(message_from_bytes(content, policy=policy.default))
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 well")

    def _say(self, line):
        self.wfile.write(line.encode() + b"\r\n")


class _Http(http.server.BaseHTTPRequestHandler):
    server: _WebServer

    def _take(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.got.append((self.command, self.path, body))
        self.send_response(self.server.answer)
        self.end_headers()

    do_GET = do_POST = _take  # noqa: N815

    def log_message(self, *_):
        pass


@contextmanager
def _serving(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def mail_server(password=""):
    """A mail server; `got` are its messages, `logins` who came with which password."""
    with _serving(_MailServer(password)) as server:
        yield server


@contextmanager
def web_server(answer=200):
    """A web server that answers everything so; `got` are method, path and body of each request."""
    with _serving(_WebServer(answer)) as server:
        yield server


def port_of(server):
    """The port that a server listens on."""
    return server.server_address[1]
