"""Which ranker tells right programs from wrong ones in a lake: prints one JSON line, and a table on stderr.

    .venv/bin/python -m bench.ablation LAKE [--truth FILE.parquet]

CodeDPO's comparison of rankers: every scorer in the lake's table `scores` against how right the programs are by tests
that the rankers never saw. That is `ground_truth@1` of the same table (the problem's own tests), or, with `--truth`, a
file of columns attempt_id, passed, total: verdicts on some other, larger suite. All rankers are compared on the same
programs: those that every one of them scored, and of which the truth is known. The others are counted.

Truth is taken twice: as `accuracy`, the share of the true tests that a program passes, and as `right`, 1 where it
passes all of them. tasks/score/agreement.py says what the four figures of a correlation are; `picks` is what comes of
taking the best against the worst of every problem, ties by expected value, also of those problems alone that have right
and wrong programs; `base` is what all programs are like.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from storage.catalog import Catalog
from storage.errors import ConfigError, PatchmillError
from storage.lake import Lake, LakeSettings
from tasks.score.agreement import MEASURES, agreement, picks
from tasks.score.rankers import ground_truth

TRUTH = "ground_truth@1"
PAPER = {"self_validation": 0.86, "passed_count": 0.77, "pass_all": 0.61}
"""Spearman's correlation with correctness in CodeDPO; how it was taken is not said."""
FIGURES = ("left_out", "as_zero", "silent_as_zero", "pooled")
SCORES = """
    select s.problem_id, s.attempt_id, s.scorer, s.value
    from scores as s
    join rankings as r using (problem_id, scorer, matrix_id)  -- the newest matrix; what left it keeps older scores
    order by s.problem_id, s.attempt_id
"""
Scores = dict[str, dict[tuple[str, str], float]]
"""By scorer, then by problem and program."""


def stored(catalog: Catalog) -> Scores:
    """Every scorer's scores; raises ConfigError where there are none."""
    found: Scores = defaultdict(dict)
    for row in catalog.rows(SCORES):
        found[row["scorer"]][row["problem_id"], row["attempt_id"]] = row["value"]
    if not set(found) - {TRUTH}:
        raise ConfigError("no scores in this lake; run a config with products: [preference] on it first")
    return dict(found)


def known(scores: Scores, file: Path | None) -> dict[str, float]:
    """How right programs are, by attempt: of the file, else of the lake.

    Raises:
        ConfigError: the file can't be read, names a program twice or counts what can't be; or nothing is known.
    """
    if file is None:
        if TRUTH not in scores:
            raise ConfigError(f"no {TRUTH} among the scores of this lake; name verdicts by --truth FILE.parquet")
        return {attempt: value for (_, attempt), value in scores[TRUTH].items()}
    try:
        data = pq.read_table(file)
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(f"{file}: expected Parquet of columns attempt_id, passed, total: {error}") from None
    if missing := {"attempt_id", "passed", "total"} - set(data.column_names):
        raise ConfigError(
            f"{file}: expected columns attempt_id, passed, total; there is no {', '.join(sorted(missing))}"
        )
    rows = data.to_pylist()
    if len({row["attempt_id"] for row in rows}) < len(rows):
        raise ConfigError(f"{file}: expected a row per attempt_id, some come twice")
    if wrong := [row for row in rows if not 0 <= (row["passed"] or 0) <= (row["total"] or 0) or not row["total"]]:
        raise ConfigError(f"{file}: expected 0 <= passed <= total and total >= 1, got {wrong[0]}")
    shares = ground_truth([row["passed"] for row in rows], [row["total"] for row in rows]).tolist()
    return dict(zip((row["attempt_id"] for row in rows), shares, strict=True))


