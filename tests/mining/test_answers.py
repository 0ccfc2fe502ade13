import pytest

from tasks.mining.answers import concepts, prompt, prompt_shingles, task
from tasks.mining.measures import near_duplicates
from tests.mining.conftest import CODE

GOOD = (
    "Write a function that pads every line of a text. The argument `text` is a string and `width` is an integer. "
    "Return the text with all lines at least that long."
)
SIGNATURE = "def pad_lines(text, width):"


def read(answer: str, finish: str = "stop") -> tuple[str | None, str | None]:
    got = task(answer, finish, "pad_lines", SIGNATURE, CODE["pad_lines"], "kit")  # type: ignore[arg-type]
    return got.text, got.reason


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        pytest.param("string padding, loops, string joining", "string padding, loops, string joining", id="as asked"),
        pytest.param("- String Padding\n- loops\n", "string padding, loops", id="a list"),
        pytest.param("1. `loops`\n2. sorting.\n3. loops", "loops, sorting", id="numbered, each once"),
        pytest.param("**Concepts:** loops, sorting, and hashing", "loops, sorting, hashing", id="a label"),
        pytest.param(", ".join(f"thing {n}" for n in range(20)), ", ".join(f"thing {n}" for n in range(8)), id="many"),
    ],
)
def test_concepts_are_read_from_whatever_list(answer: str, text: str) -> None:
    assert concepts(answer, "stop").text == text


def test_concepts_cut_at_their_longest_lose_the_last() -> None:
    assert concepts("loops, sorting, has", "length").text == "loops, sorting"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (" \n", "empty"), ("I'm sorry, but I can't help.", "refused"), ("```python\nx = 1\n```", "code"),
        ("def f(x):\n    return x", "code"), ("loops", "too_few"),
        ("循环, 排序", "too_few"), ("循环 ab, 排序 cd", "not_english"),
        ("this answer says a whole sentence and no concept at all", "too_few"),
    ],
)  # fmt: skip
def test_an_answer_without_concepts_has_a_reason(answer: str, reason: str) -> None:
    got = concepts(answer, "stop")
    assert (got.text, got.reason) == (None, reason)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(GOOD, id="as asked"),
        pytest.param(f"### Exercise\n\n**Task:** {GOOD}", id="headings and labels"),
        pytest.param(f"{GOOD}\n\n```python\ndef pad_lines(text, width):\n    return text\n```", id="code after it"),
        pytest.param(f"`{SIGNATURE}`\n{GOOD}", id="the signature again"),
        pytest.param(f"{GOOD} For example, `pad_lines('a', 2)` returns 'a'.", id="an example"),
        pytest.param(f"{GOOD} So `pad_lines('a', 2)` is 'b'.", id="a call with its result"),
    ],
)
def test_a_task_is_the_words_alone(answer: str) -> None:
    assert read(answer) == (GOOD, None)


def test_a_task_cut_at_its_longest_keeps_whole_sentences() -> None:
    assert read(f"{GOOD} An empty line is", "length") == (GOOD, None)
    assert read(GOOD[:100], "length") == (None, "truncated")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("I'm sorry, I cannot write that.", "refused", id="refusal"),
        pytest.param("def pad_lines(text, width):\n    out = []\n    return out", "code", id="only code"),
        pytest.param("Pad the lines and return them.", "too_short", id="short"),
        pytest.param(" ".join(f"Return the {n} of it to the caller." for n in range(60)), "too_long", id="long"),
        pytest.param(f"{GOOD} Return it. Return it. Return it.", "repeats_itself", id="a loop of words"),
        pytest.param("Écrivez une fonction qui complète chaque ligne du texte et qui renvoie un résultat correct "
                     "avec toutes les lignes complétées.", "not_english", id="French"),
        pytest.param(f"{GOOD} You loop: for line in text.split(\"\\n\"): if len(line) < width: go on.",
                     "repeats_code", id="the code in words"),
        pytest.param(f"{GOOD} It calls normalise(text) first.", "other_name", id="another function"),
        pytest.param(f"{GOOD} It is part of the kit library.", "names_package", id="the package"),
        pytest.param(f"{GOOD} It uses `kit.lines`.", "names_package", id="a module of the package"),
        pytest.param(f"{GOOD} The text is read from a file.", "needs_more", id="files"),
        pytest.param(f"{GOOD} Choose a random width.", "needs_more", id="chance"),
        pytest.param("Write a function that pads every line of a text so that all of them are equally long in the end.",
                     "no_result", id="no result"),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_task_has_a_reason(answer: str, reason: str) -> None:
    assert read(answer) == (None, reason)


def test_methods_of_the_class_and_builtins_may_be_named() -> None:
    text = "Write a class that counts words. The method `add(word)` returns the count, as len(x) would of a list."
    got = task(text, "stop", "Tally", "class Tally:\n    def add(self, word):", CODE["Tally"], "kit")
    assert got.text == text


def test_the_prompt_ends_in_the_signature_on_a_line_of_its_own() -> None:
    assert prompt(GOOD, "function", SIGNATURE).splitlines()[-1] == SIGNATURE


def test_tasks_that_differ_in_few_words_are_near() -> None:
    other = GOOD.replace("an integer", "a number")
    sets = {"b": prompt_shingles(GOOD), "a": prompt_shingles(other), "c": prompt_shingles("Return the sum of a list.")}
    assert near_duplicates(sets, 0.7) == {"b": "a"}
    assert near_duplicates(sets, 0.7, first=["b"]) == {"a": "b"}
    assert near_duplicates(sets, 0.95) == {}
