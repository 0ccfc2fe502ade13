"""A client of OpenAI-compatible chat completions: many requests in flight from any number of calling threads."""

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from urllib.parse import urlsplit

import httpx

from storage.errors import ModelError
from tasks.models import chat
from tasks.models.exchange import Exchange
from tasks.models.protocol import Completion, Prompt, Reply, Sampling, Unanswered
from tasks.models.settings import OpenAISettings
from tasks.models.slots import Slots
from tasks.models.stats import RequestMeter, Stats

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class OpenAIModel:
    """A `Model` over one or several servers; its event loop runs in a thread that the first request starts.

    `revive(url)` restarts a server that could not be reached or answered with an error, and returns the address to go
    on with. It is called by one thread at a time. Only servers that Patchmill runs have one. `transport` replaces the
    network.
    """

    def __init__(
        self,
        settings: OpenAISettings,
        revive: Callable[[str], str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._revive = revive
        self._transport = transport
        self._slots = Slots(settings.max_in_flight)
        self._meter = RequestMeter()
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

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Reply]:
        """See `Model.complete`.

        Prompts are drawn when there is room for them, at most two windows of samples ahead. A consumer that stops
        early cancels the requests that are left.
        """
        settings = self._settings
        requests = chat.split_prompts(prompts, sampling, settings.send_seed, settings.max_in_flight)
        finished: queue.SimpleQueue[Future[list[Reply]]] = queue.SimpleQueue()
        pending: set[Future[list[Reply]]] = set()
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

    def _submit(self, request: chat.Request) -> Future[list[Reply]]:
        # Held while scheduling: otherwise a close() in between would leave a future that never ends.
        with self._starting:
            if self._closed:
                raise ModelError(f"{self._list_urls()}: used after close()")
            if self._loop is None:
                ready: queue.SimpleQueue[asyncio.AbstractEventLoop] = queue.SimpleQueue()
                self._http = self._open_client()
                self._exchange = Exchange(self._settings, self._http, self._meter, self._revive)
                self._thread = threading.Thread(target=self._run_loop, args=(ready,), name="model-client", daemon=True)
                self._thread.start()
                self._loop = ready.get()
            return asyncio.run_coroutine_threadsafe(self._complete_request(request), self._loop)

    def _run_loop(self, ready: queue.SimpleQueue[asyncio.AbstractEventLoop]) -> None:
        async def run_until_stopped() -> None:
            self._stop = asyncio.Event()
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
            key = os.environ.get(settings.api_key_env, "").strip()
            if not key.isascii() or not key:
                fault = "holds no key that a header can carry" if key else "is not set"
                raise ModelError(f"{self._list_urls()}: the variable {settings.api_key_env} {fault}; put the key there")
            headers["Authorization"] = f"Bearer {key}"
        return httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(settings.request_timeout_s, connect=settings.connect_timeout_s),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=settings.max_in_flight),
            # Proxies of the environment are for servers on other machines.
            trust_env=is_elsewhere(settings.urls),
            transport=self._transport,
        )

    async def _complete_request(self, request: chat.Request) -> list[Reply]:
        """Return a reply for every sample of a request, and count them."""
        meter = self._meter
        await self._slots.acquire(request.n)
        try:
            replies = await self._exchange.complete(request)
        finally:
            self._slots.release(request.n)
        answers = [reply for reply in replies if isinstance(reply, Completion)]
        meter.requests += 1
        meter.samples += len(answers)
        meter.prompt_tokens += answers[0].prompt_tokens if answers else 0
        meter.completion_tokens += sum(answer.completion_tokens for answer in answers)
        meter.refused += sum(isinstance(reply, Unanswered) and reply.status == "refused" for reply in replies)
        meter.failed += sum(isinstance(reply, Unanswered) and reply.status == "failed" for reply in replies)
        return replies

    def _list_urls(self) -> str:
        return ", ".join(self._settings.urls)


def is_elsewhere(urls: Iterable[str]) -> bool:
    """Return whether some server is on another machine, and may be behind a proxy."""
    return any(urlsplit(url).hostname not in LOOPBACK for url in urls)
