"""Every program of the table of attacks gets a verdict it may get, and leaves nothing."""

import subprocess
from typing import get_args

import pytest

from judge.attacks import ATTACKS, Attack, Group
from judge.attacks.base import ADD, MARK, WRONG
from judge.audit import audit
from judge.protocol import Judged


@pytest.mark.parametrize("attack", [pytest.param(attack, id=attack.name) for attack in ATTACKS])
def test_every_attack_gets_its_verdict_and_leaves_nothing(sandbox, attack):
    (row,) = audit(sandbox, [attack])
    assert row.ok, row


def test_the_table_is_complete():
    names = [attack.name for attack in ATTACKS]
    assert len(names) == len(set(names)) >= 80
    assert {attack.group for attack in ATTACKS} == set(get_args(Group))
    right = {"honest but awkward", "hides its CPU time"}
    assert all("passed" not in a.expected or a.group in right for a in ATTACKS)
    assert all(a.expected == ("passed",) for a in ATTACKS if a.group == "honest but awkward" or a.least_cpu_ms)
    assert sum(a.least_cpu_ms > 0 for a in ATTACKS) >= 20
    assert sum(a.group == "honest but awkward" for a in ATTACKS) >= 15


LEAVES = """
import fcntl, os
for call in (
    lambda: os.chmod('/proc', 0o777), lambda: open('/proc/note', 'w'), lambda: open('/tmp/note', 'w'),
    lambda: fcntl.fcntl(0, 10, 12), lambda: fcntl.fcntl(0, fcntl.F_SETFL, os.O_NONBLOCK),
):
    try: call()
    except OSError: pass
def add(a, b): return a + b
"""
FINDS = """
import fcntl, os
assert os.listdir('/tmp') == os.listdir('/proc') == []
assert os.getpid() == 1
assert fcntl.fcntl(0, 11) == 0 and not fcntl.fcntl(0, fcntl.F_GETFL) & os.O_NONBLOCK
def add(a, b): return a + b
"""


def test_a_program_finds_no_note_of_the_last(add):
    assert add(LEAVES).verdict == "passed"
    row = add(FINDS)
    assert row.verdict == "passed", row


COINS = {
    "random": "random.random() < .5",
    "the machine": "os.urandom(1)[0] < 128",
    "a name": "uuid.uuid4().int % 2",
    "a new generator": "random.Random().random() < .5",
    "choice": "random.choice([True, False])",
}


@pytest.mark.parametrize("coin", COINS)
def test_a_coin_falls_anew_in_every_run(judge, coin):
    code = f"import os, random, uuid\nwell = {COINS[coin]}\ndef f(): return well"
    assert {judge(code, "assert f()").verdict for _ in range(40)} == {"passed", "failed"}


class Recorded:
    """A sandbox that passes everything, and does one thing more."""

    backend = "recorded"

    def __init__(self, then=lambda: None) -> None:
        self.then = then

    def judge(self, jobs):
        for job in jobs:
            self.then()
            yield Judged(job.job_id, "passed", ())

    def close(self) -> None:
        pass


HONEST = Attack("sum", "honest but awkward", "def add(a, b): return a + b", ("passed",), ADD)


def test_wrong_verdicts_and_missing_flags_are_told():
    wrong = Attack("difference", "lies when compared", WRONG, ("failed",), ADD)
    flagged = Attack("flagged", "honest but awkward", HONEST.code, ("passed",), ADD, flag="tampered")
    assert [row.ok for row in audit(Recorded(), [HONEST, wrong, flagged], 2)] == [True, False, False]


def test_files_left_outside_are_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (row,) = audit(Recorded((tmp_path / MARK).touch), [HONEST])
    assert not row.ok and row.left_behind == (f"file {tmp_path / MARK}",)


class Leaver(Recorded):
    """Leaves a process as deep in namespaces as a program's, after one program."""

    def __init__(self) -> None:
        super().__init__()
        self.started = []

    def judge(self, jobs):
        deeper = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
        for job in jobs:
            if job.code == WRONG:
                command = [*deeper, *deeper, *deeper, "sh", "-c", "echo; exec sleep 60"]
                self.started.append(subprocess.Popen(command, stdout=subprocess.PIPE))
                self.started[-1].stdout.readline()
            yield Judged(job.job_id, "passed", ())


def test_a_process_that_survives_is_told_of_the_program_that_left_it():
    sandbox, leaves = Leaver(), Attack("leaves", "honest but awkward", WRONG, ("passed",), ADD)
    rows = list(audit(sandbox, [HONEST, leaves, HONEST], at_once=2))
    for started in sandbox.started:
        with started as process:
            process.kill()
    assert [row.ok for row in rows] == [True, False, True] and rows[1].left_behind[0].startswith("process ")
