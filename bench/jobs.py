"""Programs with a known verdict, made from the shipped problems, the same for every judge that is measured."""

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
    """A function, and calls of it with what they return; all plain literals, so that every judge can be asked."""

    entry: str
    reference: str
    calls: tuple[tuple[tuple[Any, ...], Any], ...]

    @property
    def asserts(self) -> tuple[str, ...]:
        """The calls as assert statements."""
        return tuple(f"assert {self.entry}({', '.join(map(repr, args))}) == {want!r}" for args, want in self.calls)


@dataclass(frozen=True)
class Job:
    """One program to judge; it is right if `kind` is pass."""

    job_id: str
    kind: Kind
    code: str
    task: Task

    def as_json(self) -> dict[str, Any]:
        """What a peer's runner is given; `calls` is a literal, since JSON has no tuples."""
        return {
            "id": self.job_id, "code": self.code, "entry": self.task.entry, "setup": "",
            "asserts": self.task.asserts, "calls": repr(self.task.calls),
        }  # fmt: skip


def calls(asserts: list[ast.stmt], entry: str) -> tuple[tuple[tuple[Any, ...], Any], ...]:
    """Those of the form `assert entry(literals) == literal`, as arguments and expected value."""
    found = []
    for statement in asserts:
        match statement:
            case ast.Assert(
                test=ast.Compare(
                    left=ast.Call(func=ast.Name(id=name), args=args, keywords=[]), ops=[ast.Eq()], comparators=[want]
                )
            ) if name == entry:
                try:
                    found.append((tuple(ast.literal_eval(arg) for arg in args), ast.literal_eval(want)))
                except ValueError:
                    continue
    return tuple(found)


def _task(problem: Problem) -> Task | None:
    """None where it is no single function, calls itself (a wrapper would change it), or has too few plain calls."""
    entry, code = problem.entry_point, problem.reference
    if entry is None or code is None:
        return None
    tree = ast.parse(code)
    if sum(isinstance(node, ast.Name) and node.id == entry for node in ast.walk(tree)):
        return None
    match problem.tests:
        case Asserts(setup="", asserts=texts):
            found = calls([ast.parse(text).body[0] for text in texts], entry)
        case Check(code=text):
            found = calls([part for part in ast.walk(ast.parse(text)) if isinstance(part, ast.Assert)], "candidate")
        case _:
            return None
    return Task(entry, f"{problem.context}\n{code}", found[:TESTS]) if len(found) >= TESTS else None


def tasks() -> list[Task]:
    """Every shipped problem that can be asked of every judge."""
    lines = (line for path in sorted(PROBLEMS.glob("*.jsonl")) for line in path.read_text().splitlines())
    found = [_task(Problem.model_validate(json.loads(line))) for line in lines]
    return [task for task in found if task is not None]


def _program(task: Task, kind: Kind, number: int) -> str:
    if kind == "pass":
        return f"{task.reference}\n# {number}\n"
    if kind == "loop":
        return f"def {task.entry}(*args):\n    while True:\n        pass\n# {number}\n"
    bodies, right = (_WRONG if kind == "wrong" else _ERROR), f"right_{task.entry}"
    body = bodies[number % len(bodies)].format(right=right, last=repr(task.calls[-1][0]))
    return f"{task.reference}\n{right} = {task.entry}\ndef {task.entry}(*args):\n    {body}\n# {number}\n"


def mixed(count: int, seed: int = 1) -> tuple[list[Job], list[Job]]:
    """`count` jobs in blocks of 20 with 14 right, 4 wrong, 1 that raises, 1 endless; the endless ones apart.

    No two programs are the same text. The first of both lists are a fair sample of the whole.
    """
    dice, found = random.Random(seed), tasks()
    made: list[Job] = []
    for number, (kind, task) in enumerate(zip(_kinds(dice), _cycle(found, dice), strict=False)):
        if number == count:
            break
        made.append(Job(f"job-{number}", kind, _program(task, kind, number), task))
    return [job for job in made if job.kind != "loop"], [job for job in made if job.kind == "loop"]


def _kinds(dice: random.Random) -> Iterator[Kind]:
    while True:
        yield from dice.sample(BLOCK, len(BLOCK))


def _cycle(found: list[Task], dice: random.Random) -> Iterator[Task]:
    while True:
        yield from dice.sample(found, len(found))
