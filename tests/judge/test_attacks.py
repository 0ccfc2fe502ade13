"""Every program of the table of attacks gets a right verdict and leaves nothing behind, and the audit would notice."""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from judge.attacks import ATTACKS, Attack, Group
from judge.attacks.base import ADD, MARK, WRONG
from judge.audit import audit
from judge.protocol import Job, Judged, Sandbox

Run = Callable[..., Judged]


@pytest.mark.parametrize("attack", [pytest.param(attack, id=attack.name) for attack in ATTACKS])
def test_every_attack_gets_its_verdict_and_leaves_nothing(sandbox: Sandbox, attack: Attack) -> None:
    (result,) = audit(sandbox, [attack])
    assert result.ok, result


def test_the_table_is_complete() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(names) == len(set(names)) >= 80
    assert {attack.group for attack in ATTACKS} == set(get_args(Group))
    right = {"honest but awkward", "hides its CPU time"}
    assert all("passed" not in a.expected or a.group in right for a in ATTACKS)
    assert all(a.expected == ("passed",) for a in ATTACKS if a.group == "honest but awkward" or a.least_cpu_ms)
    assert sum(a.least_cpu_ms > 0 for a in ATTACKS) >= 20
    assert sum(a.group == "honest but awkward" for a in ATTACKS) >= 15


LEAVES_NOTES = """
import fcntl, os
for call in (
    lambda: os.chmod('/proc', 0o777), lambda: open('/proc/note', 'w'), lambda: open('/tmp/note', 'w'),
    lambda: fcntl.fcntl(0, 10, 12), lambda: fcntl.fcntl(0, fcntl.F_SETFL, os.O_NONBLOCK),
):
    try: call()
    except OSError: pass
def add(a, b): return a + b
"""
EXPECTS_NO_NOTES = """
import fcntl, os
assert os.listdir('/tmp') == os.listdir('/proc') == []
assert os.getpid() == 1
assert fcntl.fcntl(0, 11) == 0 and not fcntl.fcntl(0, fcntl.F_GETFL) & os.O_NONBLOCK
def add(a, b): return a + b
"""


def test_a_program_finds_no_note_of_an_earlier_program(add: Run) -> None:
    assert add(LEAVES_NOTES).verdict == "passed"
    row = add(EXPECTS_NO_NOTES)
    assert row.verdict == "passed", row


COINS = {
    "random": "random.random() < .5",
    "the machine": "os.urandom(1)[0] < 128",
    "a name": "uuid.uuid4().int % 2",
    "a new generator": "random.Random().random() < .5",
    "choice": "random.choice([True, False])",
}


@pytest.mark.parametrize("coin", COINS.values(), ids=COINS)
def test_random_numbers_differ_from_run_to_run(judge: Run, coin: str) -> None:
    code = f"import os, random, uuid\nwell = {coin}\ndef f(): return well"
    assert {judge(code, "assert f()").verdict for _ in range(40)} == {"passed", "failed"}


class PassingSandbox:
    """A sandbox that passes every program, and calls a hook before each."""

    backend = "recorded"

    def __init__(self, hook: Callable[[Job], object] = lambda job: None) -> None:
        self._hook = hook

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        for job in jobs:
            self._hook(job)
            yield Judged(job.job_id, "passed", ())

    def close(self) -> None:
        pass


HONEST = Attack("sum", "honest but awkward", "def add(a, b): return a + b", ("passed",), ADD)


def test_wrong_verdicts_and_missing_flags_are_not_ok() -> None:
    wrong = Attack("difference", "lies when compared", WRONG, ("failed",), ADD)
    flagged = Attack("flagged", "honest but awkward", HONEST.code, ("passed",), ADD, flag="tampered")
    assert [result.ok for result in audit(PassingSandbox(), [HONEST, wrong, flagged], 2)] == [True, False, False]


def test_files_left_outside_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (result,) = audit(PassingSandbox(lambda job: (tmp_path / MARK).touch()), [HONEST])
    assert not result.ok and result.left_behind == (f"file {tmp_path / MARK}",)


def test_a_surviving_process_counts_against_the_program_that_left_it() -> None:
    survivors: list[subprocess.Popen[bytes]] = []

    def leave_process(job: Job) -> None:
        """Start a process as deep in namespaces as a program's, and wait until it runs."""
        deeper = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
        if job.code == WRONG:
            command = [*deeper, *deeper, *deeper, "sh", "-c", "echo; exec sleep 60"]
            survivors.append(subprocess.Popen(command, stdout=subprocess.PIPE))
            stdout = survivors[-1].stdout
            assert stdout is not None and stdout.readline() == b"\n"

    leaves = Attack("leaves", "honest but awkward", WRONG, ("passed",), ADD)
    results = list(audit(PassingSandbox(leave_process), [HONEST, leaves, HONEST], at_once=2))
    for survivor in survivors:
        with survivor:
            survivor.kill()
    assert [result.ok for result in results] == [True, False, True]
    assert results[1].left_behind[0].startswith("process ")
