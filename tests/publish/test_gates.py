"""Every kind of gate passes and fails where it should; a gate that blocks leaves the last version and says why."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from storage.dataset_tables import PREFERENCE_KTO
from tasks.publish.gate_results import DraftFacts, GateResult, VersionChanges, check_gates
from tasks.publish.gates import AnyGate
from tests.publish.lakes import PlantedExample, PlantedExecution, fill_lake, plant
from tests.runs import read_newest_run

GATE: TypeAdapter[AnyGate] = TypeAdapter(AnyGate)
NO_CHANGES = VersionChanges(
    added=0, removed=0, changed=0, moved=0, sources={"a": 100}, last_sources={"a": 100}
)  # fmt: skip
GOOD_FACTS = DraftFacts(
    rows={"train": 80, "validation": 10, "test": 10}, divided_groups=0, judged_programs=200,
    programs={"infra": 2, "tampered": 4, "flaky": 6}, schema={"a": "string"}, last_schema={"a": "string"},
    values={"label": {"true": 40, "false": 60}}, contaminated_rows=0, changes=NO_CHANGES,
)  # fmt: skip


def check_gate(gate: dict[str, Any], facts: DraftFacts) -> list[GateResult]:
    """Return the results of one gate, without the two conditions that always hold."""
    return check_gates([GATE.validate_python(gate)], facts)[:-2]


@pytest.mark.parametrize(
    ("gate", "bad_facts", "actual"),
    [
        pytest.param({"kind": "rows", "least": 100}, {"rows": {"train": 99}}, "99", id="too few rows"),
        pytest.param({"kind": "rows", "most": 100}, {"rows": {"train": 101}}, "101", id="too many rows"),
        pytest.param(
            {"kind": "rows", "least": 5, "split": "test"}, {"rows": {"train": 99}}, "0", id="too few rows of a split"
        ),
        pytest.param(
            {"kind": "rate", "of": "infra", "most": 0.01}, {"programs": {"infra": 3, "tampered": 0, "flaky": 0}},
            "0.015 (3 of 200 programs)", id="rate of infrastructure errors",
        ),
        pytest.param(
            {"kind": "rate", "of": "tampered", "most": 0.02}, {"programs": {"infra": 0, "tampered": 5, "flaky": 0}},
            "0.025 (5 of 200 programs)", id="rate of tampered programs",
        ),
        pytest.param(
            {"kind": "rate", "of": "flaky", "most": 0.03}, {"programs": {"infra": 0, "tampered": 0, "flaky": 7}},
            "0.035 (7 of 200 programs)", id="rate of flaky programs",
        ),
        pytest.param(
            {"kind": "balance", "column": "label", "least": 0.4}, {"values": {"label": {"true": 39, "false": 61}}},
            "0.39 ('true')", id="a rare label",
        ),
        pytest.param(
            {"kind": "balance", "column": "label", "least": 0.1}, {"values": {"label": {"true": 100}}},
            "0 ('true')", id="a single label",
        ),
        pytest.param(
            {"kind": "balance", "column": "label", "most": 0.6}, {"values": {"label": {"true": 39, "false": 61}}},
            "0.61 ('false')", id="a label too common",
        ),
        pytest.param({"kind": "contamination"}, {"contaminated_rows": 1}, "1 rows", id="contamination"),
        pytest.param(
            {"kind": "contamination", "unchecked": "block"}, {"contaminated_rows": None}, "nothing compared",
            id="no benchmark to compare with",
        ),
        pytest.param({"kind": "schema"}, {"schema": {"a": "int64"}}, "a is int64, was string", id="another type"),
        pytest.param(
            {"kind": "schema"}, {"schema": {"b": "string"}}, "b is new; a is gone", id="another column"
        ),
        pytest.param(
            {"kind": "drift", "removed": 0.1}, {"changes": replace(NO_CHANGES, removed=11)}, "0.11 (11 of 100 rows)",
            id="rows removed",
        ),
        pytest.param(
            {"kind": "drift", "changed": 0.1}, {"changes": replace(NO_CHANGES, changed=6, moved=5)},
            "0.11 (11 of 100 rows)", id="rows changed or moved",
        ),
        pytest.param(
            {"kind": "drift", "added": 1}, {"changes": replace(NO_CHANGES, added=101)}, "1.01 (101 of 100 rows)",
            id="too many new rows",
        ),
        pytest.param(
            {"kind": "drift", "sources": 0.2}, {"changes": replace(NO_CHANGES, sources={"a": 75, "b": 25})}, "0.25",
            id="other sources",
        ),
    ],
)  # fmt: skip
def test_a_gate_passes_good_facts_and_fails_bad_ones(
    gate: dict[str, Any], bad_facts: dict[str, Any], actual: str
) -> None:  # fmt: skip
    assert all(result.ok for result in check_gate(gate, GOOD_FACTS)), "good facts"
    [result] = check_gate(gate, replace(GOOD_FACTS, **bad_facts))
    assert not result.ok and result.got == actual
    warn = {**gate, "action": "warn"} | ({"unchecked": "warn"} if "unchecked" in gate else {})
    [warning] = check_gate(warn, replace(GOOD_FACTS, **bad_facts))
    assert not warning.ok and not warning.blocks, "a warning is reported and blocks nothing"


def test_a_gate_of_one_split_counts_its_rows() -> None:
    [result] = check_gate({"kind": "rows", "least": 5, "split": "test"}, GOOD_FACTS)
    assert (result.ok, result.got) == (True, "10")


def test_no_rows_and_divided_families_block_without_any_gate() -> None:
    def blocking_gates(facts: DraftFacts) -> list[str]:
        return [result.gate for result in check_gates([], facts) if result.blocks]

    assert blocking_gates(GOOD_FACTS) == []
    assert blocking_gates(replace(GOOD_FACTS, divided_groups=1)) == ["families in two splits"]
    assert blocking_gates(replace(GOOD_FACTS, rows={"train": 0})) == ["rows to publish"]


def test_a_blocked_publication_leaves_the_last_version_and_the_run_says_why(
    tmp_path: Path, patchmill: Callable[..., Any], prefect_server: str
) -> None:
    lake, out, config = tmp_path / "lake", tmp_path / "out", tmp_path / "gates.yaml"
    config.write_text(yaml.safe_dump({"gates": [{"kind": "rate", "of": "tampered", "most": 0.1}]}))
    arguments = ("publish", "preference_kto", "--lake", lake, "--out", out, "--config", config, "--json")
    fill_lake(lake, plant(*range(20)), PREFERENCE_KTO)
    process = patchmill(*arguments)
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout)["version"] == 1
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    tampered = PlantedExecution(flags=("tampered",))
    hacks = [PlantedExample(number, executions=((tampered,),)) for number in range(30, 40)]
    fill_lake(lake, [*plant(*range(25)), *hacks], PREFERENCE_KTO)
    process = patchmill(*arguments)
    assert process.returncode == 1
    [line] = [line for line in process.stderr.splitlines() if line.startswith("patchmill: ")]
    assert "rate of tampered programs" in line and "(10 of 35 programs)" in line and "version 1 stays" in line
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    state, artifacts = read_newest_run()
    [blocked] = [row for row in json.loads(artifacts["gates"]) if row["verdict"] == "BLOCKED"]
    assert state == "Failed"
    assert blocked == {
        "gate": "rate of tampered programs", "verdict": "BLOCKED", "got": "0.285714 (10 of 35 programs)",
        "expected": "at most 0.1",
    }  # fmt: skip
    assert json.loads(artifacts["left-out"]) == [{"reason": "tampered", "rows": 10}]
