"""A program that passes by luck is found when it is run again; no program inherits another's random numbers."""

from contextlib import closing

from judge.factory import SandboxSettings, open_sandbox
from judge.protocol import Job, Limits
from tests.judge.running import asserts

ONE = asserts("assert f(1) == 1")
COIN = "import random\ndef f(n): return n if random.random() < 0.5 else -n"
COUNTS_RUNS = """
import os
def f(n):
    with open('/tmp/runs', 'a') as file: file.write('.')
    return n if os.path.getsize('/tmp/runs') == 1 else -n
"""


def test_coin_flips_never_pass_and_some_are_flagged() -> None:
    with closing(open_sandbox(SandboxSettings(jobs=2, reruns=30))) as sandbox:
        rows = list(sandbox.judge(Job(str(n), COIN, "", "f", ONE, Limits()) for n in range(24)))
    assert {row.verdict for row in rows} == {"failed"}
    flaky = [row for row in rows if "flaky" in row.flags]
    # Both kinds in one batch: random numbers that all runs share would give all of them or none.
    assert 0 < len(flaky) < len(rows)
    assert all(row.evidence["passes_before"] in range(1, 31) and row.feedback for row in flaky)


def test_steady_programs_pass_every_time_and_leave_no_files_for_the_next_run() -> None:
    codes = ["def f(n): return n", COUNTS_RUNS]
    with closing(open_sandbox(SandboxSettings(jobs=1, reruns=5))) as sandbox:
        rows = list(sandbox.judge(Job(str(n), code, "", "f", ONE, Limits()) for n, code in enumerate(codes)))
    assert [(row.verdict, row.flags) for row in rows] == [("passed", ())] * 2
