"""Requests are built without a network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.models import chat
from tasks.models.protocol import Message, Prompt, Sampling
from tasks.models.settings import OpenAISettings

SYSTEM, USER, ANSWER = Message("system", "Be brief."), Message("user", "hi"), Message("assistant", "ok")


def make_settings(**values: object) -> OpenAISettings:
    return OpenAISettings.model_validate({"urls": ["http://127.0.0.1:1/v1"], "name": "m", **values})


def build_request(*messages: Message, samples: int = 1) -> chat.Request:
    return chat.Request("k", messages, tuple(range(samples)), Sampling(), None)


@given(st.integers(0, 40), st.integers(1, 9), st.booleans())
def test_splitting_keeps_every_sample_once_within_the_bound(samples: int, max_samples: int, send_seed: bool) -> None:
    prompt = Prompt("k", (), tuple(range(100, 100 + samples)))
    requests = list(chat.split_prompts([prompt], Sampling(seed=7), send_seed, max_samples))
    assert [index for request in requests for index in request.sample_indices] == list(prompt.sample_indices)
    assert all(request.n <= (1 if send_seed else max_samples) for request in requests)
    assert all(request.seed == 7 + request.sample_indices[0] for request in requests if send_seed)


def test_extra_fields_are_sent_and_null_takes_a_field_away() -> None:
    settings = make_settings(extra_body={"reasoning_effort": "low", "temperature": None, "nested": {"a": None}})
    body = chat.build_body(build_request(USER), settings)
    assert body["reasoning_effort"] == "low" and body["nested"] == {"a": None}
    assert "temperature" not in body and body["top_p"] == 1.0


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"n": 2}, "got n"),
        ({"stream": True}, "got stream"),
        ({"messages": []}, "got messages"),
        ({"temperature": 0.2}, "expected temperature in the stage's sampling"),
        ({"top_k": float("nan")}, "not JSON compliant"),
    ],
)
def test_extra_fields_that_contradict_a_row_are_refused(fields: dict[str, object], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        make_settings(extra_body=fields)


def test_the_field_of_the_token_limit_has_the_name_that_is_set() -> None:
    body = chat.build_body(build_request(USER), make_settings(token_limit="max_completion_tokens"))
    assert body["max_completion_tokens"] == 512 and "max_tokens" not in body


@pytest.mark.parametrize(
    ("messages", "roles", "first"),
    [
        ((SYSTEM, USER), ["user"], "Be brief.\n\nhi"),
        ((USER,), ["user"], "hi"),
        ((SYSTEM, USER, ANSWER, USER), ["user", "assistant", "user"], "Be brief.\n\nhi"),
        ((SYSTEM, SYSTEM, USER), ["user"], "Be brief.\n\nBe brief.\n\nhi"),
        ((SYSTEM,), ["user"], "Be brief."),
        ((USER, SYSTEM), ["user", "user"], "hi"),
    ],
)
def test_system_turns_are_merged_into_the_user_turn(
    messages: tuple[Message, ...], roles: list[str], first: str
) -> None:
    turns = chat.build_turns(messages, make_settings(system_role="user"))
    assert ([turn["role"] for turn in turns], turns[0]["content"]) == (roles, first)


def test_a_system_turn_can_have_the_role_developer() -> None:
    turns = chat.build_turns((SYSTEM, USER), make_settings(system_role="developer"))
    assert [turn["role"] for turn in turns] == ["developer", "user"]


def test_the_control_has_the_roles_and_samples_of_the_request() -> None:
    request = build_request(SYSTEM, USER, samples=3)
    control = chat.build_control(request)
    assert control.form == request.form
    assert {turn.content for turn in control.messages} == {chat.CONTROL_WORDS}
