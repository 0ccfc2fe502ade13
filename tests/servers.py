"""A real HTTP server on loopback that answers JSON with JSON."""

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.ports import reserve_port


class JsonServer:
    """Respond to every POST with the result of `answer`; a context manager runs the server on a free port."""

    def __init__(self) -> None:
        self._port = reserve_port()
        self._server = self._bind()
        self._thread: threading.Thread | None = None
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self, body: dict[str, Any]) -> tuple[int, object]:
        """Return status and JSON of the response to one request; subclasses implement it."""
        raise NotImplementedError

    def start(self) -> None:
        """Accept connections."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Refuse new connections; open ones go on."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    def restart(self) -> None:
        """Accept connections again, on the same port."""
        self._server = self._bind()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._port.close()

    def _bind(self) -> ThreadingHTTPServer:
        server = self

        class JsonHandler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                status, answer = server.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                data = json.dumps(answer).encode()
                with contextlib.suppress(OSError):  # the client may be gone
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Write nothing, which keeps the output of the tests clean."""

        http_server = ThreadingHTTPServer(self._port.getsockname(), JsonHandler, bind_and_activate=False)
        http_server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        http_server.server_bind()
        http_server.server_activate()
        http_server.daemon_threads = True
        return http_server