def compared(scores: Scores, truth: dict[str, float]) -> dict[str, Any]:
    """Every ranker on the programs that all of them scored and of which the truth is known."""
    rankers = {name: values for name, values in sorted(scores.items()) if name != TRUTH}
    everywhere = set.intersection(*(set(values) for values in rankers.values()))
    pool: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for problem, attempt in sorted(everywhere):
        if attempt in truth:
            pool[problem].append((problem, attempt))
    accuracy = [np.array([truth[attempt] for _, attempt in programs]) for programs in pool.values()]
    right = [values == 1 for values in accuracy]
    programs = sum(len(values) for values in right)
    return {
        "problems": len(pool),
        "programs": programs,
        "not_scored_by_all": len(set.union(*(set(values) for values in rankers.values())) - everywhere),
        "without_truth": len(everywhere) - programs,
        "base": {
            "right": sum(int(values.sum()) for values in right) / programs if programs else None,
            "problems_all_right": sum(bool(values.all()) for values in right),
            "problems_all_wrong": sum(not values.any() for values in right),
        },
        "rankers": {
            name: {
                "paper_spearman": PAPER.get(name.partition("@")[0]),
                **agreements(
                    [np.array([values[at] for at in programs]) for programs in pool.values()], accuracy, right
                ),
            }
            for name, values in rankers.items()
        },
    }


def agreements(
    scores: list[NDArray[np.float64]], accuracy: list[NDArray[np.float64]], right: list[NDArray[np.bool_]]
) -> dict[str, Any]:
    """One ranker's figures."""
    truths = {"accuracy": accuracy, "right": [values.astype(np.float64) for values in right]}
    found: dict[str, Any] = {
        kind: {measure: asdict(agreement(scores, truth, measure)) for measure in MEASURES}
        for kind, truth in truths.items()
    }
    mixed = [at for at, values in enumerate(right) if values.any() and not values.all()]
    return {
        **found,
        "picks": asdict(picks(scores, right)),
        "picks_where_both_exist": asdict(picks([scores[at] for at in mixed], [right[at] for at in mixed])),
    }


def table(found: dict[str, Any]) -> str:
    """The same for people."""
    base = found["base"]
    lines = [
        f"{found['problems']} problems, {found['programs']} programs; truth by {found['truth']}; "
        f"{found['without_truth']} programs without truth and {found['not_scored_by_all']} without all scores left out",
        f"right: {_shown(base['right']).strip()} of the programs; problems all right {base['problems_all_right']}, "
        f"all wrong {base['problems_all_wrong']}",
    ]
    for kind in ("accuracy", "right"):
        for measure in MEASURES:
            heads = "".join(f"{head:>16}" for head in ("paper", *FIGURES, "ranker constant", "truth constant"))
            lines += ["", f"{measure} with {kind}", f"{'':20}{heads}"]
            for name, figures in found["rankers"].items():
                at = figures[kind][measure]
                paper = figures["paper_spearman"] if measure == "spearman" else None
                cells = [paper, *(at[figure] for figure in FIGURES)]
                counts = f"{at['constant_scores']:>16}{at['constant_truth']:>16}"
                lines.append(f"{name:20}{''.join(_shown(cell) for cell in cells)}{counts}")
    heads = "".join(f"{head:>16}" for head in ("pairs", "chosen right", "rejected wrong", "both"))
    for which, where in (("picks", ""), ("picks_where_both_exist", " that has right and wrong programs")):
        lines += ["", f"best against worst of each problem{where}", f"{'':20}{heads}"]
        for name, figures in found["rankers"].items():
            at = figures[which]
            shares = "".join(_shown(at[share]) for share in ("chosen_right", "rejected_wrong", "both"))
            lines.append(f"{name:20}{at['pairs']:>16}{shares}")
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return f"{'-' if value is None else format(value, '.3f'):>16}"


def rounded(value: Any) -> Any:
    """Floats of a nested answer to four digits."""
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lake")
    parser.add_argument("--truth", type=Path, help="Parquet with columns attempt_id, passed, total")
    arguments = parser.parse_args(words)
    try:
        with Catalog(Lake(LakeSettings(path=arguments.lake))) as catalog:
            scores = stored(catalog)
        truth = known(scores, arguments.truth)
    except PatchmillError as error:
        print(f"{arguments.lake}: {error}", file=sys.stderr)
        return 2
    found = {"truth": arguments.truth.name if arguments.truth else TRUTH, **compared(scores, truth)}
    print(table(found), file=sys.stderr)
    print(json.dumps(rounded(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
