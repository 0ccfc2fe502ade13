"""A client of OpenAI-compatible chat completions: many requests in flight from any number of calling threads."""

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx

from storage.errors import ModelError
from tasks.models import chat, failures
from tasks.models.protocol import Completion, Message, Prompt, Sampling
from tasks.models.settings import OpenAISettings
from tasks.models.slots import Slots
from tasks.models.stats import RequestMeter, Stats

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass
class Endpoint:
    """One server and the state of its requests."""

    url: str
    in_flight: int = 0
    """Samples in flight."""
    failures: int = 0
    """Failures in a row."""
    avoided_until: float = 0.0
    """Loop time until which other servers are preferred."""
    revivals: int = 0
    """Times that it was started again."""


@dataclass(frozen=True)
class Refusal:
    """The response of a server that read a request and will not answer it."""

    description: str


class OpenAIModel:
    """A `Model` over one or several servers; its event loop runs in a thread that the first request starts.

    `revive(url)` restarts a server that could not be reached or answered with an error, and returns the address to go
    on with. It is called by one thread at a time. Only servers that Patchmill runs have one.
    """

    def __init__(self, settings: OpenAISettings, revive: Callable[[str], str] | None = None) -> None:
        self._settings = settings
        self._revive = revive
        self._endpoints = [Endpoint(url.rstrip("/")) for url in settings.urls]
        self._slots = Slots(settings.max_in_flight)
        self._meter = RequestMeter()
        self._accepted: set[tuple[Sampling, bool, bool]] = set()
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """The model's name as the servers know it."""
        return self._settings.name

    @property
    def revision(self) -> str:
        """The revision that the settings state."""
        return self._settings.revision

    def stats(self) -> Stats:
        """Return the counters of all threads since this object was created."""
        return self._meter.snapshot()

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Completion]:
        """See `Model.complete`. The samples of a refused prompt have text "" and finish reason "other".

        Prompts are drawn when there is room for them, at most two windows of samples ahead. A consumer that stops
        early cancels the requests that are left.
        """
        settings = self._settings
        requests = chat.split_prompts(prompts, sampling, settings.send_seed, settings.max_in_flight)
        finished: queue.SimpleQueue[Future[list[Completion]]] = queue.SimpleQueue()
        pending: set[Future[list[Completion]]] = set()
        try:
            while True:
                while len(pending) < 2 * settings.max_in_flight and (request := next(requests, None)) is not None:
                    future = self._submit(request)
                    pending.add(future)
                    future.add_done_callback(finished.put)
                if not pending:
                    return
                future = finished.get()
                pending.discard(future)
                if future.cancelled():
                    raise ModelError(f"{self._list_urls()}: the client was closed while requests were in flight")
                yield from future.result()
        finally:
            for future in pending:
                future.cancel()

    def close(self) -> None:
        """Cancel the requests in flight and end the thread; the servers go on."""
        with self._starting:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(self._stop.set)
            thread.join()

    def _submit(self, request: chat.Request) -> Future[list[Completion]]:
        # Held while scheduling: otherwise a close() in between would leave a future that never ends.
        with self._starting:
            if self._closed:
                raise ModelError(f"{self._list_urls()}: used after close()")
            if self._loop is None:
                ready: queue.SimpleQueue[asyncio.AbstractEventLoop] = queue.SimpleQueue()
                self._http = self._open_client()
                self._thread = threading.Thread(target=self._run_loop, args=(ready,), name="model-client", daemon=True)
                self._thread.start()
                self._loop = ready.get()
            return asyncio.run_coroutine_threadsafe(self._complete_request(request), self._loop)

    def _run_loop(self, ready: queue.SimpleQueue[asyncio.AbstractEventLoop]) -> None:
        async def run_until_stopped() -> None:
            self._stop = asyncio.Event()
            self._reviving = asyncio.Lock()
            async with self._http:
                ready.put(asyncio.get_running_loop())
                await self._stop.wait()
                tasks = asyncio.all_tasks() - {asyncio.current_task()}
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run(run_until_stopped())

    def _open_client(self) -> httpx.AsyncClient:
        settings = self._settings
        headers = {}
        if settings.api_key_env is not None:
            key = os.environ.get(settings.api_key_env)
            if not key:
                raise ModelError(
                    f"{self._list_urls()}: the variable {settings.api_key_env} is not set; put the key there"
                )
            headers["Authorization"] = f"Bearer {key}"
        return httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(settings.request_timeout_s, connect=settings.connect_timeout_s),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=settings.max_in_flight),
            # Proxies of the environment are for servers on other machines.
            trust_env=any(urlsplit(endpoint.url).hostname not in LOOPBACK for endpoint in self._endpoints),
        )

    async def _complete_request(self, request: chat.Request) -> list[Completion]:
        """Return all samples of a request; a server that gives fewer at a time is asked again."""
        await self._slots.acquire(request.n)
        try:
            completions: list[Completion] = []
            while len(completions) < request.n:
                indices = request.sample_indices[len(completions) :]
                answer = await self._post_with_retries(replace(request, sample_indices=indices))
                self._meter.requests += 1
                self._meter.samples += len(answer)
                self._meter.prompt_tokens += answer[0].prompt_tokens
                self._meter.completion_tokens += sum(completion.completion_tokens for completion in answer)
                completions += answer
            return completions
        finally:
            self._slots.release(request.n)

    async def _post_with_retries(self, request: chat.Request) -> list[Completion]:
        """Post until it succeeds, at most 1 + `retries` times, each time to the server with the least in flight."""
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        for attempt in range(self._settings.retries + 1):
            now = loop.time()
            endpoint = min(self._endpoints, key=lambda endpoint: (endpoint.avoided_until > now, endpoint.in_flight))
            revivals = endpoint.revivals
            endpoint.in_flight += request.n
            try:
                with self._meter:
                    completions = await self._post(endpoint.url, request)
                endpoint.failures = 0
                return completions
            except failures.RETRYABLE_ERRORS as error:
                failure: Exception = error
            finally:
                endpoint.in_flight -= request.n
            if attempt < self._settings.retries:
                self._meter.retries += 1
                pause_s = failures.choose_pause_s(attempt, self._settings.backoff_s, failure)
                endpoint.failures += 1
                endpoint.avoided_until = loop.time() + failures.choose_pause_s(
                    endpoint.failures, self._settings.backoff_s, failure
                )
                await self._revive_endpoint(endpoint, revivals, failure)
                await asyncio.sleep(pause_s)
        attempts = f"{self._settings.retries + 1} attempts in {loop.time() - started_at:.0f} s"
        raise ModelError(
            f"{endpoint.url}: no answer after {attempts}; last: {failures.describe_failure(failure)}; "
            f"{failures.suggest_remedy(failure)}"
        ) from failure

    async def _revive_endpoint(self, endpoint: Endpoint, revivals: int, failure: Exception) -> None:
        if self._revive is None or failures.is_rate_limit(failure):
            return
        async with self._reviving:
            if endpoint.revivals == revivals:  # else another request has already revived it
                endpoint.url = await asyncio.to_thread(self._revive, endpoint.url)
                endpoint.revivals += 1
                endpoint.avoided_until = 0.0

    async def _post(self, url: str, request: chat.Request) -> list[Completion]:
        """Post a request once; a refusal is an answer once the server has accepted a request with these settings."""
        answer = await self._send(url, request, None)
        if not isinstance(answer, Refusal):
            return chat.read_completions(request, answer)
        settings = (request.sampling, request.n > 1, request.seed is not None)
        if settings not in self._accepted:
            await self._check_accepted(url, request)
            self._accepted.add(settings)
        self._meter.refused += 1
        return chat.build_refusals(request)

    async def _check_accepted(self, url: str, request: chat.Request) -> None:
        """Tell a bad prompt from bad settings: the server must accept the same request with a harmless prompt.

        Raises:
            ModelError: it does not.
        """
        answer = await self._send(url, request, chat.CONTROL_MESSAGES)
        if isinstance(answer, Refusal):
            raise ModelError(
                f"{url}: refuses even a prompt of two words to model {self.name!r} with {request.sampling!r}, "
                f"n={request.n}, seed={request.seed}: {answer.description}; change the sampling or the model's settings"
            )

    async def _send(self, url: str, request: chat.Request, messages: tuple[Message, ...] | None) -> object | Refusal:
        """Post a request once, and return its parsed answer or a refusal.

        Raises:
            httpx.HTTPError, BadAnswerError: another attempt may succeed.
            ModelError: no other attempt can succeed: the key, the address or the model's name is wrong.
        """
        body = chat.build_body(request, self.name, self._settings.server == "vllm", messages)
        response = await self._http.post(f"{url}/chat/completions", json=body)
        if response.status_code in failures.REFUSED:
            return Refusal(failures.describe_response(response))
        if failures.is_retryable(response.status_code):
            response.raise_for_status()
        if response.status_code != 200:
            status = f"status {response.status_code} for model {self.name!r}: {response.text[:300]!r}"
            raise ModelError(f"{url}: {status}; {failures.suggest_fix(response.status_code)}")
        try:
            answer: object = response.json()
        except ValueError:
            raise chat.BadAnswerError(f"status 200, but not JSON: {response.text[:200]!r}") from None
        return answer

    def _list_urls(self) -> str:
        return ", ".join(endpoint.url for endpoint in self._endpoints)
