"""`patchmill show`: one attempt with everything that led to it."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax

from cli.options import JsonOption, LakeOption, open_lake, print_json, stdout
from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings

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
LEARNT = {"completion": "learnt", "chosen": "chosen", "rejected": "rejected"}
_COLOURS = {"passed": "green", "infra": "magenta"}


def command(
    attempt: Annotated[str, typer.Argument(help="An attempt_id, or the beginning of one.")],
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an attempt with its lineage: problem, program, verdict, diagnosis, repair."""
    with Catalog(open_lake(lake)) as catalog:
        steps = catalog.rows(_LINEAGE, id=attempt)
        if not steps or not attempt:
            raise ConfigError(
                f"{attempt or '(empty)'}: no attempt_id begins so; `patchmill sql` finds them in the table attempts"
            )
        if len({step["attempt_id"] for step in steps if step["attempt_id"].startswith(attempt)}) > 1:
            raise ConfigError(f"{attempt}: more than one attempt_id begins so; give more digits")
        problem = catalog.rows(_PROBLEM, id=steps[0]["problem_id"])[0]
    print_json({"problem": problem, "steps": steps}) if as_json else _print(problem, steps)


ORDER = {
    "debugging_sft": "case form when 'explain_repair' then 0 when 'repair' then 1 else 2 end, example_id",
    "preference_correctness": "gap desc, example_id",
}


def print_example(lake: str, data_set: str) -> None:
    """One example of a data set in full: a repair with an explanation where there is one, or the widest pair."""
    with Catalog(Lake(LakeSettings(path=lake))) as catalog:
        rows = catalog.rows(f"select * from {data_set} order by {ORDER[data_set]} limit 1")  # noqa: S608 our own text
    if not rows:
        stdout.print(f"\nNo example in {data_set} yet; the table drops says why.")
        return
    example = rows[0]
    where = f"{data_set}, {example['source']} {example['source_id']}, {example['example_id']}"
    stdout.print(f"\n[bold]One example[/bold] ({escape(where)})")
    turns = [(turn, "no loss") for turn in example["prompt"]]
    turns += [(turn, how) for name, how in LEARNT.items() for turn in example.get(name, ())]
    for turn, how in turns:
        stdout.print(
            Panel(
                Syntax(turn["content"], "markdown", word_wrap=True, background_color="default"),
                title=f"{turn['role']} ({how})",
                title_align="left",
            )
        )


def _print(problem: dict[str, Any], steps: list[dict[str, Any]]) -> None:
    title = f"{problem['source']} {problem['source_id']} ({problem['licence']})"
    stdout.print(Panel(escape(problem["prompt"]), title=escape(title), title_align="left"))
    for step in steps:
        if step["explanation"]:
            stdout.print(
                Panel(escape(step["explanation"]), title="diagnosis", title_align="left", border_style="yellow")
            )
        colour = _COLOURS.get(step["verdict"] or "", "red")
        head = f"{step['kind']} round {step['round']} by {step['model']} ({step['template']}) {step['attempt_id']}"
        body = (
            step["code"]
            if step["code"] is not None
            else f"(no program: {step['no_code_reason']})\n{step['completion']}"
        )
        stdout.print(
            Panel(
                Syntax(body, "python", word_wrap=True, background_color="default"),
                title=escape(head),
                title_align="left",
                border_style=colour,
            )
        )
        if step["verdict"]:
            stdout.print(
                f"[{colour}]{step['verdict']}[/{colour}] {step['passed_tests']}/{step['total_tests']} tests, "
                f"{step['cpu_ms']:.0f} CPU-ms, {step['peak_mib']:.0f} MiB"
            )
            if step["feedback"]:
                stdout.print(escape(step["feedback"]))
