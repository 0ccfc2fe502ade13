"""A model behind a vLLM server that Patchmill runs."""

import itertools
import threading
from collections.abc import Iterable, Iterator

from storage.errors import ModelError
from tasks.models.openai import OpenAIModel
from tasks.models.protocol import Prompt, Reply, Sampling
from tasks.models.settings import OpenAISettings, VllmSettings
from tasks.models.stats import Stats
from tasks.models.vllm_server import VllmServer
from tasks.models.weights import Weights, fetch_weights


class VllmModel:
    """A `Model` whose server starts at the first prompt, and starts again when its engine dies.

    `revision` is that of the weights on disk, so a quantised copy never passes for the original. Reading it fetches
    the weights if no source is installed yet; `weights.find_installed` looks without fetching.
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
        """The model's name on the hub."""
        return self._settings.name

    @property
    def revision(self) -> str:
        """Commit on the hub, `gguf-sha256:...`, or what a `path` source states."""
        with self._starting:
            return self._load_weights().revision

    def stats(self) -> Stats:
        """Return the counters of the requests so far."""
        client = self._client
        return Stats() if client is None else client.stats()

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Reply]:
        """See `Model.complete`. The first call with a prompt also waits until the server has loaded the model."""
        prompts_with_samples = (prompt for prompt in prompts if prompt.sample_indices)
        first = next(prompts_with_samples, None)
        if first is not None:
            yield from self._start().complete(itertools.chain((first,), prompts_with_samples), sampling)

    def close(self) -> None:
        """Stop the server if this object started it; a start that another thread is waiting for is cancelled."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        with self._starting:  # free once that other thread has given up or finished
            if self._server is not None:
                self._server.close()
            if self._client is not None:
                self._client.close()

    def _load_weights(self) -> Weights:
        if self._weights is None:
            self._weights = fetch_weights(self._settings)
        return self._weights

    def _start(self) -> OpenAIModel:
        """Return the client of the running server, which is started if there is none."""
        with self._starting:
            if self._client is None:
                weights = self._load_weights()
                self._check_open()
                server = self._server = VllmServer(self._settings, weights)
                url = server.ensure_running()
                self._client = OpenAIModel(self._client_settings(url), revive=lambda _: server.ensure_running())
            self._check_open()
            return self._client

    def _check_open(self) -> None:
        if self._closed:
            raise ModelError(f"{self.name}: used after close()")

    def _client_settings(self, url: str) -> OpenAISettings:
        settings = self._settings
        return OpenAISettings(
            urls=(url,),
            name=settings.name,
            revision=self._load_weights().revision,
            server="vllm",
            max_in_flight=settings.max_in_flight,
            request_timeout_s=settings.request_timeout_s,
            retries=settings.retries,
            send_seed=settings.send_seed,
            system_role=settings.system_role,
            extra_body=settings.extra_body,
        )
