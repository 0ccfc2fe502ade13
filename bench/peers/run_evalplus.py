"""EvalPlus: its `untrusted_check`, one process per program, from a pool of two as its own command line does."""

import ast
import importlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from bench.peers.serving import WORKERS, serve


def prepare(job: dict[str, Any], limit_s: float) -> tuple[str, dict[str, Any]]:
    calls = ast.literal_eval(job["calls"])
    return job["id"], {
        "dataset": "humaneval", "code": job["code"], "entry_point": job["entry"],
        "inputs": [args for args, _ in calls], "expected": [want for _, want in calls],
        "atol": 0, "ref_time": [0.0] * len(calls), "fast_check": True, "min_time_limit": limit_s,
    }  # fmt: skip


def main() -> None:
    evalplus = importlib.import_module("evalplus.eval")
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("fork")) as pool:

        def judge(jobs: list[Any]) -> dict[str, bool]:
            futures = {pool.submit(evalplus.untrusted_check, **arguments): name for name, arguments in jobs}
            return {futures[future]: future.result()[0] == evalplus.PASS for future in as_completed(futures)}

        serve(prepare, judge)


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")  # its cheapest
    main()
