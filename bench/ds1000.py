"""Judge the references of DS-1000 and wrong programs in their place: prints verdicts by library as one JSON line.

    uv pip install --target PACKAGES numpy==1.26.4 pandas==1.5.3 scipy==1.12.0 scikit-learn==1.4.0 \\
        matplotlib==3.8.4 seaborn==0.13.2
    .venv/bin/python -m bench.ds1000 ds1000.jsonl --packages PACKAGES [--library Pandas] [--jobs 2]

Each reference shows how its problem is judged. Then programs are judged that answer nothing, that end at once, and that
look for the expected answer in the frames of their callers. Exit 1 if a reference fails or one of these passes.
"""

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from judge.factory import SandboxSettings, open_sandbox
from judge.problems import UnitTest
from judge.protocol import Job, Judged, Limits
from tasks.ingest.form import read_form
from tasks.ingest.settings import FormSource
from tasks.reading.problem import Problem

PRELOAD = ("numpy", "pandas", "scipy.stats", "sklearn", "matplotlib.pyplot", "seaborn", "PIL.Image")
LIBRARIES = ("Pandas", "Numpy", "Scipy", "Sklearn", "Matplotlib")
LIMITS = Limits(cpu_s=30.0, memory_mib=1024)
WRONG = {
    "nothing": "pass",
    "None": "result = None",
    "exit": "import os; os._exit(0)",
    "frames": "import sys\nframe = sys._getframe()\nwhile frame:\n"
    "    for name in ('expected_result', 'answer', 'ans'):\n"
    "        result = frame.f_locals.get(name, globals().get('result'))\n    frame = frame.f_back",
}


def read_libraries(path: Path) -> dict[str, str]:
    """Return the library of each row, by its id."""
    rows = (json.loads(line)["metadata"] for line in path.read_text(encoding="utf-8").splitlines())
    return {str(row["problem_id"]): row["library"] for row in rows}


def new_job(problem: Problem) -> Job:
    """Return the job that judges a problem's reference."""
    assert isinstance(problem.tests, UnitTest) and problem.reference is not None
    name = problem.source_id
    return Job(name, problem.reference, problem.context, None, problem.tests, LIMITS, calibrate=True)


def put_wrong(job: Job, judged: Judged) -> list[Job]:
    """Return the jobs of wrong programs for the problem of a reference that passed."""
    if judged.calibration is None:
        return []
    isolation = judged.calibration.isolation
    judged_job = replace(job, calibrate=False, isolation=isolation, normal=judged.calibration)
    return [replace(judged_job, job_id=f"{job.job_id} {name}", code=code) for name, code in WRONG.items()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--library", action="append", choices=LIBRARIES, default=[])
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    began = time.monotonic()
    libraries = read_libraries(arguments.rows)
    source = FormSource(kind="form", form="ds1000", path=str(arguments.rows), benchmark=True)
    chosen_libraries = arguments.library or LIBRARIES
    records = (record for _, record in read_form(source))
    jobs = {
        record.source_id: new_job(record)
        for record in records
        if isinstance(record, Problem) and libraries[record.source_id] in chosen_libraries
    }
    verdicts: Counter[str] = Counter()
    faults: list[str] = []
    wrong: list[Job] = []
    sandbox = open_sandbox(SandboxSettings(jobs=arguments.jobs, packages=arguments.packages, preload=PRELOAD))
    try:
        for judged in sandbox.judge(jobs.values()):
            verdicts[f"{libraries[judged.job_id]}: reference {judged.verdict}, {judged.isolation}"] += 1
            if judged.verdict != "passed":
                faults.append(f"{judged.job_id}: reference {judged.verdict}: {judged.feedback[-300:]}")
            wrong += put_wrong(jobs[judged.job_id], judged)
        for judged in sandbox.judge(wrong):
            verdicts[f"wrong: {judged.verdict}"] += 1
            if judged.verdict in ("passed", "infra"):
                faults.append(f"{judged.job_id}: {judged.verdict}")
    finally:
        sandbox.close()
    report = {
        "problems": len(jobs), "wrong_programs": len(wrong), "verdicts": dict(sorted(verdicts.items())),
        "faults": faults, "wall_s": round(time.monotonic() - began, 1),
    }  # fmt: skip
    print(json.dumps(report))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
