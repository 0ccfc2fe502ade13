import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.asking.answers import extract_code, extract_explanation

F = "def f(x):\n    return x\n"


@pytest.mark.parametrize(
    ("completion", "finish", "code", "reason"),
    [
        pytest.param(f"Sure:\n```python\n{F}```\nDone.", "stop", F, None, id="among prose"),
        pytest.param(f"```python\ndef g(): pass\n```\n```py\n{F}```\n", "stop", F, None, id="defines it"),
        pytest.param(f"```python\n{F}```\n```python\nprint(f(1))\nprint(f(2))\n```", "stop", F, None, id="usage after"),
        pytest.param(f"```python\ndef f(): 0\n```\nBetter:\n```python\n{F}```", "stop", F, None, id="the last version"),
        pytest.param(F, "stop", F, None, id="no fence but a program"),
        pytest.param(f"~~~\n{F}~~~", "stop", F, None, id="tilde fence"),
        pytest.param(f"Here: ```python\n{F}```\nThis is the answer.", "stop", F, None, id="fence behind words"),
        pytest.param(
            '```python\ndef f():\n    """\n    ```\n    x\n    ```\n    """\n```',
            "stop",
            'def f():\n    """\n    ```\n    x\n    ```\n    """\n',
            None,
            id="a fence within a docstring",
        ),
        pytest.param(f"```python\n{F}", "stop", F, None, id="fence never closed, answer complete"),
        pytest.param(f"```python\n{F}", "length", None, "truncated", id="fence never closed, answer cut"),
        pytest.param(f"```python\n{F}```\nand also", "length", F, None, id="cut after the block"),
        pytest.param("It subtracts.", "stop", None, "no_code_block", id="prose"),
        pytest.param("x", "stop", None, "no_code_block", id="a bare word is no program"),
        pytest.param("  \n", "stop", None, "empty", id="empty"),
        pytest.param("```java\nint x;\n```", "stop", None, "other_language", id="another language"),
        pytest.param("```python\n\n```", "stop", None, "other_language", id="an empty block"),
        pytest.param("```python\n" + "x = 1\n" * 20_000 + "```", "stop", None, "too_long", id="too long"),
    ],
)
def test_the_program_is_found_or_the_reason_is_said(
    completion: str, finish: str, code: str | None, reason: str | None
) -> None:
    found = extract_code(completion, finish, "f")  # type: ignore[arg-type]
    assert (found.text, found.reason) == (code, reason)


def test_a_method_entry_point_looks_for_its_class() -> None:
    text = "```python\nclass Queue:\n    def push(self): ...\n```\n```python\nq = Queue()\nq.push()\nprint(q)\n```"
    assert extract_code(text, "stop", "Queue.push").text == "class Queue:\n    def push(self): ...\n"


@pytest.mark.parametrize(
    ("completion", "explanation", "reason"),
    [
        pytest.param("The loop starts at one, not zero.", "The loop starts at one, not zero.", None, id="plain"),
        pytest.param("**Explanation:** The loop starts at one.\n", "The loop starts at one.", None, id="label"),
        pytest.param(
            f"The loop starts at one.\n\nHere is the corrected code:\n```python\n{F}```",
            "The loop starts at one.",
            None,
            id="words before the program",
        ),
        pytest.param(f"```python\n{F}```", None, "no_explanation", id="only a program"),
        pytest.param("Wrong.", None, "no_explanation", id="one word"),
        pytest.param("", None, "empty", id="empty"),
    ],
)
def test_the_explanation_is_found_or_the_reason_is_said(
    completion: str, explanation: str | None, reason: str | None
) -> None:
    found = extract_explanation(completion, "stop")
    assert (found.text, found.reason) == (explanation, reason)


@pytest.mark.parametrize(
    ("completion", "explanation", "reason"),
    [
        pytest.param("The loop starts at one. It shou", "The loop starts at one.", None, id="whole sentences stay"),
        pytest.param("The loop starts at one and so it shou", None, "truncated", id="not one whole sentence"),
    ],
)
def test_of_a_cut_explanation_the_whole_sentences_stay(
    completion: str, explanation: str | None, reason: str | None
) -> None:
    found = extract_explanation(completion, "length")
    assert (found.text, found.reason) == (explanation, reason)


@given(st.text(max_size=300), st.sampled_from(["stop", "length", "other"]))
def test_any_text_gives_a_program_or_a_reason_never_both(text: str, finish: str) -> None:
    for found in (extract_code(text, finish, "f"), extract_explanation(text, finish)):  # type: ignore[arg-type]
        assert (found.text is None) != (found.reason is None)
