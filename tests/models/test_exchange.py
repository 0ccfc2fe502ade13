"""What the client learns of a server, waits for, and leaves unanswered. No network."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest

from storage.errors import ConfigError, ModelError
from tasks.models.openai import OpenAIModel
from tasks.models.protocol import Reply, Sampling, Unanswered
from tasks.models.settings import OpenAISettings
from tests.models.servers import BuildPrompt, complete, wait_until

URL = "http://127.0.0.1:9/v1"
Body = dict[str, Any]
Respond = Callable[[Body], httpx.Response]
Open = Callable[..., OpenAIModel]


def answer(body: Body, choices: int | None = None) -> httpx.Response:
    """Return a right answer with as many choices as asked for, or another number."""
    n = body.get("n", 1) if choices is None else choices
    message = {"role": "assistant", "content": "a"}
    return httpx.Response(200, json={"choices": [{"index": i, "message": message} for i in range(n)]})


def refuse(words: str, status: int = 400, headers: dict[str, str] | None = None, **fields: object) -> httpx.Response:
    """Return an error as OpenAI's servers word it."""
    return httpx.Response(status, headers=headers, json={"error": {"message": words, **fields}})


def text_of(body: Body) -> str:
    return "\n".join(turn["content"] for turn in body["messages"])


@pytest.fixture
def open_model() -> Iterator[Open]:
    """Open clients of a function that stands for the server; each is closed at the end of the test."""
    with ExitStack() as stack:

        def build(
            respond: Respond, urls: tuple[str, ...] = ("http://127.0.0.1:9/v1",), **values: object
        ) -> OpenAIModel:
            transport = httpx.MockTransport(lambda request: respond(json.loads(request.content)))
            settings = OpenAISettings.model_validate(
                {"urls": [URL], "name": "m", "retries": 2, "backoff_s": 0.001, **values}
            )
            return stack.enter_context(closing(OpenAIModel(settings, transport=transport)))

        yield build


class TestOfSettings:
    def test_a_refused_system_turn_is_an_error_that_names_the_setting(
        self, open_model: Open, prompt: BuildPrompt
    ) -> None:
        bodies: list[Body] = []

        def respond(body: Body) -> httpx.Response:
            bodies.append(body)
            is_system = body["messages"][0]["role"] == "system"
            return refuse("System role not supported") if is_system else answer(body)

        fault = r"model 'm' refuses system turns \(status 400: System role not supported\); set system_role: user"
        with pytest.raises(ConfigError, match=fault):
            list(open_model(respond).complete([prompt(f"p{i}", 2) for i in range(9)], Sampling()))
        assert len(bodies) < 60
        assert len(complete(open_model(respond, system_role="user"), [prompt("p", 2)])) == 2
        assert bodies[-1]["messages"] == [{"role": "user", "content": "Be brief.\n\np"}]

    def test_a_refused_name_of_the_token_limit_is_an_error_that_names_the_setting(
        self, open_model: Open, prompt: BuildPrompt
    ) -> None:
        words = "Unsupported parameter: 'max_tokens'"
        model = open_model(lambda body: refuse(words) if "max_tokens" in body else answer(body))
        with pytest.raises(ConfigError, match="set token_limit: max_completion_tokens"):
            list(model.complete([prompt("p")], Sampling()))

    def test_settings_that_nothing_mends_are_said_with_the_servers_words(
        self, open_model: Open, prompt: BuildPrompt
    ) -> None:
        with pytest.raises(ConfigError, match=r"even a prompt of two words with the roles system, user.*no way"):
            list(open_model(lambda _: refuse("no way")).complete([prompt("p")], Sampling()))

    def test_a_key_that_is_refused_with_every_prompt_is_said(self, open_model: Open, prompt: BuildPrompt) -> None:
        with pytest.raises(ConfigError, match="Forbidden; put a valid key into the variable"):
            list(open_model(lambda _: refuse("Forbidden", 403)).complete([prompt("p")], Sampling()))

    def test_a_prompt_that_meets_a_content_policy_is_refused_and_others_are_answered(
        self, open_model: Open, prompt: BuildPrompt
    ) -> None:
        def respond(body: Body) -> httpx.Response:
            words = "Your request was rejected by our safety system"
            return refuse(words, 403, code="content_policy_violation") if "bad" in text_of(body) else answer(body)

        replies = list(open_model(respond).complete([prompt("bad", 2), prompt("good")], Sampling()))
        words = "status 403: Your request was rejected by our safety system"
        assert [reply for reply in replies if isinstance(reply, Unanswered)] == [
            Unanswered("bad", index, "refused", words) for index in range(2)
        ]
        assert len(replies) == 3

    def test_an_error_with_status_200_counts_by_its_code(self, open_model: Open, prompt: BuildPrompt) -> None:
        def respond(body: Body) -> httpx.Response:
            return refuse("flagged", 200, code="content_filter") if "bad" in text_of(body) else answer(body)

        [reply] = open_model(respond).complete([prompt("bad")], Sampling())
        assert reply == Unanswered("bad", 0, "refused", "status 400: flagged")


