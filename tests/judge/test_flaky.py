"""A pass that is luck: run again, it shows; and no program inherits another's dice."""

from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts
from judge.protocol import Job, Limits

ONE = Asserts(kind="asserts", asserts=("assert f(1) == 1",))
COIN = "import random\ndef f(n): return n if random.random() < 0.5 else -n"
COUNTS_RUNS = """
import os
def f(n):
    with open('/tmp/runs', 'a') as file: file.write('.')
    return n if os.path.getsize('/tmp/runs') == 1 else -n
"""


def test_coin_flips_never_pass_and_some_are_caught_in_the_act() -> None:
    sandbox = open_sandbox(SandboxSettings(jobs=2, reruns=30))
    try:
        rows = list(sandbox.judge(Job(str(n), COIN, "", "f", ONE, Limits()) for n in range(24)))
    finally:
        sandbox.close()
    assert {row.verdict for row in rows} == {"failed"}
    flaky = [row for row in rows if "flaky" in row.flags]
    # both at once: dice that all runs share would give all of them or none
    assert 0 < len(flaky) < len(rows)
    assert all(row.evidence["passes_before"] >= 1 and row.feedback for row in flaky)


def test_steady_programs_pass_every_time_and_leave_no_notes_for_the_next_run() -> None:
    sandbox = open_sandbox(SandboxSettings(jobs=1, reruns=5))
    try:
        codes = ["def f(n): return n", COUNTS_RUNS]
        rows = list(sandbox.judge(Job(str(n), code, "", "f", ONE, Limits()) for n, code in enumerate(codes)))
    finally:
        sandbox.close()
    assert [(row.verdict, row.flags) for row in rows] == [("passed", ())] * 2
