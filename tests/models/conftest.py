"""Servers, clients and prompts of the tests of models."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tasks.models.openai import OpenAIModel
from tasks.models.protocol import Message, Prompt
from tasks.models.settings import OpenAISettings
from tests.models.servers import BuildPrompt, Connect, EchoServer, Serve


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start echo servers; each is stopped at the end of the test."""
    with contextlib.ExitStack() as stack:

        def start(
            failures: list[int] | None = None, longest_prompt: int = 1000, most_tokens: int = 1000, obeys_n: bool = True
        ) -> EchoServer:
            server = stack.enter_context(EchoServer(failures, longest_prompt, most_tokens, obeys_n))
            stack.callback(server.release)
            return server

        yield start


@pytest.fixture
def dead_url() -> Iterator[str]:
    """Address of a port that refuses connections and that no other process can take."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/v1"


@pytest.fixture
def client() -> Iterator[Connect]:
    """Open clients that retry fast; each is closed at the end of the test."""
    with contextlib.ExitStack() as stack:

        def connect(*servers: EchoServer | str, **settings: object) -> OpenAIModel:
            urls = tuple(server if isinstance(server, str) else server.url for server in servers)
            values = {"urls": urls, "name": "fake", "retries": 3, "backoff_s": 0.02, **settings}
            return stack.enter_context(contextlib.closing(OpenAIModel(OpenAISettings.model_validate(values))))

        yield connect


@pytest.fixture
def prompt() -> BuildPrompt:
    """Build prompts of one user message."""

    def build(text: str, samples: int = 1) -> Prompt:
        return Prompt(text, (Message("system", "Be brief."), Message("user", text)), tuple(range(samples)))

    return build