class TestOfChoices:
    @pytest.mark.parametrize("status", [400, 500, 501])
    def test_a_server_that_refuses_several_choices_is_asked_for_one_at_a_time_in_parallel(
        self, open_model: Open, prompt: BuildPrompt, status: int
    ) -> None:
        refused: list[int] = []
        together = threading.Barrier(3, timeout=30)  # three single requests meet: they are in flight at the same time

        def respond(body: Body) -> httpx.Response:
            if body.get("n", 1) > 1:
                refused.append(body["n"])
                return refuse("Only one completion choice is allowed", status)
            return answer(body)

        async def meet(request: httpx.Request) -> httpx.Response:
            body = json.loads(request.content)
            if "meet" in text_of(body) and body.get("n", 1) == 1:
                await asyncio.to_thread(together.wait)
            return respond(body)

        settings = OpenAISettings(urls=(URL,), name="m", retries=2, backoff_s=0.001)
        with closing(OpenAIModel(settings, transport=httpx.MockTransport(meet))) as model:
            replies = complete(model, [prompt("meet", 3)])
            found_out = len(refused)
            later = complete(model, [prompt(f"p{i}", 4) for i in range(5)])
        assert sorted(reply.sample_index for reply in replies) == [0, 1, 2]
        assert len(later) == 20
        assert len(refused) == found_out

    def test_a_server_with_a_largest_number_of_choices_gets_requests_of_that_size(
        self, open_model: Open, prompt: BuildPrompt
    ) -> None:
        sizes: list[int] = []

        def respond(body: Body) -> httpx.Response:
            sizes.append(body.get("n", 1))
            return answer(body, min(4, sizes[-1]))

        model = open_model(respond)
        assert len(complete(model, [prompt("p", 10)])) == 10
        assert sorted(sizes, reverse=True) == [10, 4, 2]
        assert len(complete(model, [prompt("q", 8)])) == 8
        assert sizes[-2:] == [4, 4]

    def test_more_choices_than_asked_for_are_cut(self, open_model: Open, prompt: BuildPrompt) -> None:
        replies = complete(open_model(lambda body: answer(body, 7)), [prompt("p", 2), prompt("q")])
        assert sorted((reply.key, reply.sample_index) for reply in replies) == [("p", 0), ("p", 1), ("q", 0)]


