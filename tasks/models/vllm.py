"""The model behind a vLLM server of our own."""

import itertools
import threading
from collections.abc import Iterable, Iterator

from storage.errors import ModelError
from tasks.models import weights
from tasks.models.openai import OpenAIModel
from tasks.models.protocol import Completion, Prompt, Sampling
from tasks.models.settings import OpenAISettings, VllmSettings
from tasks.models.stats import Stats
from tasks.models.vllm_server import VllmServer
from tasks.models.weights import Weights


class VllmModel:
    """Implements `Model`; nothing starts before the first prompt, and a dead engine is started again.

    `revision` is what the weights on disk really are, so a quantised copy never passes for the original; asking for it
    fetches them if no source is installed yet (`weights.installed` tells without fetching).
    """

    def __init__(self, settings: VllmSettings) -> None:
        self._settings = settings
        self._starting = threading.Lock()
        self._weights: Weights | None = None
        self._server: VllmServer | None = None
        self._client: OpenAIModel | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """Name on the hub."""
        return self._settings.name

    @property
    def revision(self) -> str:
        """Commit on the hub, `gguf-sha256:...`, or what a `path` source states."""
        with self._starting:
            return self._fetched().revision

    def stats(self) -> Stats:
        """Counters of the requests so far."""
        client = self._client
        return Stats() if client is None else client.stats()

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Completion]:
        """See `Model.complete`; the first call with a prompt takes as long as the server needs to load."""
        wanted = (prompt for prompt in prompts if prompt.sample_indices)
        first = next(wanted, None)
        if first is not None:
            yield from self._running_client().complete(itertools.chain((first,), wanted), sampling)

    def close(self) -> None:
        """Stop the server if it was started here; a start that is under way in another thread is broken off."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        with self._starting:  # whoever was starting has given up or finished
            if self._server is not None:
                self._server.close()
            if self._client is not None:
                self._client.close()

    def _fetched(self) -> Weights:
        if self._weights is None:
            self._weights = weights.fetch(self._settings)
        return self._weights

    def _running_client(self) -> OpenAIModel:
        with self._starting:
            if self._client is None:
                found = self._fetched()
                self._check_open()
                server = self._server = VllmServer(self._settings, found)
                self._client = OpenAIModel(self._as_openai(server.ensure()), lambda _: server.ensure())
            self._check_open()
            return self._client

    def _check_open(self) -> None:
        if self._closed:
            raise ModelError(f"{self.name}: used after close()")

    def _as_openai(self, url: str) -> OpenAISettings:
        settings = self._settings
        return OpenAISettings(
            urls=(url,),
            name=settings.name,
            revision=self._fetched().revision,
            server="vllm",
            max_in_flight=settings.max_in_flight,
            request_timeout_s=settings.request_timeout_s,
            retries=settings.retries,
            send_seed=settings.send_seed,
        )
