"""A real server on loopback that answers like OpenAI's chat completions, and builders for what tests ask."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tasks.models.openai import OpenAIModel
from tasks.models.protocol import Message, Prompt
from tasks.models.settings import OpenAISettings


@dataclass
class FakeServer:
    """Answers `echo: <last message> #<i>`; `failures` are statuses to give first, in order."""

    url: str
    failures: list[int] = field(default_factory=list)
    delay_s: float = 0.0
    longest_prompt: int = 1000
    most_tokens: int = 1000
    obeys_n: bool = True
    seen: list[dict[str, Any]] = field(default_factory=list)
    now: int = 0
    most_at_once: int = 0
    gone: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and JSON for one request."""
        n = body.get("n", 1)
        with self.lock:
            self.seen.append(body)
            failure = self.failures.pop(0) if self.failures else None
            self.now += n
            self.most_at_once = max(self.most_at_once, self.now)
        time.sleep(self.delay_s)
        with self.lock:
            self.now -= n
        asked = body["messages"][-1]["content"]
        if failure is not None:
            return failure, {"error": {"message": "made up"}}
        if len(asked) > self.longest_prompt or body["max_tokens"] > self.most_tokens:
            return 400, {"error": {"message": "longer than the context"}}
        choices = [
            {"index": i, "message": {"role": "assistant", "content": f"echo: {asked} #{i}"}, "finish_reason": "stop"}
            for i in range(n if self.obeys_n else 1)
        ]
        return 200, {"choices": choices[::-1], "usage": {"prompt_tokens": 7, "completion_tokens": 10 * len(choices)}}


@pytest.fixture
def serve() -> Iterator[Callable[..., FakeServer]]:
    """Starts fake servers; each is stopped at the end of the test."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(**options: Any) -> FakeServer:
        fake = FakeServer(url="", **options)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = fake.answer(body)
                data = json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    fake.gone += 1

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        fake.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        return fake

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def client() -> Iterator[Callable[..., OpenAIModel]]:
    """Builds clients that retry fast; each is closed at the end of the test."""
    made: list[OpenAIModel] = []

    def build(*servers: FakeServer | str, **options: Any) -> OpenAIModel:
        urls = tuple(one if isinstance(one, str) else one.url for one in servers)
        values = {"urls": urls, "name": "fake", "retries": 3, "backoff_s": 0.02, **options}
        made.append(OpenAIModel(OpenAISettings(**values)))
        return made[-1]

    yield build
    for model in made:
        model.close()


@pytest.fixture
def prompt() -> Callable[..., Prompt]:
    """Builds a prompt of one user message whose key is its text."""

    def build(text: str, samples: int = 1) -> Prompt:
        return Prompt(text, (Message("system", "Be brief."), Message("user", text)), tuple(range(samples)))

    return build
