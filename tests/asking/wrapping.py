"""Right programs, and the forms in which models wrap them: a strategy of answers whose program is known."""

import json
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

PROBLEMS = Path(__file__).parents[2] / "configs/problems"
# Programs that hold what a reader looks for: fences, tags of thinking, tokens, tests, prompts of an interpreter.
TRICKY = {
    "fence": 'def fence(code):\n    """Put code into a block.\n\n    ```\n    x = 1\n    ```\n    """\n'
    '    return "```python\\n" + code + "\\n```"\n',
    "flush": 'def flush(text):\n    return f"""\n```\n{text}\n```\n"""\n',
    "strip_think": "import re\n\n\ndef strip_think(text):\n    # <think> opens, </think> closes\n"
    "    return re.sub(r'<think>.*?</think>', '', text, flags=re.DOTALL).strip()\n",
    "tags": 'def tags():\n    return """\n<think>\nhm\n</think>\n<|im_end|>\n"""\n',
    "tokens": "TOKENS = ['<|im_end|>', '</s>', '<|endoftext|>', '<end_of_turn>']\n\n\ndef tokens(text):\n"
    "    for token in TOKENS:\n        text = text.replace(token, '')\n    return text\n",
    "doctested": "def doctested(a, b):\n    '''Add.\n\n    >>> doctested(1, 2)\n    3\n    '''\n    return a + b\n",
    "Stack": "class Stack:\n  def __init__(self):\n    self.items = []\n\n  def push(self, item):\n"
    "    self.items.append(item)\n\n  def pop(self):\n    return self.items.pop()\n",
    "tabbed": "def tabbed(n):\n\tif n < 2:\n\t\treturn n\n\treturn tabbed(n - 1) + tabbed(n - 2)\n",
    "cached": "from functools import lru_cache\n\n\n@lru_cache(maxsize=None)\ndef cached(n):\n"
    "    return 1 if n < 2 else n * cached(n - 1)\n\n\nassert cached(3) == 6\n",
    "alias": "alias = lambda values: sorted(values)[::-1]\n",
    "gäbe": "def gäbe(text):\n    return text.upper()  # `ß` becomes `SS` und Größe\n",
    "last_comment": "def last_comment(x):\n    return x  # not ``x``\n",
    "fetch": "async def fetch(get):\n    return await get()\n",
}
SCRIPTS = (
    "a, b = map(int, input().split())\nprint(a + b)\n",
    "import sys\n\n\ndef main():\n    data = sys.stdin.read().split()\n    print(len(data))\n\n\n"
    'if __name__ == "__main__":\n    main()\n',
    "n = int(input())\nfor i in range(n):\n    row = list(map(int, input().split()))\n    print(max(row), min(row))\n",
    "print(sum(int(line) for line in open(0)))\n",
)


@dataclass(frozen=True)
class Wrapped:
    """An answer and the one program in it."""

    answer: str
    program: str
    entry_point: str | None
    """None for a program that reads standard input."""


