"""A real HTTP server that speaks OpenAI's chat completions and writes programs for the problems of the flow tests.

Which answer comes is decided by the conversation alone (and, among samples, by how often it was asked before), so that
an undisturbed run and a resumed one see the same model.
"""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FUNCTIONS = {
    "add": ("a, b", "a + b", "assert add(2, 3) == 5"),
    "last": ("items", "items[-1]", "assert last([1, 2, 3]) == 3"),
    "shout": ("text", "text.upper()", "assert shout('ab') == 'AB'"),
    "double": ("n", "2 * n", "assert double(4) == 8"),
}
CHECKS = {  # two are right, the last is not
    "add": ("add(1, 1) == 2", "add(0, 7) == 7", "add(5, 5) == 11"),
    "last": ("last([4, 5]) == 5", "last('xyz') == 'z'", "last([6, 7, 8]) == 6"),
    "shout": ("shout('q') == 'Q'", "shout('xY') == 'XY'", "shout('w') == 'w'"),
    "double": ("double(1) == 2", "double(30) == 60", "double(8) == 8"),
}
WRONG = ("None", "1 / 0", "unknown_name", "[]")


def problem_line(name: str) -> dict[str, Any]:
    """One problem in the interchange form."""
    arguments, right, test = FUNCTIONS[name]
    return {
        "source": "scripted", "source_id": name, "entry_point": name,
        "prompt": f"Write a function {name}({arguments}).",
        "tests": {"kind": "asserts", "setup": "", "asserts": [test]}, "context": "",
        "reference": f"def {name}({arguments}):\n    return {right}\n", "licence": "Apache-2.0", "origin": None,
    }  # fmt: skip


def write_problems(path: Path, *names: str) -> Path:
    """A JSONL file of the named problems."""
    path.write_text("".join(json.dumps(problem_line(name)) + "\n" for name in names))
    return path


class ScriptedServer:
    """Counts what it is asked: `asked` holds one word per sample: generate, write_tests, diagnose, repair or both (the
    last two in one reply)."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.broken = False
        self.delay_s = 0.0  # before each answer
        self._served: Counter[str] = Counter()
        self._lock = threading.Lock()
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                time.sleep(script.delay_s)
                status, answer = script.answer(body)
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Keep the tests' output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "ScriptedServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def forget(self) -> None:
        """Begin again with the first sample of every prompt."""
        self._served.clear()

    def answer(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.broken:
            return 500, {"error": {"message": "out of order"}}
        messages, n = body["messages"], body.get("n", 1)
        text = messages[-1]["content"]
        asks = {"both": "First explain", "diagnose": "Explain", "repair": "wrong", "write_tests": "further tests"}
        stage = next((stage for stage, words in asks.items() if words in text), "generate")
        key = json.dumps(messages)
        with self._lock:
            first = self._served[key]
            self._served[key] += n
            self.asked[stage] += n
        whole = "\n".join(message["content"] for message in messages)
        name = next(name for name in FUNCTIONS if f"function {name}(" in whole)
        choices = [
            {"index": i, "message": {"content": self._write(stage, name, first + i)}, "finish_reason": "stop"}
            for i in range(n)
        ]
        return 200, {"choices": choices, "usage": {"prompt_tokens": 50, "completion_tokens": 20 * n}}

    @staticmethod
    def _write(stage: str, name: str, index: int) -> str:
        arguments, right, _ = FUNCTIONS[name]
        if stage == "write_tests":
            return "\n".join(f"assert {call}" for call in (*CHECKS[name], *CHECKS[name][:1], "nothing(1) == 1"))
        if stage == "diagnose":
            return "The function does not compute what the task asks for."
        bodies = (right, *WRONG) if stage == "generate" else (WRONG[-1], right)
        said = "The function does not compute what the task asks for.\n" if stage == "both" else ""
        return f"{said}```python\ndef {name}({arguments}):\n    return {bodies[index % len(bodies)]}\n```"
