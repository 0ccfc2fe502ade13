"""The judge of this repository, by the same protocol as its peers."""

import json
import sys
from typing import Any

from bench.peers.serving import serve
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts
from judge.protocol import Job, Limits


def prepare(job: dict[str, Any], limit_s: float) -> Job:
    tests = Asserts(kind="asserts", setup=job["setup"], asserts=tuple(job["asserts"]))
    return Job(job["id"], job["code"], "", job["entry"], tests, Limits(cpu_s=limit_s))


def main() -> None:
    sandbox = open_sandbox(SandboxSettings.model_validate({"reruns": 0, **json.loads(sys.argv[1])}))
    try:
        serve(prepare, lambda jobs: {row.job_id: row.verdict == "passed" for row in sandbox.judge(jobs)})
    finally:
        sandbox.close()


if __name__ == "__main__":
    main()
