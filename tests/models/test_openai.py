"""The client against real HTTP servers on loopback."""

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from storage.errors import ConfigError, ModelError
from tasks.models.protocol import Completion, Prompt, Sampling, Unanswered
from tests.models.servers import BuildPrompt, Connect, Serve, complete, wait_until

SEEDED = Sampling(seed=100)


def test_every_sample_of_every_prompt_is_answered_once(serve: Serve, client: Connect, prompt: BuildPrompt) -> None:
    model = client(serve())
    completions = complete(model, [prompt(f"p{i}", 3) for i in range(20)])
    assert sorted((completion.key, completion.sample_index) for completion in completions) == sorted(
        (f"p{i}", j) for i in range(20) for j in range(3)
    )
    assert all(answer.text == f"echo: {answer.key} #{answer.sample_index}" for answer in completions)


def test_samples_of_a_prompt_share_a_request_and_send_no_seed(
    serve: Serve, client: Connect, prompt: BuildPrompt
) -> None:
    server = serve()
    assert len(list(client(server).complete([prompt("p", 5)], SEEDED))) == 5
    [body] = server.bodies
    assert body["n"] == 5
    assert "seed" not in body and "top_k" not in body


def test_a_vllm_server_gets_neutral_values_of_its_own_sampling(
    serve: Serve, client: Connect, prompt: BuildPrompt
) -> None:
    server = serve()
    list(client(server, server="vllm").complete([prompt("p")], Sampling()))
    assert (server.bodies[0]["top_k"], server.bodies[0]["repetition_penalty"]) == (0, 1.0)


def test_seeds_are_seed_plus_sample_index_one_request_each(serve: Serve, client: Connect, prompt: BuildPrompt) -> None:
    server = serve()
    list(client(server, send_seed=True).complete([prompt("p", 3)], SEEDED))
    assert sorted(body["seed"] for body in server.bodies) == [100, 101, 102]
    assert not any("n" in body for body in server.bodies)


def test_a_server_that_ignores_n_is_asked_for_the_rest(serve: Serve, client: Connect, prompt: BuildPrompt) -> None:
    server = serve(obeys_n=False)
    model = client(server)
    completions = complete(model, [prompt("p", 3)])
    assert sorted(completion.sample_index for completion in completions) == [0, 1, 2]
    assert len(complete(model, [prompt("q", 3)])) == 3
    assert [body.get("n", 1) for body in server.bodies] == [3, 1, 1, 1, 1, 1]  # found out once


def test_work_is_spread_over_the_servers(serve: Serve, client: Connect, prompt: BuildPrompt) -> None:
    servers = serve(), serve()
    for server in servers:
        server.hold()
    model = client(*servers, max_in_flight=8)
    completions: list[Completion] = []
    prompts = [prompt(f"p{i}") for i in range(40)]
    thread = threading.Thread(target=lambda: completions.extend(complete(model, prompts)))
    thread.start()
    for server in servers:
        server.wait_for_samples(4)
    for server in servers:
        server.release()
    thread.join()
    assert len(completions) == 40
    assert all(8 <= len(server.bodies) <= 32 for server in servers)


def test_a_dead_server_beside_a_living_one_costs_no_answer(
    serve: Serve, client: Connect, prompt: BuildPrompt, dead_url: str
) -> None:
    model = client(dead_url, serve(), max_in_flight=4)
    assert len(list(model.complete([prompt(f"p{i}") for i in range(20)], Sampling()))) == 20


@pytest.mark.parametrize("status", [408, 500, 503])
def test_temporary_failures_are_retried(serve: Serve, client: Connect, prompt: BuildPrompt, status: int) -> None:
    model = client(serve(failures=[status, status]))
    assert [completion.text for completion in complete(model, [prompt("p")])] == ["echo: p #0"]
    assert model.stats().retries == 2


@pytest.mark.parametrize(("status", "advice"), [(401, "api_key_env"), (404, "/v1/models"), (302, "OpenAI-compatible")])
def test_permanent_failures_are_not_retried(
    serve: Serve, client: Connect, prompt: BuildPrompt, status: int, advice: str
) -> None:
    server = serve(failures=[status])
    with pytest.raises(ModelError, match=advice):
        list(client(server).complete([prompt("p")], Sampling()))
    assert len(server.bodies) == 1


def test_a_failure_that_outlasts_all_retries_names_address_status_and_attempts(
    serve: Serve, client: Connect, prompt: BuildPrompt
) -> None:
    server = serve(failures=[500] * 50)
    message = rf"{server.url}: no answer after 4 attempts .* status 500: scripted failure"
    with pytest.raises(ModelError, match=message):
        list(client(server).complete([prompt(f"p{i}") for i in range(5)], Sampling()))


def test_an_unreachable_server_is_an_error_in_bounded_time(client: Connect, prompt: BuildPrompt, dead_url: str) -> None:
    start_time = time.monotonic()
    with pytest.raises(ModelError, match="is the server running"):
        list(client(dead_url).complete([prompt("p")] * 300, Sampling()))
    assert time.monotonic() - start_time < 30


