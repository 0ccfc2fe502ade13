"""Which blocks of an answer make up the program."""

import pytest

from tasks.asking.answers import extract_code

F = "def f(x):\n    return g(x) + 1\n"
G = "def g(x):\n    return 2 * x\n"
ONE = "def f(x):\n    return x\n"
SUM = "a, b = map(int, input().split())\nprint(a + b)\n"


def fenced(*codes: str) -> str:
    return "\n\nand\n\n".join(f"```python\n{code}```" for code in codes)


def code_of(text: str, entry_point: str | None = "f") -> str | None:
    return extract_code(text, "stop", entry_point).text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(fenced(G, F), f"{G}\n{F}", id="a helper before"),
        pytest.param(fenced(F, G), f"{G}\n{F}", id="a helper behind"),
        pytest.param(fenced("import math\n", "def f(x):\n    return math.sqrt(x)\n"),
                     "import math\n\ndef f(x):\n    return math.sqrt(x)\n", id="an import"),
        pytest.param(fenced("K = 7\n", "def f(x):\n    return x % K\n"),
                     "K = 7\n\ndef f(x):\n    return x % K\n", id="a constant"),
        pytest.param(fenced("def h(x):\n    return x\n", "def g(x):\n    return h(x)\n", F),
                     f"def h(x):\n    return x\n\ndef g(x):\n    return h(x)\n\n{F}", id="a helper of a helper"),
        pytest.param(fenced("def g(x):\n    return 0\n", G, F), f"{G}\n{F}", id="the last version of a helper"),
        pytest.param(fenced(G, ONE), ONE, id="a block that is not needed"),
        pytest.param(fenced(ONE, "print(f(1))\n"), ONE, id="use"),
        pytest.param(fenced(ONE, "assert f(1) == 1\n"), ONE, id="tests"),
        pytest.param(fenced(ONE, "f = f(3)\nprint(f)\n"), ONE, id="use that takes its name"),
        pytest.param(fenced(ONE, "def f(x): ...\n"), ONE, id="a stub behind"),
        pytest.param(fenced("def f(x):\n    pass\n", ONE), ONE, id="a stub before"),
        pytest.param(fenced("def f(x):\n    return 0\n", ONE), ONE, id="a wrong version before"),
        pytest.param(fenced(ONE) + "\n```\n>>> f(1)\n1\n```", ONE, id="a session"),
        pytest.param("```python\n>>> def f(x):\n...     return 0\n```\n" + fenced(ONE), ONE, id="a session before"),
        pytest.param("```pycon\n>>> f(1)\n1\n```\n" + fenced(ONE), ONE, id="a session with its tag"),
        pytest.param(fenced(ONE) + "\n```bash\npython f.py\n```", ONE, id="a command"),
        pytest.param(fenced(ONE) + "\n```\n1\n2\n3\n4\n5\n```", ONE, id="output"),
        pytest.param(fenced("f = lambda x: x\n"), "f = lambda x: x\n", id="a lambda"),
        pytest.param(fenced("try:\n    from math import gcd as f\nexcept ImportError:\n    f = None\n"),
                     "try:\n    from math import gcd as f\nexcept ImportError:\n    f = None\n",
                     id="an import as the function"),
        pytest.param(fenced("class A:\n    def f(self):\n        return 0\n", ONE,
                            "class A:\n    def f(self):\n        return 0\n"),
                     ONE, id="methods of its name"),
        pytest.param(fenced("def f(x:\n    return x\n"), "def f(x:\n    return x\n", id="a fault of syntax"),
        pytest.param("```\npython\ndef f(x):\n    return x\n```", ONE, id="the tag within the block"),
        pytest.param("```text\n" + ONE + "```", ONE, id="the tag of another language"),
        pytest.param(f"The code:\n\n{ONE}\nThis gives x.", ONE, id="no fence, among words"),
        pytest.param("The code:\n\n    def f(x):\n        return x\n\nThis gives x.", ONE, id="no fence, indented"),
        pytest.param(f"{ONE}\n```\n1\n2\n```", ONE, id="no fence, its output in one"),
        pytest.param("Use `f = lambda x: x` here.", "f = lambda x: x\n", id="within a line"),
    ],
)  # fmt: skip
def test_the_program_is_chosen_by_its_entry_point_and_joined_with_its_helpers(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(f"{fenced(SUM)}\n\nA run:\n\n```\n" + "$ python sum.py\n1 2\n3\n" * 3 + "```", SUM,
                     id="a longer sample run"),
        pytest.param(f"Input:\n```\n1 2\n```\nOutput:\n```\n3\n```\n{fenced(SUM)}", SUM, id="input and output"),
        pytest.param(f"```\n{SUM}```\n```\n1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n```", SUM, id="no tags"),
        pytest.param(fenced("print(1)\nprint(2)\nprint(3)\nprint(4)\nprint(5)\nprint(6)\n", SUM), SUM,
                     id="a longer one that reads nothing"),
        pytest.param(fenced(SUM, "import subprocess\nsubprocess.run(['python', 'sum.py'], input='1 2', check=True)\n"),
                     SUM, id="a longer one that runs it"),
        pytest.param(fenced("n = int(input())\n", SUM), SUM, id="a first step before"),
        pytest.param(fenced(SUM, "print(a + b)\n"), SUM, id="its last line again"),
        pytest.param(fenced(SUM, "a, b = map(int, input().split())\n"), SUM, id="its first line again"),
        pytest.param(fenced("def solve(n):\n    return n\n", "print(solve(int(input())))\n"),
                     "def solve(n):\n    return n\n\nprint(solve(int(input())))\n", id="a helper"),
        pytest.param(fenced("def main():\n    print(input())\n", "if __name__ == '__main__':\n    main()\n"),
                     "def main():\n    print(input())\n\nif __name__ == '__main__':\n    main()\n",
                     id="started by another block"),
        pytest.param(fenced("n = input()\nprint(0)\n", SUM), SUM, id="a wrong version before"),
        pytest.param(f"So:\n\n{SUM}\nThis prints the sum.", SUM, id="no fence, among words"),
    ],
)  # fmt: skip
def test_a_program_without_an_entry_point_is_chosen_by_what_it_reads_and_prints(text: str, code: str) -> None:
    assert code_of(text, None) == code


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        pytest.param("I can't help with that.", "stop", "refused", id="a refusal"),
        pytest.param("I\u2019m sorry, but I cannot assist with this request.", "stop", "refused", id="with an apology"),
        pytest.param("<think>\nHm.\n</think>\n\nSorry, I can't do that.<|im_end|>", "stop", "refused",
                     id="behind thinking"),
        pytest.param("As an AI language model, I am not able to write this.", "stop", "refused", id="as a model"),
        pytest.param("I am unable to answer.\n```\nnothing\n```", "stop", "refused", id="with a block"),
        pytest.param("It can't be done by sorting alone.", "stop", "no_code_block", id="words of another kind"),
        pytest.param(f"```python\n{G}```\n```python\ndef f(x):\n    return", "length", "truncated",
                     id="cut behind the helper"),
        pytest.param("```bash\nls\n```", "stop", "other_language", id="a command alone"),
        pytest.param("```pycon\n>>> 1 + 1\n2\n```", "stop", "other_language", id="a session alone"),
    ],
)  # fmt: skip
def test_an_answer_without_a_program_has_a_reason(text: str, finish: str, reason: str) -> None:
    got = extract_code(text, finish, "f")  # type: ignore[arg-type]
    assert (got.text, got.reason) == (None, reason)


def test_a_class_is_chosen_by_the_method_that_the_tests_call() -> None:
    old, new = "class Box:\n    def get(self): return 0\n", "class Box:\n    def get(self): return 1\n"
    assert code_of(fenced(old, new, "b = Box()\nprint(b.get())\n"), "Box.get") == new
