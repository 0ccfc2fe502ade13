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


def audit_sandbox(sandbox: Sandbox, jobs: int, lake: Path | None, where: str, as_json: bool) -> None:
    """Run the audit in one sandbox and print the verdicts.

    Args:
        sandbox: an open sandbox.
        jobs: programs that run at the same time.
        lake: where the rows are written to as well; created where it does not exist.
        where: the environment that the rows name.
        as_json: print every row instead of a table by class of attack.

    Raises:
        typer.Exit: with code 1, where a verdict is wrong.
    """
    with stderr.status("auditing ..."):
        rows = list(audit(sandbox, at_once=jobs))
    if lake is not None:
        audited_lake = Lake(LakeSettings(path=str(lake)))
        assert audited_lake.buckets  # reading them creates the lake
        audited_lake.upsert(AUDITS, [audit_row(row, where, datetime.now(UTC)) for row in rows])
    wrong_rows = [row for row in rows if not row.ok]
    if as_json:
        print_json([_printed_columns(row, where) for row in rows])
    else:
        print_table(_class_rows(rows), title=f"Audit of {sandbox.backend}, judge {rows[0].judge_version}")
        for row in wrong_rows:
            _print_wrong(row, where)
    if wrong_rows:
        raise typer.Exit(1)


def _print_wrong(row: AttackResult, where: str) -> None:
    """Print everything known about an attack that got a wrong verdict."""
    fields = {**_printed_columns(row, where), "feedback": row.feedback, "program": row.attack.code[:LONGEST_PROGRAM]}
    stdout.print(f"\nWRONG: {row.attack.name}", style="bold red", markup=False)
    for name, value in fields.items():
        stdout.print(escape_surrogates(f"{name}: {value}"), markup=False, soft_wrap=True)


def _class_rows(rows: Sequence[AttackResult]) -> list[dict[str, object]]:
    """Return a row for each class of attack, and one for all of them."""
    groups = dict.fromkeys(row.group for row in rows)
    return [_class_row(group, [row for row in rows if row.group == group]) for group in groups] + [
        {**_class_row("all", rows), "verdicts": ""}
    ]


def _class_row(group: str, rows: Sequence[AttackResult]) -> dict[str, object]:
    right = sum(row.ok for row in rows)
    verdicts = Counter(row.verdict for row in rows).most_common()
    return {
        "class": group,
        "programs": len(rows),
        "right": right,
        "wrong": len(rows) - right,
        "verdicts": ", ".join(f"{verdict} {count}" for verdict, count in verdicts),
    }


def _printed_columns(row: AttackResult, where: str) -> dict[str, object]:
    return {name: value for name, value in audit_row(row, where, datetime.now(UTC)).items() if name not in LAKE_COLUMNS}