def _references() -> list[tuple[str, str | None]]:
    rows = [json.loads(line) for path in sorted(PROBLEMS.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return [(row["reference"], row["entry_point"]) for row in rows if row["entry_point"]]


PROGRAMS: list[tuple[str, str | None]] = [
    *_references(),
    *((code, name) for name, code in TRICKY.items()),
    *((code, None) for code in SCRIPTS),
]

TAGS = st.sampled_from([
    "", "python", "Python", "PYTHON", "py", "Python3", "python3", "python3.11", "py3", "{.python}", "{python}",
    "{.python .numberLines}", 'python title="solution.py"', "python:solution.py", "solution.py", "python,linenos",
    "lang=python", "language-python", " python ", "ipython3", "cpython", "python {hl_lines=[1]}", "pypy3",
])  # fmt: skip
LEADS = st.sampled_from([
    "", "Here is the program:", "Sure!\n\n## Solution", "1. Read the task.\n2. Solve it.", "> As asked:",
    "**Answer**\n---", "I use `x` and ``y``; the cost is O(n).", "- one\n- two\n", "It is *simple*: a < b > c & d.",
    "<answer>", "<details>", "This was wrong:\n\n```python\n{draft}```\n\nBetter:",
    "```python\n{draft}```\nNo, I forgot a case.", "Run `pip install x` first:\n\n```bash\n$ pip install x\n```",
    "Input:\n\n```\n1 2\n3\n```\n\nThe program:",
])  # fmt: skip
THOUGHTS = st.sampled_from([
    "", "Let me see.", "First try:\n\n```python\n{draft}```\n\nThat is wrong.", "```python\n{draft}",
    "- maybe\n\n    {draft}", "Use re.sub('</think>', '', x)?", "It's `</think>`, they say.", "\n\n",
    "assert f(1) == 2", "~~~\nhm",
])  # fmt: skip
THINKING = st.sampled_from([
    "{answer}", "{answer}", "{answer}", "<think>{thought}</think>{answer}", "<think>\n{thought}\n</think>\n\n{answer}",
    "<thinking>\n{thought}\n</thinking>\n{answer}", "<reasoning>\n{thought}\n</reasoning>\n\n{answer}",
    "{thought}\n</think>\n\n{answer}", "<THINK>\n{thought}\n</THINK>\n{answer}", "[THINK]{thought}[/THINK]{answer}",
    "\n<think>\n\n</think>\n\n{answer}", "<think>\n{thought}\n<think>\nmore\n</think>\nyet more\n</think>\n{answer}",
    "<|channel|>analysis<|message|>{thought}<|end|><|start|>assistant<|channel|>final<|message|>{answer}",
    "<|begin_of_thought|>\n{thought}\n<|end_of_thought|>\n\n{answer}", "<reflection>{thought}</reflection>\n{answer}",
])  # fmt: skip
WORDS = st.sampled_from([
    "The function is:", "Here's the code.", "It works, since every item is seen once.", "I think this is right.",
])  # fmt: skip
OPEN_ENDS = st.sampled_from(["", "\n", "\nThis works, since all is seen.\n- And it is fast.\n", "The end of it.\n"])
ENDS = st.sampled_from([
    "", "", "\n", "\n\n", "<|im_end|>", "\n<|im_end|>\n", "<|eot_id|>", "</s>", "\n</s>", "<|endoftext|>",
    "<end_of_turn>", "<end_of_turn>\n<eos>", "<|end|>", "<|im_end|>\n<|im_start|>user\nThanks!\n",
    "<\uff5cend\u2581of\u2581sentence\uff5c>", "<|return|>",
    "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nAnd now?",
])  # fmt: skip
AFTER = st.sampled_from([
    "", "", "That is all.", "It takes O(n) time:\n\n- fast\n- small",
    "A sample run:\n\n```\n$ python main.py\n1 2\n3\n```", "```\n>>> {name}\n<function {name}>\n```",
    "```pycon\n>>> {name}(1)\n2\n```", "Example:\n\n```python\nprint({name}(1))\n```",
    "```bash\npython main.py < input.txt\n```", "```text\nOutput: 3\n```", "```json\n{{\"a\": 1}}\n```",
    "`{name}` is done.", "```python\nassert {name}(1) == 2\n```", "The output:\n~~~\n3\n~~~\nDone.",
    "```python\nfor x in range(3):\n    {name}(x)\n```",
])  # fmt: skip


@st.composite
def wrapped_programs(draw: st.DrawFn) -> Wrapped:
    """Draw a right program and an answer that holds it in one of the forms."""
    program, name = draw(st.sampled_from(PROGRAMS))
    draft = f"def {name}(*values):\n    return None\n" if name else "n = input()\nprint(n)\n"
    form = draw(st.sampled_from(["bare", "among words", "open", *["block"] * 12]))
    lead, after = draw(LEADS).replace("{draft}", draft), draw(AFTER).format(name=name or "main")
    if form == "bare":
        answer = program.rstrip("\n")
    elif form == "among words" and "```" not in program and "<think>\n" not in program:
        answer = f"{draw(WORDS)}\n\n{program}\n{draw(WORDS)}\n"
    elif form == "open" and "```" not in program:
        answer = f"{lead}\n\n```{draw(TAGS)}\n{program}{draw(OPEN_ENDS)}"
    else:
        body = draw(_blocks(program))
        blank = draw(st.sampled_from(["\n", "\n\n"]))
        answer = blank.join(filter(None, (lead, body))) + (f"\n\n{after}" if after else "")
        if body.startswith(" ") and not lead:
            answer = f"As asked.\n\n{answer}"
        if lead == "<answer>":
            answer += "\n</answer>"
    end = draw(ENDS)
    thinking, thought = draw(THINKING), draw(THOUGHTS)
    answer = thinking.replace("{answer}", answer + end).replace("{thought}", thought.replace("{draft}", draft))
    answer = draw(st.sampled_from(["", "", "\ufeff"])) + answer
    return Wrapped(answer.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"]))), program, name)


@st.composite
def _blocks(draw: st.DrawFn, program: str) -> str:
    """Draw a code block of a program."""
    fence = draw(st.sampled_from(["```", "```", "```", "````", "~~~"]))
    opening = fence + draw(TAGS)
    closing = draw(
        st.sampled_from(["{fence}", "{fence}", "{fence}", "{fence} That is it.", " {fence}", "{code}", "{fence}\n"])
    )
    if closing == "{code}" and not program.rstrip().endswith("`"):
        block = f"{opening}\n{program.rstrip()}{fence}"
    else:
        block = f"{opening}\n{program}{closing.format(fence=fence, code=fence)}"
    form = draw(
        st.sampled_from(["plain", "plain", "plain", "indented", "listed", "quoted", "ragged", "nested", "behind"])
    )
    if form == "indented":
        return _indent(block, draw(st.sampled_from(["  ", "   ", "    ", "      "])), program)
    if form == "listed":
        mark = draw(st.sampled_from(["- ", "1. ", "* ", "10) "]))
        return f"{mark}The program:\n\n{_indent(block, ' ' * len(mark), program)}"
    if form == "quoted":
        return "\n".join(f"> {line}".rstrip() if not line else f"> {line}" for line in block.split("\n"))
    if form == "ragged":  # only the fences are indented, as in a list
        first, _, rest = block.partition("\n")
        return f"1. The program:\n   {first}\n{rest}"
    if form == "nested" and fence == "```" and "````" not in block and "\n```" not in program:
        return f"````markdown\n{block}\n````"
    if form == "behind":
        return f"Here it is: {block}"
    return block


def _indent(block: str, margin: str, program: str) -> str:
    """Indent a block; one whose strings hold lines without indentation would become another program: it stays."""
    lines = block.split("\n")
    return "\n".join(margin + line if line else line for line in lines)
