"""Words and code blocks of answers, and the languages of blocks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.asking.blocks import Block, split_blocks
from tasks.asking.tags import read_language

X = "x = 1\n"


def blocks(text: str) -> list[tuple[str, str]]:
    return [(piece.language, piece.code) for piece in split_blocks(text) if isinstance(piece, Block)]


@pytest.mark.parametrize(
    ("info", "language"),
    [
        *((info, "python") for info in (
            "python", "Python", "PY", "py3", "python3.11", "{.python}", "{python}", "{.python .numberLines}", "ipython",
            'python title="solution.py"', "python:src/solution.py", "solution.py", "lang=python", "language-python",
            "python,ignore", "pypy3", "cpython", " python ", "python3 {1,3-4}", "Python 3", "python_code",
        )),
        *((info, "") for info in ("", "  ", "code", "tool_code")),
        *((info, "session") for info in ("pycon", "python-repl", "doctest")),
        ("Java", "java"), ("c++", "c++"), ("C#", "c"), ("shell", "shell"), ("text", "text"), ("{.bash}", "bash"),
    ],
)  # fmt: skip
def test_a_tag_is_read_in_any_spelling(info: str, language: str) -> None:
    assert read_language(info) == language


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"```python\n{X}```", id="plain"),
        pytest.param(f"~~~python\n{X}~~~\n", id="tildes"),
        pytest.param(f"`````python\n{X}`````", id="five"),
        pytest.param(f"```python\n{X}`````", id="closed by more"),
        pytest.param(f"   ```python\n   {X}   ```", id="indented by three"),
        pytest.param(f"As follows:\n\n      ```python\n      {X}      ```", id="indented by six"),
        pytest.param(f"As follows:\n    ```python\n    {X}    ```", id="indented, no blank line"),
        pytest.param(f"   ```python\n{X}   ```", id="indented fences alone"),
        pytest.param(f"- ```python\n  {X}  ```\n- more", id="behind the mark of a list"),
        pytest.param(f"1. First:\n\n   ```python\n   {X}   ```\n2. Then.", id="in a list"),
        pytest.param(f"1. First:\n   ```python\n{X}   ```", id="in a list, its code outside"),
        pytest.param(f"* a\n  * b\n\n    ```python\n    {X}    ```", id="in a list of a list"),
        pytest.param(f"> ```python\n> {X}> ```", id="quoted"),
        pytest.param(f"\t```python\n\t{X}\t```", id="indented by a tab"),
        pytest.param(f"Here: ```python\n{X}```", id="behind words"),
        pytest.param(f"<details>\n```python\n{X}```\n</details>", id="in HTML"),
        pytest.param(f"```python\n{X}``` It is one.", id="words behind the fence"),
        pytest.param(f"```python\n{X.rstrip()}```\nIt is one.", id="a fence behind code"),
        pytest.param(f"```python\n{X.rstrip()}``` It is one.", id="a fence between code and words"),
        pytest.param(f"```python\n{X}      ```\nIt is one.", id="a closing fence indented by six"),
        pytest.param(f"```python\n{X}", id="no closing fence"),
        pytest.param(f"```python\n{X}It is one.\n- really", id="no closing fence, then words"),
        pytest.param(f"```bash\nls\n\n```python\n{X}```", id="the block before is not closed"),
        pytest.param(f"```bash\nls``` and\n\n```python\n{X}```", id="the block before is closed behind code"),
        pytest.param(f"````markdown\nThe file:\n```python\n{X}```\n````", id="nested"),
        pytest.param(f"~~~~\n```python\n{X}```\n~~~~", id="nested without a tag"),
        pytest.param(f"```markdown\n```python\n{X}```\n```", id="nested in a fence of one length"),
        pytest.param("```python x = 1\n```", id="code behind the tag"),
        pytest.param("It is ```python x = 1``` here.", id="on one line"),
    ],
)
def test_a_block_of_python_is_found_in_any_form(text: str) -> None:
    assert [block for block in blocks(text) if block[0] == "python"] == [("python", X)]


def test_words_and_blocks_keep_their_order_and_nothing_is_lost() -> None:
    text = f"One.\n```python\n{X}``` Two.\n\n```\n1 2\n```\nThree: `x`."
    assert [piece.code if isinstance(piece, Block) else piece.strip() for piece in split_blocks(text)] == [
        "One.", X, "Two.", "1 2\n", "Three: `x`."
    ]  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        'def f():\n    """\n    ```\n    x\n    ```\n    """\n',
        'def f():\n  """\n  ```\n  x\n  ```\n  """\n',
        'T = """\n```python\nx = 1\n```\n"""\n',
        "def f(s):\n    return s.strip('`~')  # not ```\n",
        'def f(s):\n    return f"```\\n{s}\\n```"\n',
    ],
)
@pytest.mark.parametrize("end", ["```", "``` Done.", "```\n\n```\n1\n```"])
def test_fences_within_strings_and_comments_end_no_block(code: str, end: str) -> None:
    assert blocks(f"```python\n{code}{end}")[0] == ("python", code)


@given(
    st.lists(
        st.sampled_from(
            [
                "```",
                "~~~",
                "````",
                "python",
                "\n",
                "\n\n",
                "  ",
                "    ",
                "> ",
                "- ",
                "1. ",
                "x = 1",
                "'''",
                '"""',
                "words here",
                "`",
                "#",
            ]
        ),
        max_size=25,
    ).map("".join)
)
@settings(max_examples=400, deadline=None)
def test_any_text_is_split_and_lines_lie_within_it(text: str) -> None:
    for piece in split_blocks(text):
        if isinstance(piece, Block):
            first, end = piece.lines
            assert 0 <= first < end <= text.count("\n") + 1 or not piece.is_closed


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("```\n" * 10_000, id="fences"),
        pytest.param("x```\n" * 10_000, id="fences behind words"),
        pytest.param("```python\nx = (\n``` y\n" * 1_000, id="broken blocks"),
        pytest.param("`" * 50_000, id="backticks"),
        pytest.param("> " * 20_000, id="quotations"),
        pytest.param("- " * 20_000, id="lists"),
        pytest.param(" " * 50_000 + "```", id="blanks"),
        pytest.param("\n" * 50_000, id="lines"),
        pytest.param("(" * 50_000, id="brackets"),
    ],
)
@pytest.mark.timeout(60)
def test_an_endless_answer_is_split_in_seconds(text: str) -> None:
    split_blocks(text)
