"""Measure which ranker separates right programs from wrong ones in a lake: prints one JSON line, a table on stderr.

    .venv/bin/python -m bench.ablation LAKE [--truth FILE.parquet]

This is CodeDPO's comparison of rankers. Every scorer in the lake's table `scores` is compared with how right the
programs are, by tests that the rankers never saw. These are `ground_truth@1` of the same table (the problem's own
tests), or, with `--truth`, a file of columns attempt_id, passed, total: verdicts on another, larger suite. All rankers
are compared on the same programs: those that all of them scored, and whose truth is known. The others are counted.

Truth is taken twice: `accuracy` is the share of the true tests that a program passes, `right` is 1 where it passes all.
tasks/score/agreement.py explains the four figures of a correlation. `picks` pairs the best with the worst program of
every problem, with expected values for ties; `picks_where_both_exist` does so for problems with right and wrong
programs alone. `base` is the share of right programs among all.
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

from storage.catalog import Catalog
from storage.errors import ConfigError, PatchmillError
from storage.lake import Lake, LakeSettings
from tasks.score.agreement import CORRELATIONS, measure_agreement, measure_picks
from tasks.score.rankers import Bools, Floats, score_by_ground_truth

TRUTH = "ground_truth@1"
PAPER = {"self_validation": 0.86, "passed_count": 0.77, "pass_all": 0.61}
"""Spearman's correlation with correctness in CodeDPO; the paper does not say how it was taken."""
FIGURES = ("left_out", "as_zero", "silent_as_zero", "pooled")
SCORES = """
    select s.problem_id, s.attempt_id, s.scorer, s.value
    from scores as s
    join rankings as r using (problem_id, scorer, matrix_id)  -- the newest matrix; scores of older ones stay
    order by s.problem_id, s.attempt_id
"""
Scores = dict[str, dict[tuple[str, str], float]]
"""Scores by scorer, then by problem_id and attempt_id."""


def read_scores(catalog: Catalog) -> Scores:
    """Return every scorer's scores; raises ConfigError where there are none."""
    scores: Scores = defaultdict(dict)
    for row in catalog.rows(SCORES):
        scores[row["scorer"]][row["problem_id"], row["attempt_id"]] = row["value"]
    if not set(scores) - {TRUTH}:
        raise ConfigError("no scores in this lake; run a config with products: [preference] on it first")
    return dict(scores)


