"""What a refresh costs that has nothing to do: prints one JSON line, exit 1 where it takes longer than 5 s.

    .venv/bin/python -m bench.noop [--problems 10000] [--repeats 5] [--lake FOLDER]

Made-up problems, each with a reference, are brought to an end once, through the real sandbox, with a server on this
machine that answers every prompt with the right program. Then the same refresh again, `--repeats` times, on a Prefect
server that runs, as one made by a schedule does: `flow_s` is the refresh itself, from reading the problems to the data
set; `command_s` all of `patchmill run`, with the start of Python. No row may be added, and the model not be asked.
"""

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml

from storage.lake import Lake, LakeSettings

LIMIT_S = 5.0
MAIN = "from cli.main import main; main()"
KINDS = ("n + {k}", "n * {k}", "n - {k}", "{k} - n", "(n, {k})", "[n] * {k}")


def problem(number: int) -> dict[str, Any]:
    """A problem in the interchange form; no two have the same reference."""
    right = KINDS[number % len(KINDS)].format(k=number)
    return {
        "source": "noop", "source_id": str(number), "entry_point": "f", "context": "", "licence": "Apache-2.0",
        "prompt": f"Write a function f(n) that returns {right}.", "reference": f"def f(n):\n    return {right}\n",
        "tests": {"kind": "asserts", "setup": "", "asserts": [f"assert f(2) == {right.replace('n', '2')}"]},
        "origin": None,
    }  # fmt: skip


class Writer(ThreadingHTTPServer):
    """Chat completions: the program that the prompt spells out."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked, lock, server = 0, threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                text = "\n".join(message["content"] for message in body["messages"])
                right = re.search(r"returns (.+)\.", text)
                assert right is not None, text
                with lock:
                    server.asked += 1
                message = {"content": f"```python\ndef f(n):\n    return {right[1]}\n```"}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                answer = {"choices": [choice], "usage": {"prompt_tokens": 50, "completion_tokens": 20}}
                data = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Nothing: stderr is for progress."""

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@contextmanager
def prefect_server(folder: Path) -> Iterator[None]:
    """A server of the measurement's own, which the environment of what is started names."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    os.environ |= {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    null = subprocess.DEVNULL
    process = subprocess.Popen([*command, "--analytics-off"], start_new_session=True, stdout=null, stderr=null)
    try:
        deadline = time.monotonic() + 180
        while not _answers(os.environ["PREFECT_API_URL"]):
            assert process.poll() is None and time.monotonic() < deadline, "Prefect's server did not start"
            time.sleep(0.3)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def run(config: Path) -> dict[str, float]:
    """One `patchmill run`; seconds of the whole command and of the refresh in it."""
    began = time.monotonic()
    command = [sys.executable, "-c", MAIN, "run", str(config), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit(f"the refresh failed; see: patchmill run {config}")
    report = json.loads(done.stdout.decode().strip().splitlines()[-1])
    return {"command_s": round(time.monotonic() - began, 2), "flow_s": report["wall_s"], **report["funnel"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--lake", type=Path, help="stays, and is used again")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="noop-")))
        stack.enter_context(prefect_server(folder))
        writer = Writer()
        stack.callback(writer.shutdown)
        lake = {"path": str(arguments.lake or folder / "lake"), "buckets": 16, "commit_rows": 1000}
        lines = (json.dumps(problem(n)) + "\n" for n in range(arguments.problems))
        (folder / "problems.jsonl").write_text("".join(lines))
        model = {"kind": "openai", "urls": [f"http://127.0.0.1:{writer.server_port}/v1"], "name": "writer"}
        settings = {
            "lake": lake, "sources": [{"kind": "jsonl", "path": str(folder / "problems.jsonl")}], "model": model,
            "audit": "off", "generate": {"samples": 1},
        }  # fmt: skip
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(settings))
        first = run(config)
        assert first["problems"] == first["right_at_once"] == arguments.problems, first
        print(f"first run {first['command_s']} s", file=sys.stderr)
        versions, asked = Lake(LakeSettings(**lake)).versions(), writer.asked
        runs = [run(config) for _ in range(arguments.repeats)]
        assert Lake(LakeSettings(**lake)).versions() == versions and writer.asked == asked, "it did something"
    told = {
        name: {
            "median": statistics.median(one[name] for one in runs), "min": min(one[name] for one in runs),
            "max": max(one[name] for one in runs),
        }
        for name in ("flow_s", "command_s")
    }  # fmt: skip
    print(json.dumps({"problems": arguments.problems, "first": first, **told}))
    return 1 if told["flow_s"]["median"] > LIMIT_S else 0


if __name__ == "__main__":
    sys.exit(main())
