"""The pool of slots: shared by threads, bounded, it retries infrastructure errors and blames no program for them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from judge.backends.base import Confined, Remedy, Role, SandboxCheck
from judge.backends.bubblewrap import Bubblewrap
from judge.cgroup import LIVE, PREFIX, Cgroup
from judge.driver_process import sharing_key
from judge.errors import SandboxError
from judge.factory import SandboxSettings, open_sandbox, probe, require_usable
from judge.plan import Payload
from judge.pool import SlotPool
from judge.protocol import Job, Limits, Sandbox
from tests.judge.running import asserts
from tests.waiting import until

ROOT = Path(__file__).parents[2]
SERVER_PROCESSES = 3
"""bwrap and the two processes of a fork server."""


def new_job(n: int, code: str = "def f(n): return n") -> Job:
    """Return a job that a right program passes."""
    return Job(str(n), code, "", "f", asserts(f"assert f({n}) == {n}"), Limits())


def list_below(pid: int) -> set[int]:
    """Return the ids of a process and of everything below it."""
    pids = [pid]
    for parent in pids:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                pids += map(int, task.read_text().split())
            except OSError:
                continue
    return set(pids)


def read_command(pid: int) -> bytes:
    """Return a process's command line; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


class FailingBackend:
    """Bubblewrap whose candidate servers die during their first job, the first `times` times."""

    name, fix = "bubblewrap", "no fix: the test wants it so"

    def __init__(self, times: int) -> None:
        self._backend, self._failures_left, self.starts = Bubblewrap(), times, 0

    def explain(self, stderr: str) -> Remedy:
        """See Backend.explain."""
        return Remedy(stderr, self.fix)

    def start(self, role: Role, uid: int, seed: int = 0) -> Confined:
        """See Backend.start."""
        confined = self._backend.start(role, uid, seed)
        self.starts += 1
        if role == "candidate" and self._failures_left:
            self._failures_left -= 1
            threading.Thread(target=self._kill_at_first_job, args=[confined]).start()
        return confined

    @staticmethod
    def _kill_at_first_job(confined: Confined) -> None:
        until(lambda: len(confined.pids) > SERVER_PROCESSES, "a job in the server")
        os.kill(confined.pids[1], signal.SIGKILL)

    def check(self) -> list[SandboxCheck]:
        """See Backend.check."""
        return [SandboxCheck("bwrap binary", True, "")]


def test_an_interpreter_that_programs_could_not_see_is_refused() -> None:
    hidden = Bubblewrap(prefix=Path("/tmp/python"))
    with pytest.raises(SandboxError, match=r"interpreter: /tmp/python.*fix: a virtual environment"):
        require_usable(hidden)


def test_an_infrastructure_error_is_retried_on_a_fresh_slot() -> None:
    backend = FailingBackend(1)
    with SlotPool(backend, 1) as pool:
        (row,) = pool.judge([new_job(1, "import time\ntime.sleep(2)\ndef f(n): return n")])
    assert row.verdict == "passed" and row.evidence["retries"] == 1 and backend.starts == 4


def test_an_infrastructure_error_that_recurs_is_infra_and_says_why() -> None:
    with SlotPool(FailingBackend(9), 1) as pool:
        (row,) = pool.judge([new_job(1, "import time\ntime.sleep(60)\ndef f(n): return n")])
    assert row.verdict == "infra" and row.tests == () and "fork server" in str(row.evidence["why"])


def test_a_sandbox_that_cannot_start_is_an_error_with_its_fix() -> None:
    with SlotPool(Bubblewrap("/bin/false"), 1) as pool, pytest.raises(SandboxError, match="did not start") as caught:
        list(pool.judge([new_job(1)]))
    assert "bwrap --unshare-all" in caught.value.fix and caught.value.fix in str(caught.value)


