"""`patchmill audit`: try to break the judge on this machine."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from cli.options import JsonOption, print_json, print_table, stdout, stderr
from judge.audit import AuditRow, audit
from judge.factory import SandboxSettings, open_sandbox
from judge.protocol import Sandbox
from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings
from storage.settings import explain
from storage.tables import AUDITS
from tasks.audit.rows import clean, environment, kept

UNTOLD = ("audit_id", "bucket", "environment", "feedback", "created_at")


def command(
    backend: Annotated[str, typer.Option(help="Which sandbox to try; auto takes the first that works.")] = "auto",
    jobs: Annotated[int, typer.Option(min=1, help="Programs at one time.")] = 2,
    lake: Annotated[Path | None, typer.Option("--lake", help="Also keep the rows in this lake.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Run programs that lie, break out or eat the machine, and honest ones. Exit 1 on any wrong verdict."""
    try:
        settings = SandboxSettings.model_validate({"backend": backend, "jobs": jobs})
    except ValidationError as error:
        raise ConfigError(f"--{explain(error, SandboxSettings)}") from None
    sandbox = open_sandbox(settings)
    try:
        run(sandbox, jobs, lake, environment(settings), as_json)
    finally:
        sandbox.close()


def run(sandbox: Sandbox, jobs: int, lake: Path | None, where: str, as_json: bool) -> None:
    """Audit one sandbox and tell; raises typer.Exit(1) where it is wrong."""
    with stderr.status("auditing ..."):
        rows = list(audit(sandbox, at_once=jobs))
    if lake is not None:
        opened = Lake(LakeSettings(path=str(lake)))
        assert opened.buckets  # makes the lake where there is none
        opened.upsert(AUDITS, [kept(row, where) for row in rows])
    wrong = [row for row in rows if not row.ok]
    if as_json:
        print_json([_told(row, where) for row in rows])
    else:
        print_table(_classes(rows), title=f"Audit of {sandbox.backend}, judge {rows[0].judge_version}")
        for row in wrong:
            fields = {**_told(row, where), "feedback": row.feedback, "program": row.attack.code[:4000]}
            stdout.print(f"\nWRONG: {row.attack.name}", style="bold red", markup=False)
            for name, value in fields.items():
                stdout.print(clean(f"{name}: {value}"), markup=False, soft_wrap=True)
    if wrong:
        raise typer.Exit(1)


def _classes(rows: Iterable[AuditRow]) -> list[dict[str, Any]]:
    rows = list(rows)
    total, right = Counter(row.group for row in rows), Counter(row.group for row in rows if row.ok)
    verdicts = {group: Counter(row.got for row in rows if row.group == group) for group in total}
    table: list[dict[str, Any]] = [
        {
            "class": group,
            "programs": total[group],
            "right": right[group],
            "wrong": total[group] - right[group],
            "verdicts": ", ".join(f"{verdict} {n}" for verdict, n in verdicts[group].most_common()),
        }
        for group in total
    ]
    n, ok = len(rows), right.total()
    return [*table, {"class": "all", "programs": n, "right": ok, "wrong": n - ok, "verdicts": ""}]


def _told(row: AuditRow, where: str) -> dict[str, Any]:
    """The row as the lake keeps it, but for what only the lake needs."""
    return {name: value for name, value in kept(row, where).items() if name not in UNTOLD}