def test_a_prompt_that_is_too_long_is_refused_with_the_servers_words(
    serve: Serve, client: Connect, prompt: BuildPrompt
) -> None:
    model = client(serve(longest_prompt=20))
    prompts = [prompt("x" * 21, 2), prompt("y"), prompt("z" * 50)]
    replies = {(reply.key, reply.sample_index): reply for reply in model.complete(prompts, Sampling())}
    words = "status 400: longer than the context"
    assert replies["x" * 21, 1] == Unanswered("x" * 21, 1, "refused", words)
    assert isinstance(replies["y", 0], Completion) and len(replies) == 4
    assert (model.stats().refused, model.stats().retries) == (3, 0)


def test_settings_that_no_prompt_can_satisfy_are_an_error(serve: Serve, client: Connect, prompt: BuildPrompt) -> None:
    server = serve()
    with pytest.raises(ConfigError, match=r"refuses even a prompt of two words .*max_tokens=5000"):
        list(client(server).complete([prompt(f"p{i}") for i in range(30)], Sampling(max_tokens=5000)))


def test_the_bound_on_samples_in_flight_holds_over_all_threads(
    serve: Serve, client: Connect, prompt: BuildPrompt
) -> None:
    server = serve()
    server.hold()
    model = client(server, max_in_flight=6)
    counts: Counter[str] = Counter()

    def ask(name: str, samples: int) -> None:
        counts[name] = sum(1 for _ in model.complete([prompt(f"{name}{i}", samples) for i in range(8)], Sampling()))

    threads = [threading.Thread(target=ask, args=(f"t{samples}", samples)) for samples in (1, 2, 5, 9)]
    threads[0].start()
    server.wait_for_samples(6)
    for thread in threads[1:]:
        thread.start()
    server.release()
    for thread in threads:
        thread.join()
    assert counts == {"t1": 8, "t2": 16, "t5": 40, "t9": 72}
    assert server.most_in_flight == 6


def test_a_consumer_that_stops_early_cancels_the_rest(serve: Serve, client: Connect, prompt: BuildPrompt) -> None:
    server = serve()
    server.hold()
    server.release(1)
    model = client(server, max_in_flight=4)
    drawn: list[int] = []

    def draw_prompts() -> Iterator[Prompt]:
        for i in range(1000):
            drawn.append(i)
            yield prompt(f"p{i}")

    completions = model.complete(draw_prompts(), Sampling())
    next(completions)
    completions.close()  # type: ignore[attr-defined]  # an iterator here, and a generator in fact
    requests = len(server.bodies)
    server.release()
    # Requests are sent in order, so each that was not cancelled comes before this one.
    assert len(list(model.complete([prompt("again")], Sampling()))) == 1
    assert len(drawn) <= 12
    assert len(server.bodies) <= requests + 4 + 1


def test_counters_add_up_and_busy_time_is_wall_time(serve: Serve, client: Connect, prompt: BuildPrompt) -> None:
    server = serve()
    server.hold()
    model = client(server)
    start_time = time.monotonic()
    prompts = [prompt(f"p{i}", 2) for i in range(5)]
    thread = threading.Thread(target=lambda: list(model.complete(prompts, Sampling())))
    thread.start()
    server.wait_for_samples(10)
    wait_until(lambda: model.stats().busy_s >= 0.2)
    server.release()
    thread.join()
    elapsed_s = time.monotonic() - start_time
    stats = model.stats()
    assert (stats.requests, stats.samples, stats.prompt_tokens, stats.completion_tokens) == (5, 10, 35, 100)
    assert 0.2 <= stats.busy_s <= elapsed_s  # and not the sum over requests


def test_close_ends_the_thread_and_later_use_is_an_error(serve: Serve, client: Connect, prompt: BuildPrompt) -> None:
    model = client(serve())
    list(model.complete([prompt("p")], Sampling()))
    assert any(thread.name == "model-client" for thread in threading.enumerate())
    model.close()
    model.close()
    assert not any(thread.name == "model-client" for thread in threading.enumerate())
    with pytest.raises(ModelError, match="after close"):
        list(model.complete([prompt("p")], Sampling()))


def test_close_while_another_thread_waits_wakes_it_with_an_error(
    serve: Serve, client: Connect, prompt: BuildPrompt
) -> None:
    server = serve()
    server.hold()
    model = client(server)
    errors: list[ModelError] = []

    def ask() -> None:
        try:
            list(model.complete([prompt("p")], Sampling()))
        except ModelError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    server.wait_for_samples(1)
    model.close()
    thread.join(30)
    assert len(errors) == 1


def test_a_missing_key_is_named_before_anything_is_sent(
    serve: Serve, client: Connect, prompt: BuildPrompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    server = serve()
    with pytest.raises(ModelError, match="NO_SUCH_KEY is not set"):
        list(client(server, api_key_env="NO_SUCH_KEY").complete([prompt("p")], Sampling()))
    assert server.bodies == []


def test_no_prompts_start_no_thread(client: Connect) -> None:
    before = threading.active_count()
    assert list(client("http://127.0.0.1:1/v1").complete([], Sampling())) == []
    assert threading.active_count() == before
