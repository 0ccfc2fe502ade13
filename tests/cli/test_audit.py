"""The audit's command: a wrong verdict is exit 1, and is told in full."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import typer

from cli.audit import run
from judge.attacks import ATTACKS
from judge.protocol import Job, Judged
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings


class Recorded:
    """A sandbox that answers what the table expects, but for the programs that it is told to get wrong."""

    backend = "recorded"

    def __init__(self, *wrong: str) -> None:
        self.wrong = wrong
        self.table = {(attack.code, attack.tests.model_dump_json()): attack for attack in ATTACKS}

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        for job in jobs:
            attack = self.table[job.code, job.tests.model_dump_json()]
            verdict = "infra" if attack.name in self.wrong else attack.expected[0]
            flags = (attack.flag,) if attack.flag else ()
            yield Judged(job.job_id, verdict, (), flags, feedback="\udfff", cpu_ms=attack.least_cpu_ms)

    def close(self) -> None:
        pass


def test_a_right_sandbox_is_a_table_by_class(capsys: pytest.CaptureFixture[str]) -> None:
    run(Recorded(), 2, None, "here", as_json=False)
    told = capsys.readouterr().out
    assert "eats the machine" in told and str(len(ATTACKS)) in told and "WRONG" not in told


def test_a_wrong_verdict_is_told_in_full_and_is_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        run(Recorded("fork bomb"), 2, None, "here", as_json=False)
    told = capsys.readouterr().out
    assert ended.value.exit_code == 1
    assert "WRONG: fork bomb" in told and "got: infra" in told and "os.fork()" in told


def test_rows_are_kept_once_for_each_judge_and_attack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = tmp_path / "lake"
    with pytest.raises(typer.Exit):
        run(Recorded("fork bomb"), 2, lake, "here", as_json=True)
    assert sum(not row["ok"] for row in json.loads(capsys.readouterr().out)) == 1
    run(Recorded(), 2, lake, "here", as_json=True)
    with Catalog(Lake(LakeSettings(path=str(lake)))) as catalog:
        (row,) = catalog.rows("select count(*) as n, bool_and(ok) as ok, count(distinct audit_id) as ids from audits")
    assert row == {"n": len(ATTACKS), "ok": True, "ids": len(ATTACKS)}


def test_a_backend_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from cli.audit import command
    from storage.errors import ConfigError

    with pytest.raises(ConfigError, match=r"--backend.*chroot"):
        command(backend="chroot")
