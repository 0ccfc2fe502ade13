"""`patchmill show`: print one attempt with everything that led to it."""

from collections.abc import Sequence
from typing import Annotated, TypedDict, cast

import typer
from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax

from cli.options import JsonOption, LakeOption, open_lake, print_json, stdout
from dashboards.verdicts import verdict_words
from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings
from storage.rows import MessageCell

_LINEAGE = """
with recursive up as (
    select *, 0 as depth from attempts where starts_with(attempt_id, $id)
    union all
    select a.*, u.depth + 1 from attempts as a join up as u on a.attempt_id = u.parent_attempt_id
)
select u.attempt_id, u.kind, u.round, u.model, u.template, u.code, u.no_code_reason, u.completion, u.problem_id,
       v.verdict, v.feedback, v.cpu_ms, v.peak_mib, v.passed_tests, v.total_tests, d.explanation
from up as u
left join verdicts as v using (attempt_id)
left join diagnoses as d on d.diagnosis_id = u.diagnosis_id
order by u.depth desc
"""
_PROBLEM = "select source, source_id, prompt, licence, tests from problems where problem_id = $id"
_ORDER = {
    "debugging_sft": "case form when 'explain_repair' then 0 when 'repair' then 1 else 2 end, example_id",
    "preference_correctness": "gap desc, example_id",
}
"""By dataset, the order in which the most telling example comes first: with an explanation, or of the widest gap."""
_ANSWERS = {"completion": "loss", "chosen": "chosen", "rejected": "rejected"}
"""Columns of turns that follow the prompt, with the note that each is printed with."""
_BORDERS = {"passed": "green", "infra": "magenta"}


class LineageStep(TypedDict):
    """One attempt of a lineage with its newest verdict, and the explanation that it was written by."""

    attempt_id: str
    kind: str
    round: int
    model: str
    template: str
    code: str | None
    no_code_reason: str | None
    completion: str
    problem_id: str
    verdict: str | None
    feedback: str | None
    cpu_ms: float | None
    peak_mib: float | None
    passed_tests: int | None
    total_tests: int | None
    explanation: str | None


def command(
    attempt: Annotated[str, typer.Argument(help="An attempt_id, or its first digits.")],
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an attempt with its lineage: problem, program, verdict, diagnosis, repair."""
    with Catalog(open_lake(lake)) as catalog:
        steps = cast(list[LineageStep], catalog.rows(_LINEAGE, id=attempt))
        if not steps or not attempt:
            raise ConfigError(
                f"{attempt or '(empty)'}: no attempt_id begins so; `patchmill sql` finds them in the table attempts"
            )
        if len({step["attempt_id"] for step in steps if step["attempt_id"].startswith(attempt)}) > 1:
            raise ConfigError(f"{attempt}: more than one attempt_id begins so; give more digits")
        problem = catalog.rows(_PROBLEM, id=steps[0]["problem_id"])[0]
    if as_json:
        print_json({"problem": problem, "steps": steps})
        return
    title = f"{problem['source']} {problem['source_id']} ({problem['licence']})"
    _print_panel(problem["prompt"], title)
    for step in steps:
        _print_step(step)


def print_example(lake: str, dataset: str) -> None:
    """Print the most telling example of a dataset in full."""
    with Catalog(Lake(LakeSettings(path=lake))) as catalog:
        rows = catalog.rows(f"select * from {dataset} order by {_ORDER[dataset]} limit 1")  # noqa: S608 our own text
    if not rows:
        stdout.print(f"\nNo example in {dataset} yet; the table drops says why.")
        return
    [example] = rows
    place = f"{dataset}, {example['source']} {example['source_id']}, {example['example_id']}"
    stdout.print(f"\n[bold]One example[/bold] ({escape(place)})")
    _print_turns(example["prompt"], "no loss")
    for column, note in _ANSWERS.items():
        _print_turns(example.get(column, ()), note)


def _print_turns(turns: Sequence[MessageCell], note: str) -> None:
    for turn in turns:
        _print_panel(_highlighted(turn["content"], "markdown"), f"{turn['role']} ({note})")


def _print_step(step: LineageStep) -> None:
    if step["explanation"]:
        _print_panel(step["explanation"], "diagnosis", "yellow")
    colour = _BORDERS.get(step["verdict"] or "", "red")
    title = f"{step['kind']} round {step['round']} by {step['model']} ({step['template']}) {step['attempt_id']}"
    text = step["code"]
    if text is None:
        text = f"(no program: {step['no_code_reason']})\n{step['completion']}"
    _print_panel(_highlighted(text, "python"), title, colour)
    if step["verdict"]:
        tests = f"{step['passed_tests']}/{step['total_tests']} tests"
        cost = f"{step['cpu_ms']:.0f} CPU-ms, {step['peak_mib']:.0f} MiB"
        stdout.print(f"[{colour}]{verdict_words(step['verdict'])}[/{colour}] {tests}, {cost}")
        if step["feedback"]:
            stdout.print(step["feedback"], markup=False)


def _highlighted(text: str, language: str) -> Syntax:
    return Syntax(text, language, word_wrap=True, background_color="default")


def _print_panel(body: str | Syntax, title: str, border: str = "none") -> None:
    content = escape(body) if isinstance(body, str) else body
    stdout.print(Panel(content, title=escape(title), title_align="left", border_style=border))