def test_a_machine_without_bubblewrap_is_refused_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxError, match="apt-get install bubblewrap") as caught:
        open_sandbox(SandboxSettings())
    assert [check.name for check in caught.value.checks] == ["bwrap binary"]
    assert [check.name for check in probe() if not check.ok] == ["bwrap binary"]


def test_threads_share_the_slots_and_get_their_own_rows(sandbox: Sandbox) -> None:
    passed: dict[int, set[str]] = {}

    def judge_ten(base: int) -> None:
        jobs = (new_job(base + n) for n in range(10))
        passed[base] = {row.job_id for row in sandbox.judge(jobs) if row.verdict == "passed"}

    threads = [threading.Thread(target=judge_ten, args=(base,)) for base in (0, 100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed == {base: {str(base + n) for n in range(10)} for base in (0, 100, 200, 300)}


def test_jobs_are_taken_only_as_slots_come_free(sandbox: Sandbox) -> None:
    taken: list[int] = []

    def yield_jobs() -> Iterator[Job]:
        for n in range(100):
            taken.append(n)
            yield new_job(n)

    rows = sandbox.judge(yield_jobs())
    assert isinstance(rows, Generator)
    next(rows)
    assert len(taken) <= 8
    rows.close()


def test_time_in_the_queue_counts_against_no_limit() -> None:
    slow = new_job(0, "import time\ntime.sleep(1)\ndef f(n): return n")
    with SlotPool(Bubblewrap(), 1) as pool:
        rows = {row.job_id: row for row in pool.judge([slow, new_job(1), new_job(2)])}
    assert rows["0"].wall_ms > 900 and rows["1"].wall_ms < 900 and rows["2"].wall_ms < 900


def test_closing_ends_every_process_and_removes_every_folder() -> None:
    def observe() -> tuple[set[int], set[Path]]:
        """Return the processes below this one, and its cgroups."""
        group = Cgroup()
        parents = {path.parent for path in LIVE}
        group.remove()
        folders = {folder for parent in parents for folder in parent.glob(f"{PREFIX}{os.getpid()}-*")}
        return list_below(os.getpid()), folders

    before = observe()
    pool = SlotPool(Bubblewrap(), 2)
    list(pool.judge(new_job(n) for n in range(6)))
    during = observe()
    pool.close()
    after = observe()
    assert len(during[0] - before[0]) >= 8
    assert (after[0] - before[0], after[1] - before[1]) == (set(), set())


def test_a_killed_process_leaves_nothing() -> None:
    script = (
        "from judge import Asserts, Judge, Limits\n"
        "with Judge(backend='bubblewrap', jobs=1) as judge:\n"
        "    judge.judge('import time\\ndef f(): time.sleep(600)', Asserts(asserts=['assert f()']), "
        "limits=Limits(wall_s=600))\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) as process:
        everything = 1 + 2 * (SERVER_PROCESSES + 1)  # the process, and two fork servers with a job each
        until(lambda: len(list_below(process.pid)) >= everything, "a program that runs")
        below = list_below(process.pid) - {process.pid}
        process.kill()
    until(lambda: not [pid for pid in below if b"inside.zygote" in read_command(pid)], "the end of every process")


def test_probe_finds_this_machine_usable() -> None:
    checks = probe()
    assert all(check.ok for check in checks) and len(checks) == 4, checks


def test_test_code_shares_a_driver_only_with_its_own_problem() -> None:
    plain: Payload = {"kind": "asserts", "setup": "", "asserts": ["assert f(1)"]}
    others: list[Payload] = [{**plain, "asserts": ["assert g(1)"]}, {"kind": "calls", "cases": []}]
    assert {sharing_key(tests) for tests in (plain, *others)} == {"plain"}
    check: Payload = {"kind": "check", "code": "def check(candidate): pass", "entry": "f"}
    assert sharing_key(check) == sharing_key(dict(check))
    assert len({sharing_key(tests) for tests in (plain, check, {**check, "code": "import math"})}) == 3
