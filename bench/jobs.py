"""Make programs of known verdicts from the shipped problems; every judge under measurement gets the same ones."""

import ast
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from judge.problems import Asserts, Check
from tasks.reading.problem import Problem

PROBLEMS = Path(__file__).parents[1] / "configs/problems"
TESTS = 3
Kind = Literal["pass", "wrong", "error", "loop"]
BLOCK: tuple[Kind, ...] = ("pass",) * 14 + ("wrong",) * 4 + ("error", "loop")  # 70, 20, 5 and 5 %
_WRONG = (
    "return 'wrong'",
    "return [{right}(*args)]",
    "return 'wrong' if repr(args) == {last!r} else {right}(*args)",
)
_ERROR = ("raise ValueError('broken')", "return {right}(*args) and no_such_name")


@dataclass(frozen=True)
class Task:
    """A function with calls and their results, all plain literals, which every judge can take."""

    entry: str
    reference: str
    calls: tuple[tuple[tuple[Any, ...], Any], ...]

    @property
    def asserts(self) -> tuple[str, ...]:
        """The calls as assert statements."""
        return tuple(f"assert {self.entry}({', '.join(map(repr, args))}) == {want!r}" for args, want in self.calls)


@dataclass(frozen=True)
class LabelledProgram:
    """A program to judge; it is right if `kind` is pass."""

    job_id: str
    kind: Kind
    code: str
    task: Task

    def as_json(self) -> dict[str, Any]:
        """Return the program as runners take it; `calls` is a Python literal, since JSON has no tuples."""
        return {
            "id": self.job_id, "code": self.code, "entry": self.task.entry, "setup": "",
            "asserts": self.task.asserts, "calls": repr(self.task.calls),
        }  # fmt: skip


def parse_calls(asserts: list[ast.stmt], entry: str) -> tuple[tuple[tuple[Any, ...], Any], ...]:
    """Return the arguments and expected values of statements `assert entry(literals) == literal`; skip all others."""
    calls = []
    for statement in asserts:
        match statement:
            case ast.Assert(
                test=ast.Compare(
                    left=ast.Call(func=ast.Name(id=name), args=args, keywords=[]), ops=[ast.Eq()], comparators=[want]
                )
            ) if name == entry:
                try:
                    calls.append((tuple(ast.literal_eval(arg) for arg in args), ast.literal_eval(want)))
                except ValueError:
                    continue
    return tuple(calls)


def _make_task(problem: Problem) -> Task | None:
    """Return the task of a problem; None for a recursive function, which a wrapper would change, or too few calls."""
    entry, code = problem.entry_point, problem.reference
    if entry is None or code is None:
        return None
    tree = ast.parse(code)
    if sum(isinstance(node, ast.Name) and node.id == entry for node in ast.walk(tree)):
        return None
    match problem.tests:
        case Asserts(setup="", asserts=texts):
            calls = parse_calls([ast.parse(text).body[0] for text in texts], entry)
        case Check(code=text):
            calls = parse_calls(
                [part for part in ast.walk(ast.parse(text)) if isinstance(part, ast.Assert)], "candidate"
            )
        case _:
            return None
    return Task(entry, f"{problem.context}\n{code}", calls[:TESTS]) if len(calls) >= TESTS else None


def load_tasks() -> list[Task]:
    """Return the task of every shipped problem that every judge can take."""
    lines = (line for path in sorted(PROBLEMS.glob("*.jsonl")) for line in path.read_text().splitlines())
    tasks = [_make_task(Problem.model_validate(json.loads(line))) for line in lines]
    return [task for task in tasks if task is not None]


def _write_program(task: Task, kind: Kind, number: int) -> str:
    if kind == "pass":
        return f"{task.reference}\n# {number}\n"
    if kind == "loop":
        return f"def {task.entry}(*args):\n    while True:\n        pass\n# {number}\n"
    bodies, right = (_WRONG if kind == "wrong" else _ERROR), f"right_{task.entry}"
    body = bodies[number % len(bodies)].format(right=right, last=repr(task.calls[-1][0]))
    return f"{task.reference}\n{right} = {task.entry}\ndef {task.entry}(*args):\n    {body}\n# {number}\n"


def make_programs(count: int, seed: int = 1) -> tuple[list[LabelledProgram], list[LabelledProgram]]:
    """Return `count` programs in blocks of 20 (14 right, 4 wrong, 1 that raises, 1 endless), the endless ones apart.

    No two programs have the same text. The first programs of either list are a fair sample of it.
    """
    dice, tasks = random.Random(seed), load_tasks()
    programs: list[LabelledProgram] = []
    for number, (kind, task) in enumerate(zip(_draw_kinds(dice), _cycle_tasks(tasks, dice), strict=False)):
        if number == count:
            break
        programs.append(LabelledProgram(f"job-{number}", kind, _write_program(task, kind, number), task))
    return [p for p in programs if p.kind != "loop"], [p for p in programs if p.kind == "loop"]


def _draw_kinds(dice: random.Random) -> Iterator[Kind]:
    while True:
        yield from dice.sample(BLOCK, len(BLOCK))


def _cycle_tasks(tasks: list[Task], dice: random.Random) -> Iterator[Task]:
    while True:
        yield from dice.sample(tasks, len(tasks))
