"""`docker run` per program: a container with no network and all limits for each, right if it ends with 0."""

import json
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.peers.serving import WORKERS, exit_code, script, serve

LIMITS = [
    "--network", "none", "--read-only", "--memory", "512m", "--pids-limit", "64", "--cap-drop", "ALL",
    "--security-opt", "no-new-privileges", "--user", "65534:65534", "--tmpfs", "/tmp", "--log-driver", "none",
]  # fmt: skip


def prepare(job: dict[str, Any], limit_s: float) -> tuple[str, str, float]:
    return job["id"], script(job), limit_s


def main() -> None:
    settings = json.loads(sys.argv[1])
    docker = ["docker", "--host", settings["host"]]
    binds = [word for path in settings["binds"] for word in ("--volume", f"{path}:{path}:ro")]

    def judge_one(job: tuple[str, str, float]) -> tuple[str, bool]:
        name, text, limit_s = job
        container = f"bench-{uuid.uuid4().hex}"
        command = [*docker, "run", "--rm", "--name", container, *LIMITS, *binds, settings["image"]]
        code = exit_code([*command, settings["python"], "-I", "-S", "-c", text], limit_s)
        if code is None:
            subprocess.run([*docker, "rm", "--force", container], capture_output=True, check=False)
        return name, code == 0

    with ThreadPoolExecutor(WORKERS) as pool:
        serve(prepare, lambda jobs: dict(pool.map(judge_one, jobs)))


if __name__ == "__main__":
    main()
