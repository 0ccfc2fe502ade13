"""Measure a refresh that has nothing to do: prints one JSON line, exit 1 where it takes longer than 5 s.

    .venv/bin/python -m bench.noop [--problems 10000] [--repeats 5] [--lake FOLDER]

A first refresh finishes synthetic problems, each with a reference. It uses the real sandbox, and a local server that
answers every prompt with the right program. The same refresh then runs `--repeats` times on a running Prefect server,
as a schedule starts it. `flow_s` is the refresh itself, from reading the problems to the dataset; `command_s` is all of
`patchmill run`, with the start of Python. A repeat must add no row and send no request.
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
EXPRESSIONS = ("n + {k}", "n * {k}", "n - {k}", "{k} - n", "(n, {k})", "[n] * {k}")


def make_problem(number: int) -> dict[str, Any]:
    """Return a problem in the interchange form; no two numbers have the same reference."""
    expression = EXPRESSIONS[number % len(EXPRESSIONS)].format(k=number)
    return {
        "source": "noop", "source_id": str(number), "entry_point": "f", "context": "", "licence": "Apache-2.0",
        "prompt": f"Write a function f(n) that returns {expression}.",
        "reference": f"def f(n):\n    return {expression}\n",
        "tests": {"kind": "asserts", "setup": "", "asserts": [f"assert f(2) == {expression.replace('n', '2')}"]},
        "origin": None,
    }  # fmt: skip


class ProgramServer(ThreadingHTTPServer):
    """Answers chat completions with the program that the prompt spells out."""

    daemon_threads = True

    def __init__(self) -> None:
        self.requests, lock, server = 0, threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                text = "\n".join(message["content"] for message in body["messages"])
                match = re.search(r"returns (.+)\.", text)
                assert match is not None, text
                with lock:
                    server.requests += 1
                message = {"content": f"```python\ndef f(n):\n    return {match[1]}\n```"}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                answer = {"choices": [choice], "usage": {"prompt_tokens": 50, "completion_tokens": 20}}
                data = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Write nothing: stderr is for progress."""

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@contextmanager
def run_prefect_server(folder: Path) -> Iterator[None]:
    """Run a Prefect server, and name it in the environment for the processes started meanwhile."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    os.environ |= {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    null = subprocess.DEVNULL
    process = subprocess.Popen([*command, "--analytics-off"], start_new_session=True, stdout=null, stderr=null)
    try:
        deadline = time.monotonic() + 180
        while not _is_healthy(os.environ["PREFECT_API_URL"]):
            assert process.poll() is None and time.monotonic() < deadline, "Prefect's server did not start"
            time.sleep(0.3)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def run_refresh(config: Path) -> dict[str, float]:
    """Run `patchmill run`; return the seconds of the command and of the refresh in it, and the funnel."""
    began = time.monotonic()
    command = [sys.executable, "-c", MAIN, "run", str(config), "--json"]
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if process.returncode:
        sys.exit(f"the refresh failed; see: patchmill run {config}")
    report = json.loads(process.stdout.decode().strip().splitlines()[-1])
    return {"command_s": round(time.monotonic() - began, 2), "flow_s": report["wall_s"], **report["funnel"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--lake", type=Path, help="folder of the lake, kept for later runs")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="noop-")))
        stack.enter_context(run_prefect_server(folder))
        server = ProgramServer()
        stack.callback(server.shutdown)
        lake = {"path": str(arguments.lake or folder / "lake"), "buckets": 16, "commit_rows": 1000}
        lines = (json.dumps(make_problem(n)) + "\n" for n in range(arguments.problems))
        (folder / "problems.jsonl").write_text("".join(lines))
        model = {"kind": "openai", "urls": [f"http://127.0.0.1:{server.server_port}/v1"], "name": "writer"}
        settings = {
            "lake": lake, "sources": [{"kind": "jsonl", "path": str(folder / "problems.jsonl")}], "model": model,
            "audit": "off", "generate": {"samples": 1},
        }  # fmt: skip
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(settings))
        first = run_refresh(config)
        assert first["problems"] == first["right_at_once"] == arguments.problems, first
        print(f"first run {first['command_s']} s", file=sys.stderr)
        versions, requests = Lake(LakeSettings(**lake)).versions(), server.requests
        runs = [run_refresh(config) for _ in range(arguments.repeats)]
        assert Lake(LakeSettings(**lake)).versions() == versions, "a repeat wrote rows"
        assert server.requests == requests, "a repeat asked the model"
    seconds = {
        name: {
            "median": statistics.median(run[name] for run in runs), "min": min(run[name] for run in runs),
            "max": max(run[name] for run in runs),
        }
        for name in ("flow_s", "command_s")
    }  # fmt: skip
    print(json.dumps({"problems": arguments.problems, "first": first, **seconds}))
    return 1 if seconds["flow_s"]["median"] > LIMIT_S else 0


if __name__ == "__main__":
    sys.exit(main())
