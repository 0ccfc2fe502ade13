"""Choose how a problem is judged: in separate processes, or natively, in one with Python's own semantics.

The choice is a property of the problem, never of a candidate:

- With a reference: judge it by `Job(..., calibrate=True)`. It is tried in `separate` processes, then natively. The
  verdict that comes back says where it passed (`Judged.isolation`), and `Judged.calibration` says what is normal there.
  Store the calibration per problem and judge version, and judge every candidate by
  `Job(...).calibrated_by(calibration)`. `choose_isolation` does the first half alone.
- Without one: leave `Job.isolation` at None. The setting `unreferenced` then decides; by default the text of the tests
  does (`needs_native`).
"""

from dataclasses import replace
from typing import Literal

from judge.calibration import RunIsolation
from judge.controls import find_controls
from judge.meaning import needs_native
from judge.protocol import Job, Judged, Sandbox

Unreferenced = Literal["separate", "native", "tests"]


def choose_isolation(sandbox: Sandbox, job: Job) -> Judged:
    """Judge a problem's reference, the program of `job`; its verdict carries the isolation and the calibration.

    Where the reference passes in neither, the verdict is that of separate processes, and `calibration` is None.

    >>> from judge import Asserts, Job, Limits
    >>> from judge.factory import SandboxSettings, open_sandbox
    >>> tests = Asserts(asserts=["assert type(make()).__name__ == 'Dog'"])
    >>> reference = Job("1", "class Dog: pass\\ndef make(): return Dog()", "", "make", tests, Limits())
    >>> sandbox = open_sandbox(SandboxSettings(jobs=1))
    >>> judged = choose_isolation(sandbox, reference)
    >>> sandbox.close()
    >>> judged.verdict, judged.calibration.isolation
    ('passed', 'native')
    """
    (judged,) = sandbox.judge([replace(job, calibrate=True)])
    return judged


def isolation_of(job: Job, unreferenced: Unreferenced) -> RunIsolation:
    """Return how a job is judged that is no reference; stdio and recorded answers need no choice."""
    if job.isolation is not None:
        return job.isolation
    if job.tests.kind in ("stdio", "calls", "checker", "answers"):
        return "separate"
    if unreferenced != "tests":
        return unreferenced
    return "native" if needs_native(job) and find_controls(job.tests) else "separate"
