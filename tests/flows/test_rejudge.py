"""A newer judge judges everything again and generates no program; its changes can be queried."""

import json
import subprocess
from collections.abc import Callable

import pyarrow as pa
import pytest

from flows.config import RefreshConfig
from flows.refresh import refresh
from judge.protocol import JUDGE_VERSION, Judged
from storage.catalog import Catalog
from storage.lake import Lake
from storage.tables import EXECUTIONS
from tasks.running.effects import judging_through
from tests.judges import InterceptingJudge
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.usefixtures("prefect_server")
Build = Callable[..., RefreshConfig]
Patchmill = Callable[..., "subprocess.CompletedProcess[str]"]
OLDER = JUDGE_VERSION - 1


def set_older_judge(lake: Lake) -> None:
    """Give all executions the version of an older judge."""
    with Catalog(lake) as catalog:
        rows = catalog.arrow("from executions")
    column = rows.schema.get_field_index("judge_version")
    older = pa.array([OLDER] * rows.num_rows, pa.int64())
    rows = rows.set_column(column, "judge_version", older)
    lake.replace(EXECUTIONS, rows.cast(EXECUTIONS.schema))


def fail_passes(judged: Judged) -> Judged:
    """Turn a passed verdict into a failed one, as a stricter judge might."""
    if judged.verdict != "passed":
        return judged
    return Judged(judged.job_id, "failed", judged.tests, ("tampered",), feedback="stricter")


def test_a_newer_judge_judges_all_again_and_sends_no_request(
    config: Build, writer: ScriptedServer, patchmill: Patchmill
) -> None:
    refresh(config())
    asked, lake = dict(writer.asked), Lake(config().lake)
    with Catalog(lake) as catalog:
        before = catalog.rows("select attempt_id, verdict from executions")
    set_older_judge(lake)
    with judging_through(lambda judge: InterceptingJudge(judge, after=fail_passes)):
        refresh(config())
    with Catalog(lake) as catalog:
        after = catalog.rows("select attempt_id from executions where judge_version > $older", older=OLDER)
    assert {row["attempt_id"] for row in before} == {row["attempt_id"] for row in after}
    assert writer.asked == asked
    answer = patchmill("judge", "--since", OLDER, "--lake", config().lake.path, "--json")
    changes = json.loads(answer.stdout)
    assert {change["attempt_id"] for change in changes} == {
        row["attempt_id"] for row in before if row["verdict"] == "passed"
    }
    assert {(change["old_verdict"], change["new_verdict"]) for change in changes} == {("passed", "failed")}


def test_a_query_for_changes_without_a_newer_judge_is_one_line(config: Build, patchmill: Patchmill) -> None:
    refresh(config())
    answer = patchmill("judge", "--since", JUDGE_VERSION, "--lake", config().lake.path)
    assert answer.returncode == 2 and "no verdict of a newer judge" in answer.stderr
