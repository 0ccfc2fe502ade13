"""The pool: shared by threads, bounded, mending its own hiccups and never blaming a program for them."""

# ruff: noqa: E501 (programs and cases are data, one a line; the odd digits are the point)

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from judge.backends.base import SandboxCheck
from judge.backends.bubblewrap import Bubblewrap
from judge.cgroup import Cgroup
from judge.driver_process import sharing_key
from judge.errors import SandboxError
from judge.factory import SandboxSettings, open_sandbox, probe, require_usable
from judge.pool import SlotPool
from judge.problems import Asserts
from judge.protocol import Job, Limits


def _job(n: int, code: str = "def f(n): return n") -> Job:
    return Job(str(n), code, "", "f", Asserts(kind="asserts", asserts=(f"assert f({n}) == {n}",)), Limits())


def test_an_interpreter_that_programs_could_not_see_is_refused():
    hidden = Bubblewrap(prefix=Path("/tmp/python"))
    with pytest.raises(SandboxError, match=r"interpreter: /tmp/python.*fix: a virtual environment"):
        require_usable(hidden)


class Failing:
    """A backend whose candidate servers die during their first job, the first `times` times."""

    name = "bubblewrap"

    def __init__(self, times: int) -> None:
        self._real, self._left, self.started = Bubblewrap(), times, 0

    def start(self, role, uid):
        confined = self._real.start(role, uid)
        self.started += 1
        if role == "candidate" and self._left:
            self._left -= 1
            threading.Thread(target=self._kill, args=[confined]).start()
        return confined

    def _kill(self, confined):
        while len(confined.pids) < 4:  # bwrap, the server's two processes, a job
            time.sleep(0.01)
        os.kill(confined.pids[1], signal.SIGKILL)

    def check(self):
        return [SandboxCheck("bwrap binary", True, "")]


def test_a_hiccup_of_ours_is_retried_on_a_fresh_slot():
    backend = Failing(1)
    judge = SlotPool(backend, 1)
    (row,) = judge.judge([_job(1, "import time\ntime.sleep(2)\ndef f(n): return n")])
    judge.close()
    assert row.verdict == "passed" and row.evidence["retries"] == 1 and backend.started == 4


def test_hiccups_without_end_are_infra_and_say_why():
    judge = SlotPool(Failing(9), 1)
    (row,) = judge.judge([_job(1, "import time\ntime.sleep(60)\ndef f(n): return n")])
    judge.close()
    assert row.verdict == "infra" and row.tests == () and "fork server" in row.evidence["why"]


def test_a_sandbox_that_can_not_start_is_an_error():
    judge = SlotPool(Bubblewrap("/bin/false"), 1)
    with pytest.raises(SandboxError, match="did not start"):
        list(judge.judge([_job(1)]))
    judge.close()


def test_a_machine_without_bubblewrap_is_refused_with_the_fix(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxError, match="apt-get install bubblewrap"):
        open_sandbox(SandboxSettings())
    assert [check.ok for check in probe()] == [False]


def test_threads_share_the_slots_and_get_their_own_rows(sandbox):
    got: dict[int, set[str]] = {}

    def ask(base: int) -> None:
        got[base] = {row.job_id for row in sandbox.judge(_job(base + n) for n in range(10)) if row.verdict == "passed"}

    threads = [threading.Thread(target=ask, args=(base,)) for base in (0, 100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {base: {str(base + n) for n in range(10)} for base in (0, 100, 200, 300)}


def test_jobs_are_taken_only_as_slots_come_free(sandbox):
    taken = []

    def jobs():
        for n in range(100):
            taken.append(n)
            yield _job(n)

    rows = sandbox.judge(jobs())
    next(rows)
    assert len(taken) <= 8
    rows.close()


def test_queue_time_is_never_charged():
    judge = SlotPool(Bubblewrap(), 1)
    slow = _job(0, "import time\ntime.sleep(1)\ndef f(n): return n")
    rows = {row.job_id: row for row in judge.judge([slow, _job(1), _job(2)])}
    judge.close()
    assert rows["0"].wall_ms > 900 and rows["1"].wall_ms < 900 and rows["2"].wall_ms < 900


def test_closing_ends_every_process_and_removes_every_folder():
    def state():
        group = Cgroup()
        folders = set() if group._path is None else set(group._path.parent.glob("patchmill-*")) - {group._path}
        group.remove()
        return _below(os.getpid()), folders

    before = state()
    judge = SlotPool(Bubblewrap(), 2)
    list(judge.judge(_job(n) for n in range(6)))
    during = state()
    judge.close()
    after = state()
    assert len(during[0] - before[0]) >= 8
    assert [new - old for new, old in zip(after, before, strict=True)] == [set(), set()]


def test_a_killed_process_leaves_nothing():
    script = (
        "from judge.problems import Asserts\nfrom judge.factory import *\nfrom judge.protocol import *\n"
        "j = Job('a', 'import time\\ndef f(): time.sleep(600)', '', 'f', Asserts(kind='asserts', asserts=('assert f()',)), Limits())\n"
        "print('up', flush=True)\nlist(open_sandbox(SandboxSettings(jobs=1)).judge([j]))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout.readline() == b"up\n"
        time.sleep(3)
        below = _below(process.pid) - {process.pid}
        process.kill()
    assert len(below) >= 5
    for _ in range(50):
        left = [pid for pid in below if b"inside.zygote" in _command(pid)]
        if not left:
            return
        time.sleep(0.1)
    pytest.fail(f"still there: {left}")


def test_probe_finds_this_machine_usable():
    checks = probe()
    assert all(check.ok for check in checks) and len(checks) == 3, checks


def test_test_code_shares_a_driver_only_with_its_own_problem():
    plain = {"kind": "asserts", "setup": "", "asserts": ["assert f(1)"]}
    assert sharing_key(plain) == sharing_key({**plain, "asserts": ["assert g(1)"]}) == sharing_key({"kind": "calls", "cases": []})
    first = {"kind": "check", "code": "def check(candidate): pass", "entry": "f"}
    assert sharing_key(first) == sharing_key(dict(first)) != sharing_key({**first, "code": "import math"}) != sharing_key(plain)


def _below(pid: int) -> set[int]:
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return set(found)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
