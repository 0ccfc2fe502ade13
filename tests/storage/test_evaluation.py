"""The view `evaluation` matches LeDex's grid counted by hand: pass@1 before and after a repair, by way and round."""

from math import comb
from pathlib import Path
from typing import Any

from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, DIAGNOSES, EXECUTIONS, PROBLEMS
from tests.builders import row


class Corpus:
    """A lake whose rows have short names: the first attempt `a1` is sample 1 of problem `a`."""

    def __init__(self, folder: Path) -> None:
        self.lake = Lake(LakeSettings(path=str(folder / "lake"), buckets=1))
        self._problems: set[str] = set()

    def add_first_attempt(self, name: str, verdict: str, code: str | None = None, flags: tuple[str, ...] = ()) -> None:
        if name[0] not in self._problems:
            self.lake.append(PROBLEMS, [row(PROBLEMS, problem_id=name[0], source="s", source_id=name[0])])
            self._problems.add(name[0])
        code = None if verdict == "no_code" else code or f"program {name}"
        self._add(name, verdict, flags, kind="generate", sample_index=int(name[1:]), recipe_id="g", code=code)

    def add_repair(self, name: str, parent: str, round_: int, way: str, verdict: str, sample: int = 0) -> None:
        diagnosis = f"why {name}" if way == "explain" else None
        if diagnosis:
            self.lake.append(
                DIAGNOSES, [row(DIAGNOSES, diagnosis_id=diagnosis, attempt_id=parent, problem_id=parent[0])]
            )
        columns = {"recipe_id": way, "parent_attempt_id": parent, "diagnosis_id": diagnosis, "code": name}
        self._add(f"{parent[0]}{name}", verdict, (), kind="repair", round=round_, sample_index=sample, **columns)

    def _add(self, name: str, verdict: str, flags: tuple[str, ...], **columns: object) -> None:
        ids = {"attempt_id": name, "problem_id": name[0]}
        self.lake.append(ATTEMPTS, [row(ATTEMPTS, **ids, model="m", **columns)])
        execution = {"suite": "given", "suite_id": "t", "verdict": verdict, "flags": list(flags)}
        self.lake.append(EXECUTIONS, [row(EXECUTIONS, **ids, **execution)])

    def read_grid(self) -> dict[tuple[str, int], dict[str, Any]]:
        with Catalog(self.lake) as catalog:
            rows = catalog.rows("select * from evaluation")
        return {(row["way"], row["round"]): row for row in rows}


def test_repairs_count_by_way_and_round(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    for sample, verdict in enumerate(["passed", "failed", "error", "no_code"]):
        corpus.add_first_attempt(f"a{sample}", verdict)
    corpus.add_first_attempt("b0", "failed")
    corpus.add_first_attempt("b1", "infra")  # tells nothing about the model
    corpus.add_repair("x", "a1", 1, "direct", "failed")
    corpus.add_repair("y", "ax", 2, "direct", "passed")
    corpus.add_repair("z", "a2", 1, "explain", "passed")
    corpus.add_repair("u", "ax", 2, "explain", "passed")  # of another way's program: does not count for this way
    corpus.add_repair("v", "b0", 1, "explain", "failed")
    corpus.add_repair("w", "b0", 1, "explain", "passed", sample=1)  # a second repair of the same program
    grid = corpus.read_grid()
    counts = {key: (r["problems"], r["programs"], r["wrong"], r["refined"], r["pass_at_1"]) for key, r in grid.items()}
    assert counts == {
        ("none", 0): (2, 5, 4, 0, 0.125),
        ("direct", 1): (2, 5, 4, 0, 0.125),
        ("direct", 2): (2, 5, 4, 1, 0.25),
        ("explain", 1): (2, 5, 4, 1, 0.25),
    }
    assert grid["direct", 2]["refined_rate"] == 0.25


def test_equal_programs_share_a_repair_and_a_tampering_one_counts_as_wrong(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    corpus.add_first_attempt("a0", "failed", code="same")
    corpus.add_first_attempt("a1", "failed", code="same")
    corpus.add_first_attempt("a2", "passed", flags=("tampered",))
    corpus.add_first_attempt("a3", "no_code")
    corpus.add_first_attempt("a4", "no_code")  # two attempts without code are not equal
    corpus.add_repair("x", "a0", 1, "direct", "passed")
    counts = corpus.read_grid()["direct", 1]
    assert (counts["wrong"], counts["refined"], counts["pass_at_1"]) == (5, 2, 0.4)


def test_pass_at_10_is_the_unbiased_estimator_over_problems_with_ten_programs(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    for sample in range(12):
        corpus.add_first_attempt(f"a{sample}", "passed" if sample == 0 else "failed")
    corpus.add_first_attempt("b0", "passed")
    corpus.add_repair("x", "a5", 1, "direct", "passed")
    grid = corpus.read_grid()
    assert grid["none", 0]["pass_at_10"] == round(1 - comb(11, 10) / comb(12, 10), 4)
    assert grid["direct", 1]["pass_at_10"] == round(1 - comb(10, 10) / comb(12, 10), 4)
    assert grid["none", 0]["pass_at_1"] == round((1 / 12 + 1) / 2, 4)
