"""Malformed responses to one prompt cost no other prompt its answer, and every sample has a reply. No network."""

import contextlib
import copy
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx

from storage.schemas import rows_to_arrow
from storage.tables import ATTEMPTS
from tasks.models.openai import OpenAIModel
from tasks.models.protocol import Completion, Prompt, Sampling, Unanswered
from tasks.models.settings import OpenAISettings
from tests.builders import row
from tests.models.servers import BuildPrompt

BODIES = 1_000
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, float("nan"), 10**5000, "", "x", "\ud800", "\x00", [], {}, [[]], {"": {}}, [None],
    "a" * 50_000, {"type": "text"}, {"text": 3}, "stop", "content_filter",
)  # fmt: skip
STATUSES = (200,) * 12 + (201, 400, 403, 409, 413, 422, 451, 500, 501, 502, 503, 529, 599)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"content-type": "text/html; charset=nonsense"},
    {"content-encoding": "gzip"},
)


def build_answer() -> Any:
    """Return a new answer with all that servers send."""
    choices = [
        {
            "index": index,
            "message": {
                "role": "assistant",
                "content": [{"type": "text", "text": "a"}] if index else "a",
                "reasoning_content": "hm",
                "refusal": None,
                "tool_calls": [],
            },
            "logprobs": {"content": [{"token": "a", "logprob": -0.1, "top_logprobs": []}]},
            "finish_reason": "stop",
        }
        for index in range(2)
    ]
    return {"id": "1", "choices": choices, "usage": {"prompt_tokens": 5, "completion_tokens": 9}, "error": None}


def break_value(chance: random.Random, value: Any) -> Any:
    """Return a JSON value with an oddity at a random place: in place of a value, as a further one, or a value gone."""
    if not value or not isinstance(value, dict | list) or chance.random() < 0.15:
        return copy.deepcopy(chance.choice(ODD))
    key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
    action = chance.random()
    if action < 0.15:
        del value[key]
    elif action < 0.25 and isinstance(value, list):
        value.append(copy.deepcopy(chance.choice(ODD)))
    else:
        value[key] = break_value(chance, value[key])
    return value


def build_response(seed: int) -> Callable[[], httpx.Response]:
    """Return a function that builds a response that is wrong in one to four ways, equal for equal seeds."""
    chance = random.Random(seed)
    body = build_answer()
    for _ in range(chance.randint(1, 3)):
        body = break_value(chance, body)
    text = '{"choices": ' + "[" * 50_000 if seed % 50 == 0 else _dump(body)
    data = text.encode("utf-16" if seed % 17 == 0 else "utf-8", "surrogatepass")
    if chance.random() < 0.25:
        place = chance.randrange(len(data) + 1)
        data = data[:place] + bytes(chance.randrange(256) for _ in range(chance.randint(0, 9))) + data[place + 1 :]
    if chance.random() < 0.15:
        data = data[: chance.randrange(len(data) + 1)]
    status, headers = chance.choice(STATUSES), chance.choice(HEADERS)
    return lambda: httpx.Response(status, headers=headers, stream=httpx.ByteStream(data))


def _dump(body: Any) -> str:
    try:
        return json.dumps(body)
    except ValueError:  # an integer of more digits than Python prints
        return '{"choices": [{"index": ' + "9" * 5000 + "}]}"


def test_a_thousand_malformed_bodies_leave_no_sample_without_a_reply(prompt: BuildPrompt) -> None:
    responses = {f"p{seed}": build_response(seed) for seed in range(BODIES)}

    def respond(request: httpx.Request) -> httpx.Response:
        turns = json.loads(request.content)["messages"]
        malformed = responses.get(turns[-1]["content"])
        return malformed() if malformed else httpx.Response(200, json=build_answer())

    settings = OpenAISettings(urls=("http://127.0.0.1:9/v1",), name="m", retries=1, backoff_s=1e-4)
    model = OpenAIModel(settings, transport=httpx.MockTransport(respond))
    prompts: list[Prompt] = [prompt(name, 2) for name in responses] + [prompt("good", 2)]
    with contextlib.closing(model):
        replies = list(model.complete(prompts, Sampling()))
    assert sorted((reply.key, reply.sample_index) for reply in replies) == sorted(
        (prompt.key, index) for prompt in prompts for index in prompt.sample_indices
    )
    unanswered = [reply for reply in replies if isinstance(reply, Unanswered)]
    answers = [reply for reply in replies if isinstance(reply, Completion)]
    kinds = Counter(reply.status for reply in unanswered)
    assert min(kinds["refused"], kinds["failed"], len(answers)) > 50, kinds  # the bodies are of all sorts
    assert [reply.text for reply in answers if reply.key == "good"] == ["a", "a"]
    assert all(reply.words.isprintable() and reply.words for reply in unanswered)
    rows = [
        row(ATTEMPTS, attempt_id=f"{a.key}{a.sample_index}", completion=a.text, finish_reason=a.finish_reason,
            prompt_tokens=a.prompt_tokens, completion_tokens=a.completion_tokens)
        for a in answers
    ]  # fmt: skip
    assert rows_to_arrow(ATTEMPTS, rows).num_rows == len(answers)
