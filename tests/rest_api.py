"""A REST API of the tests' own: a real HTTP server on the loopback, with scripted answers and faults."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request that came; header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Reply:
    """What is answered. ``body`` is sent as it is, when it is text; ``promised`` bytes are announced in its place."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    pause: float = 0.0  # seconds before anything is sent

    def content(self) -> bytes:
        """The bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)).encode()


class Api:
    """What the server does: the replies of ``script`` in their order, then what ``answer`` gives."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/api"
        self.asked: list[Asked] = []
        self.script: list[Reply | None] = []  # None: answer as usual
        self.answer: Callable[[Asked], Any] = lambda asked: []
        self._lock = threading.Lock()

    def reply(self, asked: Asked) -> Reply:
        """What a request gets."""
        with self._lock:
            self.asked.append(asked)
            scripted = self.script.pop(0) if self.script else None
        found = self.answer(asked) if scripted is None else scripted
        return found if isinstance(found, Reply) else Reply(found)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: Api

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode() if length else ""
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        reply = self.api.reply(Asked(self.command, parts.path, query, headers, body))
        if reply.pause:
            threading.Event().wait(reply.pause)
        content = reply.content()
        self.send_response(reply.status)
        told = {"Content-Type": "application/json", "Content-Length": str(reply.promised or len(content))}
        for name, value in {**told, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        if reply.promised is not None:
            self.close_connection = True

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing: the tests say what was asked."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that went away in the middle is what some tests are about."""


@contextmanager
def serving(*, certificate: Path | None = None) -> Iterator[Api]:
    """A server on a free port, while it lasts; with a ``certificate`` (and its key, in one file) it speaks TLS."""

    class Handler(_Handler):
        pass

    server = _Server(("127.0.0.1", 0), Handler)
    Handler.api = Api(server.server_port)
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        Handler.api.url = Handler.api.url.replace("http:", "https:")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Handler.api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
