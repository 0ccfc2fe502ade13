"""LeDex's grid, counted by hand: who is right at first, and who after one refinement, by way and round."""

from math import comb
from pathlib import Path
from typing import Any

from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, DIAGNOSES, EXECUTIONS, PROBLEMS
from tests.builders import row


class Corpus:
    """Rows by short names: a first attempt `a1` is sample 1 of problem `a`."""

    def __init__(self, folder: Path) -> None:
        self.lake = Lake(LakeSettings(path=str(folder / "lake"), buckets=1))
        self._named: set[str] = set()

    def first(self, name: str, verdict: str, code: str | None = None, flags: tuple[str, ...] = ()) -> None:
        if name[0] not in self._named:
            self.lake.append(PROBLEMS, [row(PROBLEMS, problem_id=name[0], source="s", source_id=name[0])])
            self._named.add(name[0])
        code = None if verdict == "no_code" else code or f"program {name}"
        self._add(name, verdict, flags, kind="generate", sample_index=int(name[1:]), recipe_id="g", code=code)

    def repair(self, name: str, parent: str, round_: int, way: str, verdict: str, sample: int = 0) -> None:
        diagnosis = f"why {name}" if way == "explain" else None
        if diagnosis:
            self.lake.append(
                DIAGNOSES, [row(DIAGNOSES, diagnosis_id=diagnosis, attempt_id=parent, problem_id=parent[0])]
            )
        more = {"recipe_id": way, "parent_attempt_id": parent, "diagnosis_id": diagnosis, "code": name}
        self._add(f"{parent[0]}{name}", verdict, (), kind="repair", round=round_, sample_index=sample, **more)

    def _add(self, name: str, verdict: str, flags: tuple[str, ...], **columns: Any) -> None:
        one = {"attempt_id": name, "problem_id": name[0]}
        self.lake.append(ATTEMPTS, [row(ATTEMPTS, **one, model="m", **columns)])
        judged = {"suite": "given", "suite_id": "t", "verdict": verdict, "flags": list(flags)}
        self.lake.append(EXECUTIONS, [row(EXECUTIONS, **one, **judged)])

    def grid(self) -> dict[tuple[str, int], dict[str, Any]]:
        with Catalog(self.lake) as catalog:
            rows = catalog.rows("select * from evaluation")
        return {(found["way"], found["round"]): found for found in rows}


def test_each_way_is_counted_by_itself_and_round_by_round(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    for sample, verdict in enumerate(["passed", "failed", "error", "no_code"]):
        corpus.first(f"a{sample}", verdict)
    corpus.first("b0", "failed")
    corpus.first("b1", "infra")  # says nothing of the model
    corpus.repair("x", "a1", 1, "direct", "failed")
    corpus.repair("y", "ax", 2, "direct", "passed")
    corpus.repair("z", "a2", 1, "explain", "passed")
    corpus.repair("u", "ax", 2, "explain", "passed")  # of another way's program: not this way's doing
    corpus.repair("v", "b0", 1, "explain", "failed")
    corpus.repair("w", "b0", 1, "explain", "passed", sample=1)  # a second try at the same
    grid = corpus.grid()
    shown = {key: (r["problems"], r["programs"], r["wrong"], r["refined"], r["pass_at_1"]) for key, r in grid.items()}
    assert shown == {
        ("none", 0): (2, 5, 4, 0, 0.125),
        ("direct", 1): (2, 5, 4, 0, 0.125),
        ("direct", 2): (2, 5, 4, 1, 0.25),
        ("explain", 1): (2, 5, 4, 1, 0.25),
    }
    assert grid["direct", 2]["refined_rate"] == 0.25


def test_a_program_that_says_the_same_shares_the_refinement_and_what_tampers_is_not_right(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    corpus.first("a0", "failed", code="same")
    corpus.first("a1", "failed", code="same")
    corpus.first("a2", "passed", flags=("tampered",))
    corpus.first("a3", "no_code")
    corpus.first("a4", "no_code")  # no code is nothing to have in common
    corpus.repair("x", "a0", 1, "direct", "passed")
    refined = corpus.grid()["direct", 1]
    assert (refined["wrong"], refined["refined"], refined["pass_at_1"]) == (5, 2, 0.4)


def test_pass_at_10_is_the_unbiased_estimator_over_problems_with_ten_programs(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    for sample in range(12):
        corpus.first(f"a{sample}", "passed" if sample == 0 else "failed")
    corpus.first("b0", "passed")
    corpus.repair("x", "a5", 1, "direct", "passed")
    grid = corpus.grid()
    assert grid["none", 0]["pass_at_10"] == round(1 - comb(11, 10) / comb(12, 10), 4)
    assert grid["direct", 1]["pass_at_10"] == round(1 - comb(10, 10) / comb(12, 10), 4)
    assert grid["none", 0]["pass_at_1"] == round((1 / 12 + 1) / 2, 4)
