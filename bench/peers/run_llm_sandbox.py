"""llm-sandbox: one container session per worker, opened once and kept, right if the program ends with 0."""

import importlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from bench.peers.serving import WORKERS, script, serve


def prepare(job: dict[str, Any], limit_s: float) -> tuple[str, str, float]:
    return job["id"], script(job), limit_s


def main() -> None:
    settings = json.loads(sys.argv[1])
    docker, types = importlib.import_module("docker"), importlib.import_module("docker.types")
    library = importlib.import_module("llm_sandbox")
    client = docker.DockerClient(base_url=settings["host"])
    # `python` is looked up on PATH; a container that must be replaced is to end at once.
    container = {
        "command": ["sleep", "infinity"], "stop_signal": "SIGKILL", "network_mode": "none",
        "mem_limit": "512m", "pids_limit": 64, "environment": {"PATH": f"{settings['path']}:/usr/bin:/bin"},
        "mounts": [types.Mount(path, path, "bind", read_only=True) for path in settings["binds"]],
    }  # fmt: skip

    def open_session() -> Any:
        session = library.SandboxSession(
            client=client, image=settings["image"], lang="python", keep_template=True, skip_environment_setup=True,
            workdir="/tmp", runtime_configs=dict(container),
        )  # fmt: skip
        session.open()
        return session

    sessions: SimpleQueue[Any] = SimpleQueue()

    def judge_one(job: tuple[str, str, float]) -> tuple[str, bool]:
        name, text, limit_s = job
        session = sessions.get()
        try:
            passed = session.run(text, timeout=limit_s).exit_code == 0
        except library.exceptions.SandboxTimeoutError:
            # The program still runs; only closing the container ends it.
            session.close()
            session, passed = open_session(), False
        finally:
            sessions.put(session)
        return name, passed

    for _ in range(WORKERS):
        sessions.put(open_session())
    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            serve(prepare, lambda jobs: dict(pool.map(judge_one, jobs)))
    finally:
        for _ in range(WORKERS):
            sessions.get().close()
        client.close()


if __name__ == "__main__":
    main()
