"""Gates: each kind passes and fails where it should; what blocks leaves the last version and says why."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from storage.dataset_tables import PREFERENCE_KTO
from tasks.publish.gates import AnyGate, Changes, Facts, judge
from tests.publish.lakes import Planted, Verdict, fill, good
from tests.runs import newest_run

GATE: TypeAdapter[Any] = TypeAdapter(AnyGate)
SAME = Changes(added=0, removed=0, changed=0, moved=0, sources={"a": 100}, sources_before={"a": 100})
FINE = Facts(
    splits={"train": 80, "validation": 10, "test": 10}, torn=0, judged=200,
    rates={"infra": 2, "tampered": 4, "flaky": 6}, schema={"a": "string"}, schema_before={"a": "string"},
    values={"label": {"true": 40, "false": 60}}, contaminated=0, changes=SAME,
)  # fmt: skip


def told(gate: dict[str, Any], facts: Facts) -> list[tuple[bool, str]]:
    """Whether each outcome of one gate passes, and what it got."""
    return [(outcome.ok, outcome.got) for outcome in judge([GATE.validate_python(gate)], facts)[:-2]]


@pytest.mark.parametrize(
    ("gate", "bad", "got"),
    [
        pytest.param({"kind": "rows", "least": 100}, {"splits": {"train": 99}}, "99", id="too few rows"),
        pytest.param({"kind": "rows", "most": 100}, {"splits": {"train": 101}}, "101", id="too many rows"),
        pytest.param(
            {"kind": "rows", "least": 5, "split": "test"}, {"splits": {"train": 99}}, "0", id="too few rows of a split"
        ),
        pytest.param(
            {"kind": "rate", "of": "infra", "most": 0.01}, {"rates": {"infra": 3, "tampered": 0, "flaky": 0}},
            "0.015 (3 of 200 programs)", id="rate of infra",
        ),
        pytest.param(
            {"kind": "rate", "of": "tampered", "most": 0.02}, {"rates": {"infra": 0, "tampered": 5, "flaky": 0}},
            "0.025 (5 of 200 programs)", id="hack rate",
        ),
        pytest.param(
            {"kind": "rate", "of": "flaky", "most": 0.03}, {"rates": {"infra": 0, "tampered": 0, "flaky": 7}},
            "0.035 (7 of 200 programs)", id="rate of flaky",
        ),
        pytest.param(
            {"kind": "balance", "column": "label", "least": 0.4}, {"values": {"label": {"true": 39, "false": 61}}},
            "0.39 ('true')", id="a rare label",
        ),
        pytest.param(
            {"kind": "balance", "column": "label", "least": 0.1}, {"values": {"label": {"true": 100}}},
            "0 ('true')", id="one label alone",
        ),
        pytest.param(
            {"kind": "balance", "column": "label", "most": 0.6}, {"values": {"label": {"true": 39, "false": 61}}},
            "0.61 ('false')", id="a label too frequent",
        ),
        pytest.param({"kind": "contamination"}, {"contaminated": 1}, "1 rows", id="contamination"),
        pytest.param(
            {"kind": "contamination", "unchecked": "block"}, {"contaminated": None}, "nothing compared",
            id="contamination not looked for",
        ),
        pytest.param({"kind": "schema"}, {"schema": {"a": "int64"}}, "a is int64, was string", id="another type"),
        pytest.param(
            {"kind": "schema"}, {"schema": {"b": "string"}}, "b is new; a is gone", id="another column"
        ),
        pytest.param(
            {"kind": "drift", "removed": 0.1}, {"changes": replace(SAME, removed=11)}, "0.11 (11 of 100 rows)",
            id="rows gone",
        ),
        pytest.param(
            {"kind": "drift", "changed": 0.1}, {"changes": replace(SAME, changed=6, moved=5)}, "0.11 (11 of 100 rows)",
            id="rows changed or moved",
        ),
        pytest.param(
            {"kind": "drift", "added": 1}, {"changes": replace(SAME, added=101)}, "1.01 (101 of 100 rows)",
            id="too many new rows",
        ),
        pytest.param(
            {"kind": "drift", "sources": 0.2}, {"changes": replace(SAME, sources={"a": 75, "b": 25})}, "0.25",
            id="other sources",
        ),
    ],
)  # fmt: skip
def test_a_gate_passes_what_is_fine_and_fails_what_is_not(gate: dict[str, Any], bad: dict[str, Any], got: str) -> None:
    if "least" in gate and gate.get("split") == "test":
        assert told(gate, FINE) == [(True, "10")]
    assert all(ok for ok, _ in told(gate, FINE)), "fine"
    [(ok, said)] = told(gate, replace(FINE, **bad))
    assert not ok and said == got
    [first, *_] = judge([GATE.validate_python({**gate, "action": "warn", "unchecked": "warn"} if "unchecked" in gate
                                              else {**gate, "action": "warn"})], replace(FINE, **bad))  # fmt: skip
    assert not first.ok and not first.blocks, "a warning is told and blocks nothing"


def test_no_rows_and_torn_families_block_without_any_gate() -> None:
    assert not any(outcome.blocks for outcome in judge([], FINE))
    assert [o.gate for o in judge([], replace(FINE, torn=1)) if o.blocks] == ["families in two splits"]
    assert [o.gate for o in judge([], replace(FINE, splits={"train": 0})) if o.blocks] == ["rows that may leave"]


def test_a_blocked_publication_leaves_the_last_version_and_the_run_says_why(
    tmp_path: Path, patchmill: Callable[..., Any], prefect_server: str
) -> None:
    lake, out, config = tmp_path / "lake", tmp_path / "out", tmp_path / "gates.yaml"
    config.write_text(yaml.safe_dump({"gates": [{"kind": "rate", "of": "tampered", "most": 0.1}]}))
    arguments = ("publish", "preference_kto", "--lake", lake, "--out", out, "--config", config, "--json")
    fill(lake, good(*range(20)), PREFERENCE_KTO)
    done = patchmill(*arguments)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["version"] == 1
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    hacked = [Planted(n, verdicts=((Verdict(flags=("tampered",)),),)) for n in range(30, 40)]
    fill(lake, [*good(*range(25)), *hacked], PREFERENCE_KTO)
    done = patchmill(*arguments)
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if line.startswith("patchmill: ")]
    assert "rate of tampered" in line and "(10 of 35 programs)" in line and "version 1 stays" in line
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    state, artifacts = newest_run()
    [blocked] = [row for row in json.loads(artifacts["gates"]) if row["verdict"] == "BLOCKED"]
    assert state == "Failed"
    assert blocked == {
        "gate": "rate of tampered", "verdict": "BLOCKED", "got": "0.285714 (10 of 35 programs)",
        "expected": "at most 0.1",
    }  # fmt: skip
    assert json.loads(artifacts["left-out"]) == [{"reason": "tampered", "rows": 10}]
