"""`patchmill judge`: judge programs from files, without a lake or a model."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from cli import verdict_changes
from cli.judge_files import read_pairs, write_verdict
from cli.options import JsonOption, LakeOption, parse_overrides, stderr
from judge.calibration import Calibration
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Untested
from judge.protocol import Job, Judged, Limits, Sandbox
from storage.errors import ConfigError
from storage.files import atomic_write
from storage.settings import explain_validation, set_by_dotted_name
from tasks.reading.problem import Problem


def command(
    problems: Annotated[Path | None, typer.Argument(help="Problem lines (JSONL).")] = None,
    solutions: Annotated[
        Path | None,
        typer.Argument(help="Solution lines (JSONL): id, source_id, code, and source where a source_id is ambiguous."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write verdict lines to this file.")] = None,
    backend: Annotated[str, typer.Option(help="auto, docker or bubblewrap.")] = "auto",
    jobs: Annotated[int | None, typer.Option(min=1, help="Programs at one time; default: two per core.")] = None,
    reruns: Annotated[int, typer.Option(min=0, help="Extra runs of each program that passes, to find flaky ones.")] = 0,
    packages: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Packages for programs and tests: a virtual environment, or `pip --target`."),
    ] = None,
    preload: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Import this module once for all programs. Repeatable.")
    ] = None,
    references: Annotated[
        bool,
        typer.Option(help="Judge each problem's reference first: it shows how the problem's programs are judged."),
    ] = True,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any setting of the sandbox: limits.cpu_s=2. Repeatable."),
    ] = None,
    since: Annotated[
        int | None,
        typer.Option(
            metavar="VERSION", help="Instead: show verdicts of a lake that changed since this version of the judge."
        ),
    ] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print one verdict line per solution, in the order of the input; with --since, print changed verdicts."""
    if since is not None:
        if problems is not None:
            raise ConfigError("--since reads a lake (--lake PATH), and takes no problems or solutions")
        verdict_changes.print_changes(lake, since, as_json)
        return
    if problems is None or solutions is None:
        raise ConfigError("judge: expected two files, PROBLEMS and SOLUTIONS, or --since VERSION --lake PATH")
    options: dict[str, object] = {
        "backend": backend,
        "jobs": jobs,
        "reruns": reruns,
        "packages": packages,
        "preload": preload or (),
    }
    settings = build_settings(options, sets)
    pairs = read_pairs(problems, solutions, _warn)
    sandbox = open_sandbox(settings)
    try:
        calibrations = _calibrate(sandbox, [problem for _, problem in pairs], settings.limits) if references else {}
        work = []
        for number, (solution, problem) in enumerate(pairs):
            job = _new_job(str(number), solution.code, problem, settings.limits)
            calibration = calibrations.get(id(problem))
            work.append(job.calibrated_by(calibration) if calibration else job)
        verdicts = _in_order(sandbox.judge(work))
        lines = (write_verdict(pairs[int(verdict.job_id)][0], verdict) for verdict in verdicts)
        if out is None:
            sys.stdout.writelines(lines)
        else:
            with atomic_write(out) as path, path.open("w", encoding="utf-8") as file:
                file.writelines(lines)
            stderr.print(f"{len(work)} verdicts -> {out}", markup=False)
    finally:
        sandbox.close()


def _warn(line: str) -> None:
    stderr.print(line, markup=False, soft_wrap=True)


def _new_job(job_id: str, code: str, problem: Problem, limits: Limits) -> Job:
    assert not isinstance(problem.tests, Untested)  # no file holds such a problem
    return Job(job_id, code, problem.context, problem.entry_point, problem.tests, limits)


def _calibrate(sandbox: Sandbox, problems: Iterable[Problem], limits: Limits) -> dict[int, Calibration]:
    """Judge the references of these problems; return what each shows, by the id() of its problem."""
    by_number = {
        str(number): problem
        for number, problem in enumerate({id(problem): problem for problem in problems}.values())
        if problem.reference and problem.tests.kind != "stdio"
    }
    jobs = [
        replace(_new_job(number, problem.reference or "", problem, limits), calibrate=True)
        for number, problem in by_number.items()
    ]
    calibrations = {}
    for judged in sandbox.judge(jobs):
        problem = by_number[judged.job_id]
        if judged.calibration is not None:
            calibrations[id(problem)] = judged.calibration
        else:
            first = (judged.feedback.splitlines() or [""])[-1]
            _warn(f"{problem.source_id}: its reference gets {judged.verdict}, and is left out of account: {first}")
    return calibrations


def build_settings(options: dict[str, object], sets: list[str] | None) -> SandboxSettings:
    """Return the sandbox's settings: values of options by name, with those of --set laid over them.

    Raises:
        ConfigError: a value is wrong, or there is no such setting.
    """
    for name, value in parse_overrides(sets, "limits.cpu_s=2").items():
        set_by_dotted_name(options, name, value)
    try:
        return SandboxSettings.model_validate(options)
    except ValidationError as error:
        raise ConfigError(f"--{explain_validation(error, SandboxSettings)}") from None


def _in_order(verdicts: Iterable[Judged]) -> Iterator[Judged]:
    """Yield verdicts in the order of their jobs, each as soon as all earlier ones are there."""
    waiting: dict[int, Judged] = {}
    following = 0
    for verdict in verdicts:
        waiting[int(verdict.job_id)] = verdict
        while following in waiting:
            yield waiting.pop(following)
            following += 1
