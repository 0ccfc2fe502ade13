"""One request's way to its replies: retries, rate limits, and what a refusal or a lasting failure means.

A server that refuses a request, or fails at it in every attempt, may object to the prompt or to everything that
Patchmill sends. A control tells the two apart: the same request, its roles included, with harmless words.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from storage.errors import ConfigError, ModelError
from tasks.models import chat, failures
from tasks.models.endpoints import Endpoint, Endpoints
from tasks.models.failures import RateLimitedError
from tasks.models.protocol import Reply, Status, Unanswered
from tasks.models.replies import BadAnswerError, one_line, read_error, read_replies
from tasks.models.settings import OpenAISettings
from tasks.models.stats import RequestMeter

log = logging.getLogger(__name__)

CONTROL_ATTEMPTS = 3


@dataclass(frozen=True)
class Refusal:
    """The response of a server that read a request and will not answer it."""

    words: str
    status: int


class Exchange:
    """Get replies to requests, from one event loop.

    Args:
        http: an open client of the same loop.
        revive: restarts a server that failed, and returns the address to go on with; None for servers of others.
    """

    def __init__(
        self,
        settings: OpenAISettings,
        http: httpx.AsyncClient,
        meter: RequestMeter,
        revive: Callable[[str], str] | None,
    ) -> None:
        self._settings = settings
        self._http = http
        self._meter = meter
        self._revive = revive
        self._reviving = asyncio.Lock()
        self._endpoints = Endpoints(settings, meter)
        self._most_choices = settings.max_in_flight
        """Choices that one request can get; lowered once the server has shown that it gives fewer."""
        self._accepted: set[tuple[object, ...]] = set()
        """Forms of requests that the server has accepted."""
        self._controls: defaultdict[tuple[object, ...], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def complete(self, request: chat.Request) -> list[Reply]:
        """Return a reply for every sample; of a server that gives fewer choices at a time, by requests in parallel.

        Raises:
            ModelError: the server can't be reached, fails at everything, or lets nothing through.
            ConfigError: the server refuses everything with these settings.
        """
        step = self._most_choices
        if request.n > step:
            parts = [request.cut(start, start + step) for start in range(0, request.n, step)]
            results = await asyncio.gather(*map(self.complete, parts), return_exceptions=True)
            replies: list[Reply] = []
            for result in results:
                if isinstance(result, BaseException):
                    raise result
                replies += result
            return replies
        replies = await self._ask(request)
        if len(replies) == request.n:
            return replies
        if replies:
            self._most_choices = min(self._most_choices, len(replies))
        return replies + await self.complete(request.cut(len(replies)))

    async def _ask(self, request: chat.Request) -> list[Reply]:
        """Return the replies of one response, which may be fewer than asked for.

        There are none where the server turned out to give one choice at a time; it is to be asked again.
        """
        started_at, attempts = time.monotonic(), 0
        while True:
            endpoint = await self._endpoints.take()
            revivals, sent_at = endpoint.revivals, time.monotonic()
            try:
                with self._meter, endpoint.carrying(request.n):
                    result = await self._post(endpoint.url, request, self._settings)
            except RateLimitedError as limit:
                self._endpoints.note_limit(endpoint, sent_at, limit)
                continue
            except failures.RETRYABLE_ERRORS as error:
                failure: Exception = error
            else:
                self._endpoints.note_success(endpoint)
                if isinstance(result, Refusal):
                    return await self._explain_refusal(endpoint, request, result)
                self._accepted.add(request.form)
                return result
            attempts += 1
            if attempts > self._settings.retries:
                spent_s = time.monotonic() - started_at
                return await self._explain_failure(endpoint, request, failure, spent_s)
            self._meter.retries += 1
            self._endpoints.note_failure(endpoint)
            await self._revive_endpoint(endpoint, revivals)
            await asyncio.sleep(failures.choose_pause_s(attempts - 1, self._settings.backoff_s))

    async def _explain_refusal(self, endpoint: Endpoint, request: chat.Request, refusal: Refusal) -> list[Reply]:
        """Return refused samples, or none where the server refuses several choices, and not the prompt.

        Raises:
            ConfigError: the server refuses the settings, and not the prompt.
        """
        async with self._controls[request.form]:  # one control for all that were refused at the same time
            if request.form not in self._accepted and request.n <= self._most_choices:
                control = chat.build_control(request)
                result = await self._control(control)
                if isinstance(result, Exception):
                    raise _server_error(endpoint, result, f"{CONTROL_ATTEMPTS} attempts") from result
                if isinstance(result, Refusal) and not await self._takes_one_choice(control):
                    raise await self._find_wrong_setting(endpoint, control, result)
                if result is None:
                    self._accepted.add(request.form)
        if request.n > self._most_choices:
            return []
        return _leave_unanswered(request, "refused", refusal.words)

    async def _explain_failure(
        self, endpoint: Endpoint, request: chat.Request, failure: Exception, spent_s: float
    ) -> list[Reply]:
        """Return failed samples, or none where the server fails at several choices, and not at the prompt.

        Raises:
            ModelError: the server fails at everything.
            ConfigError: the server refuses the settings.
        """
        control, attempts = chat.build_control(request), f"{self._settings.retries + 1} attempts"
        result = await self._control(control)
        if result is None:
            return _leave_unanswered(request, "failed", f"{attempts}; last: {failures.describe_failure(failure)}")
        if await self._takes_one_choice(control):
            return []
        if isinstance(result, Refusal):
            raise await self._find_wrong_setting(endpoint, control, result)
        raise _server_error(endpoint, failure, f"{attempts} in {spent_s:.0f} s") from failure

    async def _control(
        self, control: chat.Request, settings: OpenAISettings | None = None
    ) -> Refusal | Exception | None:
        """Send a control; return None where it is answered, else the refusal or the last failure."""
        attempt = 0
        while True:
            endpoint = await self._endpoints.take()
            sent_at = time.monotonic()
            try:
                result = await self._post(endpoint.url, control, settings or self._settings)
            except RateLimitedError as limit:
                self._endpoints.note_limit(endpoint, sent_at, limit)
                continue
            except failures.RETRYABLE_ERRORS as error:
                attempt += 1
                if attempt == CONTROL_ATTEMPTS:
                    return error
                self._endpoints.note_failure(endpoint)
                await asyncio.sleep(failures.choose_pause_s(attempt - 1, self._settings.backoff_s))
            else:
                self._endpoints.note_success(endpoint)
                return result if isinstance(result, Refusal) else None

    async def _takes_one_choice(self, control: chat.Request) -> bool:
        """Return whether a control for several choices is answered for one; then no request asks for more."""
        if control.n == 1 or await self._control(control.cut(0, 1)) is not None:
            return False
        self._most_choices = 1
        log.info("%s: gives one choice a request; samples are asked for one by one", self._settings.name)
        return True

    async def _find_wrong_setting(self, endpoint: Endpoint, control: chat.Request, refusal: Refusal) -> ConfigError:
        """Return the error that names the setting whose change makes the server answer a control."""
        single, settings = control.cut(0, 1), self._settings
        model = f"{endpoint.url}: model {settings.name!r}"
        roles = list(dict.fromkeys(turn.role for turn in control.messages))
        changes: list[tuple[str, str, str]] = []
        if "system" in roles and settings.system_role != "user":
            changes.append(("system_role", "user", f"{settings.system_role} turns"))
        is_default = settings.token_limit == "max_tokens"  # noqa: S105 no password
        changes.append(("token_limit", "max_completion_tokens" if is_default else "max_tokens", settings.token_limit))
        for name, value, refused in changes:
            if await self._control(single, settings.model_copy(update={name: value})) is None:
                return ConfigError(
                    f"{model} refuses {refused} ({refusal.words}); set {name}: {value} for this model", field=name
                )
        return ConfigError(
            f"{model} refuses even a prompt of two words with the roles {', '.join(roles)}, {control.sampling!r}, "
            f"n={control.n}, seed={control.seed}: {refusal.words}; {failures.suggest_setting(refusal.status)}"
        )

    async def _revive_endpoint(self, endpoint: Endpoint, revivals: int) -> None:
        if self._revive is None:
            return
        async with self._reviving:
            if endpoint.revivals == revivals:  # else another request has already revived it
                endpoint.url = await asyncio.to_thread(self._revive, endpoint.url)
                endpoint.revivals += 1
                endpoint.avoided_until = 0.0

    async def _post(self, url: str, request: chat.Request, settings: OpenAISettings) -> list[Reply] | Refusal:
        """Post a request once.

        Raises:
            RateLimitedError: the server asks to wait.
            httpx.HTTPError, BadAnswerError: another attempt may succeed.
            ModelError: no other attempt can succeed: the key, the address or the model's name is wrong.
        """
        response = await self._http.post(f"{url}/chat/completions", json=chat.build_body(request, settings))
        body = failures.parse_json(response)
        status = failures.status_of(response, body)
        if status == 200:
            if body is None:
                raise BadAnswerError(f"expected JSON with status 200, got {one_line(response.text) or 'nothing'}")
            return read_replies(request, body)
        code, words = read_error(body)
        described = f"status {status}: {words or one_line(response.text) or 'no words'}"
        if status == 429 and code in failures.NO_CREDIT:
            raise ModelError(f"{url}: {described}; {failures.suggest_fix(402)}")
        if limit := failures.read_rate_limit(response, status, described):
            raise limit
        if failures.is_refusal(status):
            return Refusal(described, status)
        if failures.is_retryable(status):
            raise BadAnswerError(described)
        raise ModelError(f"{url}: {described} (model {self._settings.name!r}); {failures.suggest_fix(status)}")


def _leave_unanswered(request: chat.Request, status: Status, words: str) -> list[Reply]:
    return [Unanswered(request.key, index, status, words) for index in request.sample_indices]


def _server_error(endpoint: Endpoint, failure: Exception, spent: str) -> ModelError:
    return ModelError(
        f"{endpoint.url}: no answer after {spent}; last: {failures.describe_failure(failure)}; "
        f"{failures.suggest_remedy(failure)}"
    )
