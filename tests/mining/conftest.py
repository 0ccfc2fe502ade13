"""Small checkouts, a folder of installed packages, and a model server with scripted concepts and tasks."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scripted import ScriptedServer

MIT = """MIT License

Copyright (c) 2020 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction.

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.
"""
GPL = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n\nEveryone is permitted to copy verbatim copies.\n"

CODE = {
    "pad_lines": '''
def pad_lines(text: str, width: int, fill: str = " ") -> str:
    """Make all lines equally long."""
    padded = []
    for line in text.split("\\n"):
        if len(line) < width:
            line = line + fill * (width - len(line))
        padded.append(line)
    return "\\n".join(padded)
''',
    "count_runs": """
def count_runs(items):
    runs = []
    for item in items:
        if runs and runs[-1][0] == item:
            runs[-1] = (item, runs[-1][1] + 1)
        else:
            runs.append((item, 1))
    return runs
""",
    "parse_size": """
import re
def parse_size(text, base=1024):
    match = re.fullmatch(r"([0-9.]+) *([KMG]?)", text)
    if match is None:
        raise ValueError(text)
    number, unit = match.groups()
    return float(number) * base ** " KMG".index(unit or " ")
""",
    "Tally": """
class Tally:
    def __init__(self, limit=10):
        self.limit = limit
        self.seen = {}

    def add(self, word):
        if len(self.seen) < self.limit or word in self.seen:
            self.seen[word] = self.seen.get(word, 0) + 1
        return self.seen.get(word, 0)

    def best(self):
        return sorted(self.seen, key=lambda word: (-self.seen[word], word))
""",
}
"""Code that becomes seeds, by name."""


@pytest.fixture
def checkout(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder of files, given by path, with a licence file; a licence of None writes none."""

    def build(
        files: dict[str, str | bytes] | None = None, licence: str | None = MIT, name: str = "kit", where: str = "a"
    ) -> Path:
        root = tmp_path / where / name
        contents = dict(files) if files is not None else {f"kit/{k.lower()}.py": code for k, code in CODE.items()}
        if licence is not None:
            contents["LICENSE"] = licence
        for path, text in contents.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())
        root.mkdir(parents=True, exist_ok=True)
        return root

    return build


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write a package with its metadata into a folder on Python's path, as if it were installed."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def build(
        name: str, files: dict[str, str], licence: str | None = MIT, headers: str = "", place: str = "licenses/LICENSE"
    ) -> None:
        info = f"{name}-1.2.dist-info"
        texts = {**files, f"{info}/METADATA": f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.2\n{headers}"}
        if licence is not None:
            texts[f"{info}/{place}"] = licence
        texts[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in texts)
        for path, text in texts.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text)

    return build


class WordingServer(ScriptedServer):
    """Answers the shipped templates of the stage mining; `asked` counts `concepts` and `task`.

    Attributes:
        tasks: answers to task prompts by the name in the signature; other names get a task of their own.
        varied: whether every answer about a name differs.
        fail_after: number of answers after which every request fails; None never fails.
        hold_after: number of answers after which requests stay unanswered until `release`; None answers all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tasks: dict[str, str] = {}
        self.varied = False
        self.fail_after: int | None = None
        self.hold_after: int | None = None

    def answer(self, body: dict[str, Any]) -> tuple[int, Any]:
        text, n = body["messages"][-1]["content"], body.get("n", 1)
        step = "task" if "Signature:" in text else "concepts"
        with self._lock:
            total = self.asked.total()
            is_held = self.hold_after is not None and total >= self.hold_after
            is_failing = self.fail_after is not None and total >= self.fail_after
            if not is_held and not is_failing:
                self.asked[step] += n
                first = self._served[text]
                self._served[text] += n
        if is_held:
            self.hold()
            self._wait_for_release("generate")
        if is_held or is_failing:
            return 500, {"error": {"message": "out of order"}}
        name = re.findall(r"(?:def|class) (\w+)", text)[0]
        answers = [self._word(step, name, first + index) for index in range(n)]
        choices = [{"index": i, "message": {"content": a}, "finish_reason": "stop"} for i, a in enumerate(answers)]
        return 200, {"choices": choices, "usage": {"prompt_tokens": 50, "completion_tokens": 20 * n}}

    def _word(self, step: str, name: str, index: int) -> str:
        if step == "concepts":
            return "loops, counting things"
        return self.tasks.get(name, task_about(f"{name}_{index}_" if self.varied else name))


def task_about(name: str) -> str:
    """Return a task in words that is similar to that of no other name."""
    words = " ".join(f"{name}{number}" for number in range(12))
    return f"Write a function that takes all of its arguments and returns the {words} of them in the order given."


@pytest.fixture
def model() -> Iterator[WordingServer]:
    """A model behind a real HTTP server."""
    server = WordingServer()
    with server:
        yield server