def read_truth(scores: Scores, file: Path | None) -> dict[str, float]:
    """Return how right programs are, by attempt_id: from the file, or from the lake where it is None.

    Raises:
        ConfigError: the file cannot be read, names a program twice or has impossible counts; or no truth is known.
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
    shares = score_by_ground_truth([row["passed"] for row in rows], [row["total"] for row in rows]).tolist()
    return dict(zip((row["attempt_id"] for row in rows), shares, strict=True))


def compare_rankers(scores: Scores, truth: dict[str, float]) -> dict[str, Any]:
    """Return the figures of every ranker, on the programs that all of them scored and whose truth is known."""
    rankers = {name: values for name, values in sorted(scores.items()) if name != TRUTH}
    scored_by_all = set.intersection(*(set(values) for values in rankers.values()))
    pool: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for problem, attempt in sorted(scored_by_all):
        if attempt in truth:
            pool[problem].append((problem, attempt))
    accuracy = [np.array([truth[attempt] for _, attempt in keys]) for keys in pool.values()]
    right = [values == 1 for values in accuracy]
    count = sum(len(values) for values in right)
    return {
        "problems": len(pool),
        "programs": count,
        "not_scored_by_all": len(set.union(*(set(values) for values in rankers.values())) - scored_by_all),
        "without_truth": len(scored_by_all) - count,
        "base": {
            "right": sum(int(values.sum()) for values in right) / count if count else None,
            "problems_all_right": sum(bool(values.all()) for values in right),
            "problems_all_wrong": sum(not values.any() for values in right),
        },
        "rankers": {
            name: {
                "paper_spearman": PAPER.get(name.partition("@")[0]),
                **measure_ranker([np.array([values[key] for key in keys]) for keys in pool.values()], accuracy, right),
            }
            for name, values in rankers.items()
        },
    }


def measure_ranker(scores: list[Floats], accuracy: list[Floats], right: list[Bools]) -> dict[str, Any]:
    """Return one ranker's figures, from its scores and the truth of each problem's programs."""
    truths = {"accuracy": accuracy, "right": [values.astype(np.float64) for values in right]}
    agreements: dict[str, Any] = {
        kind: {name: asdict(measure_agreement(scores, truth, name)) for name in CORRELATIONS}
        for kind, truth in truths.items()
    }
    mixed = [index for index, values in enumerate(right) if values.any() and not values.all()]
    mixed_picks = measure_picks([scores[index] for index in mixed], [right[index] for index in mixed])
    return {**agreements, "picks": asdict(measure_picks(scores, right)), "picks_where_both_exist": asdict(mixed_picks)}


def render_table(report: dict[str, Any]) -> str:
    """Return the report as a table for people."""
    base = report["base"]
    lines = [
        f"{report['problems']} problems, {report['programs']} programs; truth by {report['truth']}; "
        f"{report['without_truth']} programs without truth and {report['not_scored_by_all']} without all scores "
        "left out",
        f"right: {_render_share(base['right']).strip()} of the programs; problems all right "
        f"{base['problems_all_right']}, all wrong {base['problems_all_wrong']}",
    ]
    for kind in ("accuracy", "right"):
        for correlation in CORRELATIONS:
            heads = "".join(f"{head:>16}" for head in ("paper", *FIGURES, "ranker constant", "truth constant"))
            lines += ["", f"{correlation} with {kind}", f"{'':20}{heads}"]
            for name, ranker in report["rankers"].items():
                agreement = ranker[kind][correlation]
                paper = ranker["paper_spearman"] if correlation == "spearman" else None
                cells = [paper, *(agreement[figure] for figure in FIGURES)]
                counts = f"{agreement['constant_scores']:>16}{agreement['constant_truth']:>16}"
                lines.append(f"{name:20}{''.join(map(_render_share, cells))}{counts}")
    heads = "".join(f"{head:>16}" for head in ("pairs", "chosen right", "rejected wrong", "both"))
    for key, restriction in (("picks", ""), ("picks_where_both_exist", " that has right and wrong programs")):
        lines += ["", f"best against worst of each problem{restriction}", f"{'':20}{heads}"]
        for name, ranker in report["rankers"].items():
            picks = ranker[key]
            shares = "".join(_render_share(picks[share]) for share in ("chosen_right", "rejected_wrong", "both"))
            lines.append(f"{name:20}{picks['pairs']:>16}{shares}")
    return "\n".join(lines)


def _render_share(value: float | None) -> str:
    return f"{'-' if value is None else format(value, '.3f'):>16}"


def round_floats(value: Any) -> Any:
    """Round the floats of a nested report to four decimal places."""
    if isinstance(value, dict):
        return {name: round_floats(inner) for name, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main(words: Sequence[str] | None = None) -> int:
    """Compare the rankers of the lake that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lake")
    parser.add_argument("--truth", type=Path, help="Parquet with columns attempt_id, passed, total")
    arguments = parser.parse_args(words)
    try:
        with Catalog(Lake(LakeSettings(path=arguments.lake))) as catalog:
            scores = read_scores(catalog)
        truth = read_truth(scores, arguments.truth)
    except PatchmillError as error:
        print(f"{arguments.lake}: {error}", file=sys.stderr)
        return 2
    report = {"truth": arguments.truth.name if arguments.truth else TRUTH, **compare_rankers(scores, truth)}
    print(render_table(report), file=sys.stderr)
    print(json.dumps(round_floats(report)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