class TestOfFailures:
    @pytest.mark.parametrize(
        ("response", "words"),
        [
            (httpx.Response(200, json={"choices": []}), "expected a chat completion with choices, got {'choices': []}"),
            (httpx.Response(200, text="<html>"), "expected JSON with status 200, got <html>"),
            (httpx.Response(500, text="boom"), "status 500: boom"),
            (httpx.Response(200, json={"error": {"message": "upstream", "code": 502}}), "status 502: upstream"),
        ],
    )
    def test_one_prompt_that_always_fails_is_that_prompts_fault(
        self, open_model: Open, prompt: BuildPrompt, response: httpx.Response, words: str
    ) -> None:
        def respond(body: Body) -> httpx.Response:
            failed = httpx.Response(response.status_code, content=response.content)
            return failed if "poison" in text_of(body) else answer(body)

        model = open_model(respond)
        replies: dict[str, Reply] = {r.key: r for r in model.complete([prompt("poison"), prompt("p")], Sampling())}
        assert replies["poison"] == Unanswered("poison", 0, "failed", f"3 attempts; last: {words}")
        assert not isinstance(replies["p"], Unanswered)
        assert (model.stats().failed, model.stats().samples, model.stats().retries) == (1, 1, 2)

    def test_a_server_that_fails_at_everything_is_an_error(self, open_model: Open, prompt: BuildPrompt) -> None:
        model = open_model(lambda _: httpx.Response(200, json={"choices": []}))
        with pytest.raises(ModelError, match=r"no answer after 3 attempts .*expected a chat completion with choices"):
            list(model.complete([prompt(f"p{i}") for i in range(20)], Sampling()))

    def test_a_key_that_no_header_can_carry_is_an_error(
        self, open_model: Open, prompt: BuildPrompt, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ODD_KEY", "sch\u00fcssel")
        with pytest.raises(ModelError, match="ODD_KEY holds no key"):
            list(open_model(answer, api_key_env="ODD_KEY").complete([prompt("p")], Sampling()))


class RateLimit:
    """Answers so many requests in each window of some seconds; the others get status 429."""

    def __init__(self, requests: int, window_s: float, headers: dict[str, str] | None = None) -> None:
        self._requests, self._window_s, self._headers = requests, window_s, headers
        self._answered_at: list[float] = []
        self.refused = 0

    def __call__(self, body: Body) -> httpx.Response:
        now = time.monotonic()
        self._answered_at = [at for at in self._answered_at if now - at < self._window_s]
        if len(self._answered_at) == self._requests:
            self.refused += 1
            return refuse("4 requests per minute", 429, self._headers)
        self._answered_at.append(now)
        return answer(body)


class TestOfRateLimits:
    @pytest.mark.parametrize(
        "headers", [{}, {"retry-after-ms": "50"}, {"retry-after": "0.05"}, {"retry-after": "soon"}]
    )
    def test_more_limits_than_retries_cost_no_answer(
        self, open_model: Open, prompt: BuildPrompt, headers: dict[str, str]
    ) -> None:
        limit = RateLimit(4, 0.2, headers)
        model = open_model(limit, retries=0)
        assert len(complete(model, [prompt(f"p{i}") for i in range(12)])) == 12
        assert limit.refused > 0
        assert (model.stats().retries, model.stats().failed, model.stats().waiting_s) == (0, 0, 0.0)

    def test_a_wait_can_be_seen_while_it_lasts(self, open_model: Open, prompt: BuildPrompt) -> None:
        is_limited = threading.Event()
        is_limited.set()

        def respond(body: Body) -> httpx.Response:
            return refuse("slow down", 429, {"retry-after": "0.5"}) if is_limited.is_set() else answer(body)

        model = open_model(respond)
        replies: list[Reply] = []
        thread = threading.Thread(target=lambda: replies.extend(complete(model, [prompt("p")])))
        thread.start()
        wait_until(lambda: 0 < model.stats().waiting_s <= 0.5)
        is_limited.clear()
        thread.join(30)
        assert len(replies) == 1

    def test_a_limit_that_lasts_longer_than_the_budget_is_an_error(self, open_model: Open, prompt: BuildPrompt) -> None:
        model = open_model(lambda _: refuse("quota", 429), rate_limit_minutes=0.002)
        with pytest.raises(ModelError, match=r"rate limit, no answer for .*quota; .*rate_limit_minutes=0\.002"):
            list(model.complete([prompt(f"p{i}") for i in range(5)], Sampling()))

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_wait_beyond_the_budget_is_an_error_at_once(
        self, open_model: Open, prompt: BuildPrompt, status: int
    ) -> None:
        model = open_model(lambda _: refuse("tomorrow", status, {"retry-after": "86400"}))
        with pytest.raises(ModelError, match=r"asks to wait 86400 s: status .*tomorrow"):
            list(model.complete([prompt("p")], Sampling()))

    def test_a_server_that_asks_for_no_wait_is_not_asked_without_pause(
        self, open_model: Open, prompt: BuildPrompt
    ) -> None:
        requests: list[Body] = []

        def respond(body: Body) -> httpx.Response:
            requests.append(body)
            return refuse("now", 429, {"retry-after": "0"})

        model = open_model(respond, backoff_s=0.02, rate_limit_minutes=0.01)
        with pytest.raises(ModelError, match="rate limit"):
            list(model.complete([prompt("p")], Sampling()))
        assert len(requests) < 20

    def test_an_account_without_credit_is_an_error_at_once(self, open_model: Open, prompt: BuildPrompt) -> None:
        model = open_model(lambda _: refuse("You exceeded your quota", 429, code="insufficient_quota"))
        with pytest.raises(ModelError, match="no credit left"):
            list(model.complete([prompt("p")], Sampling()))

    def test_a_limited_server_beside_a_free_one_costs_no_time(self, prompt: BuildPrompt) -> None:
        def respond(request: httpx.Request) -> httpx.Response:
            is_limited = request.url.host == "limited.test"
            return refuse("wait", 429, {"retry-after": "600"}) if is_limited else answer(json.loads(request.content))

        settings = OpenAISettings(urls=("http://limited.test/v1", "http://free.test/v1"), name="m")
        with closing(OpenAIModel(settings, transport=httpx.MockTransport(respond))) as model:
            assert len(complete(model, [prompt(f"p{i}") for i in range(20)])) == 20
            assert model.stats().waiting_s == 0.0
