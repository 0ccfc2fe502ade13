"""A model server that writes programs, tests and explanations for the problems of the flow tests.

An answer depends only on the conversation and on the number of samples served for it before. After `forget`, an
undisturbed run and a resumed run therefore see the same model.
"""

import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from tests.servers import JsonServer

FUNCTIONS = {
    "add": ("a, b", "a + b", "assert add(2, 3) == 5"),
    "last": ("items", "items[-1]", "assert last([1, 2, 3]) == 3"),
    "shout": ("text", "text.upper()", "assert shout('ab') == 'AB'"),
    "double": ("n", "2 * n", "assert double(4) == 8"),
}
"""(Parameters, right expression, the problem's own test) by name of the function."""
CHECKS = {
    "add": ("add(1, 1) == 2", "add(0, 7) == 7", "add(5, 5) == 11"),
    "last": ("last([4, 5]) == 5", "last('xyz') == 'z'", "last([6, 7, 8]) == 6"),
    "shout": ("shout('q') == 'Q'", "shout('xY') == 'XY'", "shout('w') == 'w'"),
    "double": ("double(1) == 2", "double(30) == 60", "double(8) == 8"),
}
"""Conditions of the tests that the server writes: two right ones and a wrong one."""
WRONG = ("None", "1 / 0", "unknown_name", "[]")
"""Expressions of wrong programs."""
STAGES = {"both": "First explain", "diagnose": "Explain", "repair": "wrong", "write_tests": "further tests"}
"""Words of the templates that identify the stage of a prompt; `both` asks for diagnosis and repair in one reply."""
EXPLANATION = "The function does not compute what the task asks for."


def problem_line(name: str) -> dict[str, Any]:
    """Return one problem in the exchange form."""
    parameters, right, test = FUNCTIONS[name]
    return {
        "source": "scripted", "source_id": name, "entry_point": name,
        "prompt": f"Write a function {name}({parameters}).",
        "tests": {"kind": "asserts", "setup": "", "asserts": [test]}, "context": "",
        "reference": f"def {name}({parameters}):\n    return {right}\n", "licence": "Apache-2.0", "origin": None,
    }  # fmt: skip


def write_problems(path: Path, *names: str) -> Path:
    """Write a JSONL file of the problems with these names."""
    path.write_text("".join(json.dumps(problem_line(name)) + "\n" for name in names))
    return path


class ScriptedServer(JsonServer):
    """Serve OpenAI's chat completions with scripted answers.

    Attributes:
        asked: number of samples served, by stage: `generate`, `write_tests`, `diagnose`, `repair` or `both`.
        broken: whether every request gets status 500.
        held: number of requests that wait for `release`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.broken = False
        self.held = 0
        self._held_stages: frozenset[str] = frozenset()
        self._released = threading.Condition()
        self._served: Counter[str] = Counter()
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Serve the first sample of every conversation next.

        Requests of a killed client are answered, too, and move the samples on: such a client gets a server of its own.
        """
        with self._lock:
            self._served.clear()

    def hold(self, *stages: str) -> None:
        """Delay the answers to some stages, or to all, until `release`."""
        with self._released:
            self._held_stages = frozenset(stages or ("generate", *STAGES))

    def release(self) -> None:
        """Answer all requests."""
        with self._released:
            self._held_stages = frozenset()
            self._released.notify_all()

    def __exit__(self, *error: object) -> None:
        self.release()
        super().__exit__(*error)

    def answer(self, body: dict[str, Any]) -> tuple[int, object]:
        """Return a completion whose samples follow those served before."""
        messages, n = body["messages"], body.get("n", 1)
        prompt = messages[-1]["content"]
        stage = next((stage for stage, words in STAGES.items() if words in prompt), "generate")
        self._wait_for_release(stage)
        if self.broken:
            return 500, {"error": {"message": "out of order"}}
        conversation = json.dumps(messages)
        with self._lock:
            first = self._served[conversation]
            self._served[conversation] += n
            self.asked[stage] += n
        text = "\n".join(message["content"] for message in messages)
        name = next(name for name in FUNCTIONS if f"function {name}(" in text)
        choices = [
            {"index": i, "message": {"content": self._write(stage, name, first + i)}, "finish_reason": "stop"}
            for i in range(n)
        ]
        return 200, {"choices": choices, "usage": {"prompt_tokens": 50, "completion_tokens": 20 * n}}

    def _wait_for_release(self, stage: str) -> None:
        with self._released:
            if stage in self._held_stages:
                self.held += 1
                self._released.wait_for(lambda: stage not in self._held_stages)
                self.held -= 1

    @staticmethod
    def _write(stage: str, name: str, index: int) -> str:
        parameters, right, _ = FUNCTIONS[name]
        if stage == "write_tests":
            return "\n".join(f"assert {check}" for check in (*CHECKS[name], *CHECKS[name][:1], "nothing(1) == 1"))
        if stage == "diagnose":
            return EXPLANATION
        bodies = (right, *WRONG) if stage == "generate" else (WRONG[-1], right)
        explanation = f"{EXPLANATION}\n" if stage == "both" else ""
        return f"{explanation}```python\ndef {name}({parameters}):\n    return {bodies[index % len(bodies)]}\n```"
