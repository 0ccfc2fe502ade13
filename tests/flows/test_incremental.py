"""A refresh does the missing work and no other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.config import RefreshConfig
from flows.refresh import refresh
from storage.catalog import Catalog
from storage.lake import Lake
from tasks.ingest.settings import JsonlSource
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.usefixtures("prefect_server")
Build = Callable[..., RefreshConfig]


def count_rows(config: RefreshConfig) -> dict[str, int]:
    """Return the number of rows of the tables of the debugging line."""
    with Catalog(Lake(config.lake)) as catalog:
        tables = ("problems", "attempts", "executions", "diagnoses", "debugging_sft")
        return {table: catalog.rows(f"select count(*) as n from {table}")[0]["n"] for table in tables}


def test_a_run_writes_every_row_of_its_plan(config: Build, writer: ScriptedServer) -> None:
    report = refresh(config())
    # two problems, each with one right and two wrong programs; each wrong one: one diagnosis, two repairs, one right
    assert writer.asked == {"generate": 6, "diagnose": 4, "repair": 8}
    assert report.funnel == {
        "problems": 2, "attempts": 6, "without_code": 0, "right_at_once": 2, "wrong": 4, "wrong_distinct": 4,
        "diagnoses": 4, "explained": 4, "repairs": 8, "verified_repairs": 4, "repaired": 4, "infra": 0, "unjudged": 0,
        "refused": 0, "failed": 0,
    }  # fmt: skip
    assert report.examples == {"explain_repair": 4, "generate": 2, "repair": 4}
    assert count_rows(config()) == {
        "problems": 2, "attempts": 2 + 6 + 8, "executions": 2 + 6 + 8, "diagnoses": 4, "debugging_sft": 10,
    }  # fmt: skip


def test_a_second_run_writes_no_row_and_sends_no_request(config: Build, writer: ScriptedServer) -> None:
    refresh(config())
    versions, asked = Lake(config().lake).versions(), dict(writer.asked)
    refresh(config())
    assert Lake(config().lake).versions() == versions
    assert writer.asked == asked


def test_one_more_problem_does_only_its_own_work(config: Build, writer: ScriptedServer) -> None:
    refresh(config("add", "last"))
    writer.asked.clear()
    report = refresh(config("add", "last", "shout"))
    assert writer.asked == {"generate": 3, "diagnose": 2, "repair": 4}
    assert report.funnel["problems"] == 3 and report.funnel["attempts"] == 9


def test_one_more_attempt_per_problem_does_only_the_missing_work(config: Build, writer: ScriptedServer) -> None:
    refresh(config())
    writer.asked.clear()
    report = refresh(config(generate__samples=4))
    assert writer.asked == {"generate": 2, "diagnose": 2, "repair": 4}
    assert report.funnel["attempts"] == 8


def test_another_repair_prompt_adds_only_repairs(config: Build, writer: ScriptedServer, tmp_path: Path) -> None:
    refresh(config())
    before = count_rows(config())
    writer.asked.clear()
    template = tmp_path / "kind.jinja"
    template.write_text("<|user|>\n{{ prompt }}\n{{ code }}\nThis is wrong: {{ explanation }} Please repair it.\n")
    refresh(config(repair__template=str(template)))
    assert writer.asked == {"repair": 8}
    assert count_rows(config())["diagnoses"] == before["diagnoses"]


def test_another_limit_judges_again_and_sends_no_request(config: Build, writer: ScriptedServer) -> None:
    refresh(config())
    before = count_rows(config())
    writer.asked.clear()
    refresh(config(sandbox__limits={"cpu_s": 5}))
    assert not writer.asked
    after = count_rows(config())
    assert after["executions"] == 2 * before["executions"]
    assert after["attempts"] == before["attempts"] and after["debugging_sft"] == before["debugging_sft"]


def test_a_second_round_repairs_only_programs_that_the_first_left_wrong(config: Build, writer: ScriptedServer) -> None:
    report = refresh(config(repair__rounds=2, repair__repairs=1))
    # the first repair of each wrong program is wrong, and the same for both of a problem: one enters the second round
    assert report.funnel["wrong_distinct"] == 4
    with Catalog(Lake(config().lake)) as catalog:
        rounds = catalog.rows("select round, count(*) as n from attempts where kind = 'repair' group by all order by 1")
    assert [tuple(row.values()) for row in rounds] == [(1, 4), (2, 2)]


@pytest.mark.parametrize(("chain", "diagnoses", "repairs"), [("direct", 0, 8), ("one_reply", 8, 8)])
def test_every_chain_ends_in_verified_repairs(config: Build, chain: str, diagnoses: int, repairs: int) -> None:
    report = refresh(config(repair__chain=chain))
    assert (report.funnel["diagnoses"], report.funnel["repairs"]) == (diagnoses, repairs)
    assert report.funnel["verified_repairs"] == 4
    assert ("explain_repair" in report.examples) == (chain != "direct")


def test_a_stage_runs_alone(config: Build, writer: ScriptedServer) -> None:
    refresh(config(), ("generate",))
    assert writer.asked == {"generate": 6}
    assert count_rows(config())["executions"] == 0
    refresh(config(), ("execute",))
    assert count_rows(config())["executions"] == 8
    assert writer.asked == {"generate": 6}


def test_a_broken_model_fails_the_run_and_the_next_one_finishes_it(config: Build, writer: ScriptedServer) -> None:
    from storage.errors import ModelError

    writer.broken = True
    with pytest.raises(ModelError, match="500"):
        refresh(config())
    writer.broken = False
    assert refresh(config()).examples == {"explain_repair": 4, "generate": 2, "repair": 4}


def test_a_problem_whose_reference_fails_is_flagged_and_skipped(config: Build, writer: ScriptedServer) -> None:
    import json

    refresh_config = config("add")
    [source] = refresh_config.sources
    assert isinstance(source, JsonlSource)
    path = Path(source.path)
    line = json.loads(path.read_text())
    path.write_text(json.dumps({**line, "reference": "def add(a, b):\n    return a - b\n"}) + "\n")
    refresh(refresh_config)
    assert not writer.asked
    with Catalog(Lake(refresh_config.lake)) as catalog:
        assert [row["source_id"] for row in catalog.rows("select source_id from flagged_problems")] == ["add"]
    path.write_text(json.dumps(line) + "\n")  # with a repaired reference the problem is worked on
    assert refresh(refresh_config).funnel["attempts"] == 3
    with Catalog(Lake(refresh_config.lake)) as catalog:
        assert catalog.rows("select * from flagged_problems") == []


def test_every_attempt_is_used_or_dropped_with_a_reason(config: Build) -> None:
    refresh(config())
    with Catalog(Lake(config().lake)) as catalog:
        [row] = catalog.rows(
            """
            with used as (select attempt_id from debugging_sft union select parent_attempt_id from debugging_sft
                           where parent_attempt_id is not null),
            attempted as (select attempt_id from attempts where kind <> 'reference')
            select count(*) filter ((a.attempt_id in (select attempt_id from used))
                                 <> (a.attempt_id in (select row_id from drops where reason <> ''))) as explained,
                   count(*) as n
            from attempted as a
            """
        )
    assert row["explained"] == row["n"] == 14
