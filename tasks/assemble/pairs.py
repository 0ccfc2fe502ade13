"""Preference pairs: pick some of the pairs that SQL offers, and build an example of each."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NotRequired, TypedDict

import pyarrow as pa

from storage.columns import FLOAT, TEXT, Table
from storage.ids import content_id
from storage.rows import PairColumns, ProblemColumns
from tasks.assemble.tokens import split_tokens, token_distance
from tasks.assemble.turns import GENERATE, load_form_template, render_program

CANDIDATE_PAIRS = 50
"""Pairs compared per problem at most, near-identical ones included."""
PICKED_PAIRS = pa.schema([
    ("example_id", TEXT), ("problem_id", TEXT), ("bucket", pa.int32()), ("chosen", TEXT), ("rejected", TEXT),
    ("token_distance", FLOAT), ("ratio", FLOAT), ("ratio_low", FLOAT), ("ratio_high", FLOAT),
])  # fmt: skip


class CandidatePairRow(TypedDict):
    """A row of preference_correctness.sql or preference_efficiency.sql: two attempts that may become a pair."""

    problem_id: str
    bucket: int
    chosen: str
    rejected: str
    ratio: NotRequired[float]
    ratio_low: NotRequired[float]
    ratio_high: NotRequired[float]


class PickedPairRow(CandidatePairRow):
    """A row in the schema PICKED_PAIRS."""

    example_id: str
    token_distance: float


class VerdictCell(TypedDict):
    """The verdict of one program on one generated test."""

    test: str
    verdict: str


class ScoredPairRow(TypedDict):
    """A row of preference_pairs.sql: a picked pair with everything that its example shows."""

    example_id: str
    problem_id: str
    bucket: int
    chosen: str
    rejected: str
    token_distance: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    scorer: str
    matrix_id: str
    chosen_code: str
    chosen_score: float
    chosen_verdicts: list[VerdictCell]
    chosen_passes: bool | None
    rejected_code: str
    rejected_score: float
    rejected_verdicts: list[VerdictCell]
    rejected_passes: bool | None
    model: str
    judge_version: int
    prompt: str
    entry_point: str | None
    tests: str
    source: str
    source_id: str
    licence: str


class PairExampleRow(ProblemColumns, PairColumns):
    """An example of either pair dataset; only preference_efficiency has the columns of the ratio."""

    example_id: str
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None


def pick_pairs(
    candidates: Iterable[CandidatePairRow],
    codes: Mapping[str, str],
    scorer: str,
    max_pairs: int,
    min_token_distance: float,
) -> tuple[pa.Table, pa.Table]:
    """Pick the first pairs of each problem that are not near-identical.

    Args:
        candidates: pairs of every problem, the best of a problem first.
        codes: program by attempt_id.
        scorer: name of the scorer with its version; part of each example_id.
        max_pairs: pairs to pick per problem at most.
        min_token_distance: pairs below it are near-identical.

    Returns:
        The picked pairs, and the near-identical pairs met before enough were picked. Both in PICKED_PAIRS.
    """
    tokens_of = cache(lambda attempt_id: split_tokens(codes[attempt_id]))
    picked: list[PickedPairRow] = []
    near_identical: list[PickedPairRow] = []
    pairs_of_problem: Counter[str] = Counter()
    for candidate in candidates:
        if pairs_of_problem[candidate["problem_id"]] == max_pairs:
            continue
        distance = token_distance(tokens_of(candidate["chosen"]), tokens_of(candidate["rejected"]))
        pair: PickedPairRow = {**candidate, "example_id": _pair_id(candidate, scorer), "token_distance": distance}
        if distance < min_token_distance:
            near_identical.append(pair)
        else:
            picked.append(pair)
            pairs_of_problem[candidate["problem_id"]] += 1
    return (
        pa.Table.from_pylist(picked, schema=PICKED_PAIRS),
        pa.Table.from_pylist(near_identical, schema=PICKED_PAIRS),
    )


def build_pair_examples(dataset: Table, rows: Iterable[ScoredPairRow]) -> pa.Table:
    """Build one example per pair in TRL's conversational preference form, sorted by example_id."""
    examples = sorted(map(_build_pair_example, rows), key=lambda example: example["example_id"])
    return pa.Table.from_pylist(examples, schema=dataset.schema)


def _build_pair_example(row: ScoredPairRow) -> PairExampleRow:
    *prompt, chosen = render_program(row["chosen_code"], row["prompt"], row["tests"], row["entry_point"])
    *_, rejected = render_program(row["rejected_code"], row["prompt"], row["tests"], row["entry_point"])
    rejected_verdicts = {cell["test"]: cell["verdict"] for cell in row["rejected_verdicts"]}
    return {
        "example_id": row["example_id"],
        "problem_id": row["problem_id"],
        "bucket": row["bucket"],
        "prompt": prompt,
        "chosen": [chosen],
        "rejected": [rejected],
        "chosen_code": row["chosen_code"],
        "rejected_code": row["rejected_code"],
        "chosen_attempt_id": row["chosen"],
        "rejected_attempt_id": row["rejected"],
        "scorer": row["scorer"],
        "matrix_id": row["matrix_id"],
        "chosen_score": row["chosen_score"],
        "rejected_score": row["rejected_score"],
        "gap": row["chosen_score"] - row["rejected_score"],
        "verdicts": [
            {"test": cell["test"], "chosen": cell["verdict"], "rejected": rejected_verdicts[cell["test"]]}
            for cell in row["chosen_verdicts"]
            if cell["test"] in rejected_verdicts
        ],
        "token_distance": row["token_distance"],
        "chosen_passes": row["chosen_passes"],
        "rejected_passes": row["rejected_passes"],
        "source": row["source"],
        "source_id": row["source_id"],
        "licence": row["licence"],
        "model": row["model"],
        "judge_version": row["judge_version"],
        "ratio": row["ratio"],
        "ratio_low": row["ratio_low"],
        "ratio_high": row["ratio_high"],
    }


def _pair_id(pair: CandidatePairRow, scorer: str) -> str:
    return content_id(
        "preference",
        template=load_form_template(GENERATE).version,
        chosen=pair["chosen"],
        rejected=pair["rejected"],
        scorer=scorer,
    )
