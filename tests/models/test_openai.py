"""The client against a real HTTP server on loopback."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from storage.errors import ModelError
from tasks.models.openai import OpenAIModel
from tasks.models.protocol import Completion, Prompt, Sampling
from tasks.models.vllm_server import free_port

Build = Callable[..., Any]
SEEDED = Sampling(seed=100)


def test_every_sample_of_every_prompt_is_answered_once(serve: Build, client: Build, prompt: Build) -> None:
    model = client(serve())
    got = list(model.complete([prompt(f"p{i}", 3) for i in range(20)], Sampling()))
    assert sorted((one.key, one.sample_index) for one in got) == sorted(
        (f"p{i}", j) for i in range(20) for j in range(3)
    )
    assert all(one.text == f"echo: {one.key} #{one.sample_index}" for one in got)


def test_samples_of_a_prompt_share_a_request_and_send_no_seed(serve: Build, client: Build, prompt: Build) -> None:
    server = serve()
    assert len(list(client(server).complete([prompt("p", 5)], SEEDED))) == 5
    [sent] = server.seen
    assert sent["n"] == 5
    assert "seed" not in sent and "top_k" not in sent


def test_a_vllm_server_is_told_to_ignore_the_models_own_sampling(serve: Build, client: Build, prompt: Build) -> None:
    server = serve()
    list(client(server, server="vllm").complete([prompt("p")], Sampling()))
    assert (server.seen[0]["top_k"], server.seen[0]["repetition_penalty"]) == (0, 1.0)


def test_seeds_are_seed_plus_sample_index_one_request_each(serve: Build, client: Build, prompt: Build) -> None:
    server = serve()
    list(client(server, send_seed=True).complete([prompt("p", 3)], SEEDED))
    assert sorted(sent["seed"] for sent in server.seen) == [100, 101, 102]
    assert not any("n" in sent for sent in server.seen)


def test_a_server_that_ignores_n_is_asked_for_the_rest(serve: Build, client: Build, prompt: Build) -> None:
    server = serve(obeys_n=False)
    got = list(client(server).complete([prompt("p", 3)], Sampling()))
    assert sorted(one.sample_index for one in got) == [0, 1, 2]
    assert [sent.get("n", 1) for sent in server.seen] == [3, 2, 1]


def test_work_is_spread_over_the_servers(serve: Build, client: Build, prompt: Build) -> None:
    servers = serve(delay_s=0.05), serve(delay_s=0.05)
    list(client(*servers, max_in_flight=8).complete([prompt(f"p{i}") for i in range(40)], Sampling()))
    assert all(8 <= len(server.seen) <= 32 for server in servers)


def test_a_dead_server_beside_a_living_one_costs_no_answer(serve: Build, client: Build, prompt: Build) -> None:
    model = client(f"http://127.0.0.1:{free_port()}/v1", serve(), max_in_flight=4)
    assert len(list(model.complete([prompt(f"p{i}") for i in range(20)], Sampling()))) == 20


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_passing_trouble_is_retried(serve: Build, client: Build, prompt: Build, status: int) -> None:
    server = serve(failures=[status, status])
    model = client(server)
    assert [one.text for one in model.complete([prompt("p")], Sampling())] == ["echo: p #0"]
    assert model.stats().retries == 2


@pytest.mark.parametrize(("status", "advice"), [(401, "api_key_env"), (404, "/v1/models"), (302, "OpenAI-compatible")])
def test_lasting_trouble_is_not_retried(serve: Build, client: Build, prompt: Build, status: int, advice: str) -> None:
    server = serve(failures=[status])
    with pytest.raises(ModelError, match=advice):
        list(client(server).complete([prompt("p")], Sampling()))
    assert len(server.seen) == 1


def test_trouble_that_stays_names_address_status_and_count(serve: Build, client: Build, prompt: Build) -> None:
    server = serve(failures=[500] * 50)
    with pytest.raises(ModelError, match=rf"{server.url}: no answer after 4 attempts .* status 500, .*made up"):
        list(client(server).complete([prompt(f"p{i}") for i in range(5)], Sampling()))


def test_an_unreachable_server_is_an_error_in_bounded_time(client: Build, prompt: Build) -> None:
    began = time.monotonic()
    with pytest.raises(ModelError, match="is the server running"):
        list(client(f"http://127.0.0.1:{free_port()}/v1").complete([prompt("p")] * 300, Sampling()))
    assert time.monotonic() - began < 30


def test_a_prompt_too_long_becomes_an_empty_completion(serve: Build, client: Build, prompt: Build) -> None:
    server = serve(longest_prompt=20)
    model = client(server)
    got = {one.key: one for one in model.complete([prompt("x" * 21, 2), prompt("y"), prompt("z" * 50)], Sampling())}
    assert got["x" * 21] == Completion("x" * 21, 1, "", "other", 0, 0)
    assert got["y"].finish_reason == "stop"
    assert (model.stats().refused, model.stats().retries) == (2, 0)


def test_settings_that_no_prompt_can_satisfy_are_an_error(serve: Build, client: Build, prompt: Build) -> None:
    with pytest.raises(ModelError, match=r"refuses even a prompt of two words .*max_tokens=5000"):
        list(client(serve()).complete([prompt("p")], Sampling(max_tokens=5000)))


def test_the_bound_on_samples_in_flight_holds_over_all_threads(serve: Build, client: Build, prompt: Build) -> None:
    server = serve(delay_s=0.03)
    model = client(server, max_in_flight=6)
    counts: Counter[str] = Counter()

    def ask(name: str, samples: int) -> None:
        counts[name] = sum(1 for _ in model.complete([prompt(f"{name}{i}", samples) for i in range(8)], Sampling()))

    threads = [threading.Thread(target=ask, args=(f"t{samples}", samples)) for samples in (1, 2, 5, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == {"t1": 8, "t2": 16, "t5": 40, "t9": 72}
    assert 2 <= server.most_at_once <= 6


def test_a_consumer_that_stops_early_cancels_the_rest(serve: Build, client: Build, prompt: Build) -> None:
    server = serve(delay_s=0.1)
    model = client(server, max_in_flight=4)
    drawn = []

    def prompts() -> Any:
        for i in range(1000):
            drawn.append(i)
            yield prompt(f"p{i}")

    answers = model.complete(prompts(), Sampling())
    next(answers)
    answers.close()
    seen = len(server.seen)
    time.sleep(0.4)
    assert len(drawn) <= 12
    assert len(server.seen) <= seen + 4
    assert len(list(model.complete([prompt("again")], Sampling()))) == 1


def test_counters_add_up_and_busy_time_is_wall_time(serve: Build, client: Build, prompt: Build) -> None:
    model = client(serve(delay_s=0.2))
    began = time.monotonic()
    list(model.complete([prompt(f"p{i}", 2) for i in range(5)], Sampling()))
    took = time.monotonic() - began
    stats = model.stats()
    assert (stats.requests, stats.samples, stats.prompt_tokens, stats.completion_tokens) == (5, 10, 35, 100)
    assert 0.2 <= stats.busy_s <= took  # and not the sum over requests


def test_close_ends_the_thread_and_later_use_is_an_error(serve: Build, client: Build, prompt: Build) -> None:
    model: OpenAIModel = client(serve())
    list(model.complete([prompt("p")], Sampling()))
    assert any(thread.name == "model-client" for thread in threading.enumerate())
    model.close()
    model.close()
    assert not any(thread.name == "model-client" for thread in threading.enumerate())
    with pytest.raises(ModelError, match="after close"):
        list(model.complete([prompt("p")], Sampling()))


def test_close_while_another_thread_waits_wakes_it_with_an_error(serve: Build, client: Build, prompt: Build) -> None:
    server = serve(delay_s=0.5)
    model: OpenAIModel = client(server)
    errors: list[ModelError] = []

    def ask(prompts: list[Prompt]) -> None:
        try:
            list(model.complete(prompts, Sampling()))
        except ModelError as error:
            errors.append(error)

    thread = threading.Thread(target=ask, args=([prompt("p")],))
    thread.start()
    while not server.seen:
        time.sleep(0.01)
    model.close()
    thread.join(30)
    assert len(errors) == 1


def test_a_missing_key_is_named_before_anything_is_sent(
    serve: Build, client: Build, prompt: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    server = serve()
    with pytest.raises(ModelError, match="NO_SUCH_KEY is not set"):
        list(client(server, api_key_env="NO_SUCH_KEY").complete([prompt("p")], Sampling()))
    assert server.seen == []


def test_no_prompts_start_no_thread(client: Build) -> None:
    before = threading.active_count()
    assert list(client("http://127.0.0.1:1/v1").complete([], Sampling())) == []
    assert threading.active_count() == before
