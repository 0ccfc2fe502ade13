"""The loop of every runner, and functions that several share. Standard library only: each has its own environment.

A batch comes as one line of JSON on stdin, `{"limit_s": seconds, "jobs": [...]}`; the runner makes of it what its
peer takes, answers a line, waits for a line, judges everything with two workers, and answers
`{"answers": {id: passed}}`. So the cost of reading and preparing the jobs is not measured.
"""

import fcntl
import json
import os
import resource
import select
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

WORKERS = 2
HIGH = 500  # descriptors that programs under test don't write to by chance
Prepare = Callable[[dict[str, Any], float], Any]
Judge = Callable[[list[Any]], dict[str, bool]]


def _move_streams() -> tuple[IO[str], IO[str]]:
    """Move stdin and stdout to descriptors of their own, so that no program's output is read as an answer."""
    source, sink = (os.fdopen(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH), mode) for fd, mode in ((0, "r"), (1, "w")))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    return source, sink


def serve(prepare: Prepare, judge: Judge) -> None:
    """Judge batches until stdin ends.

    Args:
        prepare: one job and its time limit in seconds, as `judge` takes it.
        judge: all prepared jobs of a batch; which of them passed, by id.
    """
    source, sink = _move_streams()
    for line in source:
        batch = json.loads(line)
        for name, most in batch.get("rlimits", {}).items():
            resource.setrlimit(getattr(resource, name), (most, most))
        prepared = [prepare(job, batch["limit_s"]) for job in batch["jobs"]]
        del line, batch  # programs that search memory are to find what their judge holds, and no more
        sink.write("{}\n")
        sink.flush()
        source.readline()
        answers = judge(prepared)
        sink.write(json.dumps({"answers": answers}) + "\n")
        sink.flush()


def script(job: dict[str, Any]) -> str:
    """Return the program with its tests appended; it is right if it ends with exit code 0."""
    return "\n".join([job["code"], job["setup"], *job["asserts"], ""])


def exit_code(command: list[str], limit_s: float, env: dict[str, str] | None = None) -> int | None:
    """Run a command and return its exit code; None if it was killed after `limit_s` of wall time."""
    null = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=null, stdout=null, stderr=null, env=env)
    watch = os.pidfd_open(process.pid)
    ended, _, _ = select.select([watch], [], [], limit_s)
    os.close(watch)
    if not ended:
        process.kill()
    code = process.wait()
    return code if ended else None


def serve_files(
    phrase: Callable[[dict[str, Any]], str],
    command: Callable[[Path], list[str]],
    env: dict[str, str] | None = None,
) -> None:
    """Judge by a file and a process for each program; right if it ends with 0.

    Args:
        phrase: a job's program with its tests, as the text of a file.
        command: what is run on that file.
    """
    folder = Path(tempfile.mkdtemp())

    def judge_one(job: tuple[str, str, float]) -> tuple[str, bool]:
        name, text, limit_s = job
        path = folder / f"test_{name.replace('-', '_')}.py"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        passed = exit_code(command(path), limit_s, env) == 0
        path.unlink(missing_ok=True)
        return name, passed

    with ThreadPoolExecutor(WORKERS) as pool:
        serve(lambda job, limit_s: (job["id"], phrase(job), limit_s), lambda jobs: dict(pool.map(judge_one, jobs)))
