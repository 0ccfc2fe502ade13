import pytest

from tasks.mining.answers import extract_concepts, extract_task, problem_prompt, shingle_words
from tasks.mining.measures import find_near_duplicates
from tasks.models.protocol import FinishReason
from tests.mining.conftest import CODE

GOOD = (
    "Write a function that pads every line of a text. The argument `text` is a string and `width` is an integer. "
    "Return the text with all lines at least that long."
)
SIGNATURE = "def pad_lines(text, width):"


def extract(answer: str, finish: FinishReason = "stop") -> tuple[str | None, str | None]:
    task = extract_task(answer, finish, "pad_lines", SIGNATURE, CODE["pad_lines"], "kit")
    return task.text, task.reason


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
def test_concepts_are_read_from_lists_of_every_form(answer: str, text: str) -> None:
    assert extract_concepts(answer, "stop").text == text


def test_an_answer_cut_at_its_maximum_length_loses_its_last_concept() -> None:
    assert extract_concepts("loops, sorting, has", "length").text == "loops, sorting"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(" \n", "empty", id="blank"),
        pytest.param("I'm sorry, but I can't help.", "refused", id="refusal"),
        pytest.param("```python\nx = 1\n```", "code", id="code in a fence"),
        pytest.param("def f(x):\n    return x", "code", id="code without a fence"),
        pytest.param("loops", "too_few", id="one concept"),
        pytest.param("循环, 排序", "too_few", id="Chinese"),
        pytest.param("循环 ab, 排序 cd", "not_english", id="half Chinese"),
        pytest.param("this answer says a whole sentence and no concept at all", "too_few", id="a sentence"),
    ],
)
def test_an_answer_without_concepts_has_a_reason(answer: str, reason: str) -> None:
    concepts = extract_concepts(answer, "stop")
    assert (concepts.text, concepts.reason) == (None, reason)


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
def test_a_task_keeps_only_the_words_that_describe_it(answer: str) -> None:
    assert extract(answer) == (GOOD, None)


def test_a_task_cut_at_its_maximum_length_keeps_whole_sentences() -> None:
    assert extract(f"{GOOD} An empty line is", "length") == (GOOD, None)
    assert extract(GOOD[:100], "length") == (None, "truncated")


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
def test_an_answer_without_a_task_has_a_reason(answer: str, reason: str) -> None:
    assert extract(answer) == (None, reason)


def test_methods_of_the_class_and_builtins_may_be_named() -> None:
    text = "Write a class that counts words. The method `add(word)` returns the count, as len(x) would of a list."
    task = extract_task(text, "stop", "Tally", "class Tally:\n    def add(self, word):", CODE["Tally"], "kit")
    assert task.text == text


def test_the_prompt_ends_in_the_signature_on_a_line_of_its_own() -> None:
    assert problem_prompt(GOOD, "function", SIGNATURE).splitlines()[-1] == SIGNATURE


def test_tasks_that_differ_in_few_words_are_near_duplicates() -> None:
    other = GOOD.replace("an integer", "a number")
    sets = {"b": shingle_words(GOOD), "a": shingle_words(other), "c": shingle_words("Return the sum of a list.")}
    assert find_near_duplicates(sets, 0.7) == {"b": "a"}
    assert find_near_duplicates(sets, 0.7, accepted=["b"]) == {"a": "b"}
    assert find_near_duplicates(sets, 0.95) == {}
