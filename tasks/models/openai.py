"""A client of OpenAI-compatible chat completions: many requests in flight from any number of calling threads."""

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from storage.errors import ModelError
from tasks.models import chat, failures
from tasks.models.protocol import Completion, Prompt, Sampling
from tasks.models.settings import OpenAISettings
from tasks.models.slots import Slots
from tasks.models.stats import Meter, Stats

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass
class Endpoint:
    """One server: samples in flight, failures in a row, and until when (loop time) others are preferred for them."""

    url: str
    in_flight: int = 0
    failures: int = 0
    avoided_until: float = 0.0
    revived: int = 0


class OpenAIModel:
    """Implements `Model` over one or several servers; one event loop in a thread of its own, started when needed.

    `revive(url)` is called, never twice at a time, when a server could not be reached or answered 500; it returns the
    address to go on with. It is how a server of our own comes back; servers of others have none.
    """

    def __init__(self, settings: OpenAISettings, revive: Callable[[str], str] | None = None) -> None:
        self._settings = settings
        self._revive = revive
        self._endpoints = [Endpoint(url.rstrip("/")) for url in settings.urls]
        self._slots = Slots(settings.max_in_flight)
        self._meter = Meter()
        self._accepted: set[tuple[Sampling, bool, bool]] = set()
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """As the servers call the model."""
        return self._settings.name

    @property
    def revision(self) -> str:
        """As the settings state it."""
        return self._settings.revision

    def stats(self) -> Stats:
        """Counters since this object was made, over all threads."""
        return self._meter.snapshot()

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Completion]:
        """See `Model.complete`. A prompt that the server refuses comes back with text "" and reason "other".

        Prompts are drawn as room comes free, at most two windows ahead; a consumer that stops early cancels the rest.
        """
        settings = self._settings
        requests = chat.split(prompts, sampling, settings.send_seed, settings.max_in_flight)
        arrived: queue.SimpleQueue[Future[list[Completion]]] = queue.SimpleQueue()
        pending: set[Future[list[Completion]]] = set()
        try:
            while True:
                while len(pending) < 2 * settings.max_in_flight and (request := next(requests, None)) is not None:
                    future = self._submit(request)
                    pending.add(future)
                    future.add_done_callback(arrived.put)
                if not pending:
                    return
                done = arrived.get()
                pending.discard(done)
                if done.cancelled():
                    raise ModelError(f"{self._where()}: the client was closed while requests were in flight")
                yield from done.result()
        finally:
            for future in pending:
                future.cancel()

    def close(self) -> None:
        """Cancel what is in flight and end the thread; the servers are not ours to stop."""
        with self._starting:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(self._stop.set)
            thread.join()

    def _submit(self, request: chat.Request) -> Future[list[Completion]]:
        with self._starting:  # held while scheduling, so that close() can't fall between and leave a future for ever
            if self._closed:
                raise ModelError(f"{self._where()}: used after close()")
            if self._loop is None:
                ready: queue.SimpleQueue[asyncio.AbstractEventLoop] = queue.SimpleQueue()
                self._http = self._client()
                self._thread = threading.Thread(target=self._serve, args=(ready,), name="model-client", daemon=True)
                self._thread.start()
                self._loop = ready.get()
            return asyncio.run_coroutine_threadsafe(self._work(request), self._loop)

    def _serve(self, ready: queue.SimpleQueue[asyncio.AbstractEventLoop]) -> None:
        async def main() -> None:
            self._stop = asyncio.Event()
            self._reviving = asyncio.Lock()
            async with self._http:
                ready.put(asyncio.get_running_loop())
                await self._stop.wait()
                rest = asyncio.all_tasks() - {asyncio.current_task()}
                for task in rest:
                    task.cancel()
                await asyncio.gather(*rest, return_exceptions=True)

        asyncio.run(main())

    def _client(self) -> httpx.AsyncClient:
        settings = self._settings
        headers = {}
        if settings.api_key_env is not None:
            key = os.environ.get(settings.api_key_env)
            if not key:
                raise ModelError(f"{self._where()}: the variable {settings.api_key_env} is not set; put the key there")
            headers["Authorization"] = f"Bearer {key}"
        return httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(settings.request_timeout_s, connect=settings.connect_timeout_s),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=settings.max_in_flight),
            trust_env=any(urlsplit(end.url).hostname not in LOOPBACK for end in self._endpoints),  # proxies
        )

    async def _work(self, request: chat.Request) -> list[Completion]:
        await self._slots.acquire(request.n)
        try:
            got: list[Completion] = []
            while len(got) < request.n:
                got += await self._ask(replace(request, sample_indices=request.sample_indices[len(got) :]))
            return got
        finally:
            self._slots.release(request.n)

    async def _ask(self, request: chat.Request) -> list[Completion]:
        got = await self._insist(request)
        self._meter.requests += 1
        self._meter.samples += len(got)
        self._meter.prompt_tokens += got[0].prompt_tokens
        self._meter.completion_tokens += sum(one.completion_tokens for one in got)
        return got

    async def _insist(self, request: chat.Request) -> list[Completion]:
        """Post until it works, at most 1 + `retries` times, each time where the least is in flight."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for attempt in range(self._settings.retries + 1):
            now = loop.time()
            end = min(self._endpoints, key=lambda end: (end.avoided_until > now, end.in_flight))
            revived = end.revived
            end.in_flight += request.n
            try:
                with self._meter:
                    got = await self._post(end.url, request)
                end.failures = 0
                return got
            except failures.AGAIN as error:
                failure: Exception = error
            finally:
                end.in_flight -= request.n
            if attempt < self._settings.retries:
                self._meter.retries += 1
                pause = failures.pause_s(attempt, self._settings.backoff_s, failure)
                end.failures += 1
                end.avoided_until = loop.time() + failures.pause_s(end.failures, self._settings.backoff_s, failure)
                await self._back_to_life(end, revived, failure)
                await asyncio.sleep(pause)
        took = loop.time() - began
        tries = f"{self._settings.retries + 1} attempts in {took:.0f} s"
        raise ModelError(
            f"{end.url}: no answer after {tries}; last: {failures.say(failure)}; {failures.hint(failure)}"
        ) from failure

    async def _back_to_life(self, end: Endpoint, revived: int, failure: Exception) -> None:
        if self._revive is None or failures.too_many(failure):
            return
        async with self._reviving:
            if end.revived == revived:  # else another request has already seen to it
                end.url = await asyncio.to_thread(self._revive, end.url)
                end.revived += 1
                end.avoided_until = 0.0

    async def _post(self, url: str, request: chat.Request) -> list[Completion]:
        answer = await self._send(url, request, None)
        if answer is not None:
            return chat.read(request, answer)
        kind = (request.sampling, request.n > 1, request.seed is not None)
        if kind not in self._accepted:
            await self._prove_accepted(url, request)
            self._accepted.add(kind)
        self._meter.refused += 1
        return chat.refused(request)

    async def _prove_accepted(self, url: str, request: chat.Request) -> None:
        """Tell a bad prompt from bad settings: the same request with two harmless words must be taken."""
        if await self._send(url, request, chat.CONTROL) is None:
            raise ModelError(
                f"{url}: refuses even a prompt of two words to model {self.name!r} with {request.sampling!r}, "
                f"n={request.n}, seed={request.seed}: {self._refusal}; change the sampling or the model's settings"
            )

    async def _send(self, url: str, request: chat.Request, messages: Any) -> Any:
        """The parsed answer, or None for a refusal.

        Raises:
            httpx.HTTPError, BadAnswerError: worth another attempt.
            ModelError: it is not (a wrong key, address or model name).
        """
        sent = chat.body(request, self.name, self._settings.server == "vllm", messages)
        reply = await self._http.post(f"{url}/chat/completions", json=sent)
        if reply.status_code in failures.PROMPT_FAULTS:
            self._refusal = f"status {reply.status_code}, {reply.text[:300]!r}"
            return None
        if failures.worth_another_try(reply.status_code):
            reply.raise_for_status()
        if reply.status_code != 200:
            said = f"status {reply.status_code} for model {self.name!r}: {reply.text[:300]!r}"
            raise ModelError(f"{url}: {said}; {failures.fix(reply.status_code)}")
        try:
            return reply.json()
        except ValueError:
            raise chat.BadAnswerError(f"status 200, but not JSON: {reply.text[:200]!r}") from None

    def _where(self) -> str:
        return ", ".join(end.url for end in self._endpoints)
