"""`patchmill audit`: attack the judge's sandbox on this machine."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.options import JsonOption, print_json, print_table, stderr, stdout
from judge.audit import AttackResult, audit
from judge.factory import SandboxSettings, open_sandbox
from judge.protocol import Sandbox
from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings
from storage.rows import AuditRow
from storage.settings import explain_validation
from storage.tables import AUDITS
from tasks.audit.rows import audit_row, describe_environment, escape_surrogates

LAKE_COLUMNS = ("audit_id", "bucket", "environment", "feedback", "created_at")
"""Columns of the table audits that are not printed."""
LONGEST_PROGRAM = 4000


def command(
    backend: Annotated[str, typer.Option(help="Sandbox to attack; auto takes the first one that works.")] = "auto",
    jobs: Annotated[int, typer.Option(min=1, help="Programs that run at the same time.")] = 2,
    lake: Annotated[Path | None, typer.Option("--lake", help="Also write the rows to this lake.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Run programs that lie, escape or exhaust the machine, and honest ones. Exit 1 on any wrong verdict."""
    try:
        settings = SandboxSettings.model_validate({"backend": backend, "jobs": jobs})
    except ValidationError as error:
        raise ConfigError(f"--{explain_validation(error, SandboxSettings)}") from None
    sandbox = open_sandbox(settings)
    try:
        audit_sandbox(sandbox, jobs, lake, describe_environment(settings), as_json)
    finally:
        sandbox.close()


def audit_sandbox(sandbox: Sandbox, jobs: int, lake: Path | None, environment: str, as_json: bool) -> None:
    """Run the audit in one sandbox and print the verdicts.

    Args:
        sandbox: an open sandbox.
        jobs: programs that run at the same time.
        lake: where the rows are written to as well; created where it does not exist.
        environment: the description of the sandbox that rows carry.
        as_json: print every row instead of a table by class of attack.

    Raises:
        typer.Exit: with code 1, where a verdict is wrong.
    """
    with stderr.status("auditing ..."):
        results = list(audit(sandbox, at_once=jobs))
    audited_at = datetime.now(UTC)
    rows = [audit_row(result, environment, audited_at) for result in results]
    if lake is not None:
        audited_lake = Lake(LakeSettings(path=str(lake)))
        assert audited_lake.buckets  # reading them creates the lake
        audited_lake.upsert(AUDITS, rows)
    if as_json:
        print_json([_printed_columns(row) for row in rows])
    else:
        print_table(_class_rows(results), title=f"Audit of {sandbox.backend}, judge {results[0].judge_version}")
        for result, row in zip(results, rows, strict=True):
            if not result.ok:
                _print_wrong(result, row)
    if not all(result.ok for result in results):
        raise typer.Exit(1)


def _print_wrong(result: AttackResult, row: AuditRow) -> None:
    """Print an attack that got a wrong verdict, with its program and feedback."""
    program = result.attack.code[:LONGEST_PROGRAM]
    fields = {**_printed_columns(row), "feedback": result.feedback, "program": program}
    stdout.print(f"\nWRONG: {result.attack.name}", style="bold red", markup=False)
    for name, value in fields.items():
        stdout.print(escape_surrogates(f"{name}: {value}"), markup=False, soft_wrap=True)


def _class_rows(results: Sequence[AttackResult]) -> list[dict[str, object]]:
    """Return a row for each class of attack, then a row for all classes."""
    by_class: dict[str, list[AttackResult]] = {}
    for result in results:
        by_class.setdefault(result.group, []).append(result)
    return [*(_class_row(*item) for item in by_class.items()), {**_class_row("all", results), "verdicts": ""}]


def _class_row(name: str, results: Sequence[AttackResult]) -> dict[str, object]:
    right = sum(result.ok for result in results)
    verdicts = Counter(result.verdict for result in results).most_common()
    return {
        "class": name,
        "programs": len(results),
        "right": right,
        "wrong": len(results) - right,
        "verdicts": ", ".join(f"{verdict} {count}" for verdict, count in verdicts),
    }


def _printed_columns(row: AuditRow) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in LAKE_COLUMNS}
