"""`patchmill audit`: a wrong verdict is exit 1, and is printed in full."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import typer

from cli.audit import audit_sandbox
from judge.attacks import ATTACKS
from judge.protocol import Job, Judged
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from tests.cli.conftest import RunCommand


class AuditedSandbox:
    """A sandbox that gives every attack its expected verdict, and the attacks named in `wrong` another one."""

    backend = "recorded"

    def __init__(self, *wrong: str) -> None:
        self.wrong = wrong
        self.attacks = {(attack.code, attack.tests.model_dump_json()): attack for attack in ATTACKS}

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        for job in jobs:
            attack = self.attacks[job.code, job.tests.model_dump_json()]
            verdict = "infra" if attack.name in self.wrong else attack.expected[0]
            flags = (attack.flag,) if attack.flag else ()
            yield Judged(job.job_id, verdict, (), flags, feedback="\udfff", cpu_ms=attack.least_cpu_ms)

    def close(self) -> None:
        pass


def test_right_verdicts_are_a_table_by_class(capsys: pytest.CaptureFixture[str]) -> None:
    audit_sandbox(AuditedSandbox(), 2, None, "here", as_json=False)
    output = capsys.readouterr().out
    assert all(attack.group in output for attack in ATTACKS)
    assert str(len(ATTACKS)) in output and "WRONG" not in output


def test_a_wrong_verdict_is_printed_in_full_and_is_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as end:
        audit_sandbox(AuditedSandbox("fork bomb"), 2, None, "here", as_json=False)
    output = capsys.readouterr().out
    assert end.value.exit_code == 1
    assert "WRONG: fork bomb" in output and "got: infra" in output and "os.fork()" in output


def test_the_lake_holds_one_row_for_each_judge_and_attack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = tmp_path / "lake"
    with pytest.raises(typer.Exit):
        audit_sandbox(AuditedSandbox("fork bomb"), 2, lake, "here", as_json=True)
    assert sum(not row["ok"] for row in json.loads(capsys.readouterr().out)) == 1
    audit_sandbox(AuditedSandbox(), 2, lake, "here", as_json=True)
    with Catalog(Lake(LakeSettings(path=str(lake)))) as catalog:
        [row] = catalog.rows("select count(*) as n, bool_and(ok) as ok, count(distinct audit_id) as ids from audits")
    assert row == {"n": len(ATTACKS), "ok": True, "ids": len(ATTACKS)}


def test_an_unknown_backend_is_one_line(run_command: RunCommand) -> None:
    result = run_command("audit", "--backend", "chroot")
    assert result.exit_code == 2 and "--backend" in result.message and "chroot" in result.message
