"""Preference examples: which of the pairs that SQL offers are taken, and the rows they and single programs become."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pyarrow as pa

from storage.columns import FLOAT, TEXT, Table
from storage.ids import content_id
from tasks.assemble.tokens import token_distance, tokens
from tasks.assemble.turns import template, turns

Row = Mapping[str, Any]
FORM = "generate"
TRIED = 50
"""Pairs of one problem that are looked at, near-identical ones included."""
PICKED = pa.schema([
    ("example_id", TEXT), ("problem_id", TEXT), ("bucket", pa.int32()), ("chosen", TEXT), ("rejected", TEXT),
    ("token_distance", FLOAT), ("ratio", FLOAT), ("ratio_low", FLOAT), ("ratio_high", FLOAT),
])  # fmt: skip


def pick(
    offered: Iterable[Row], codes: Mapping[str, str], scorer: str, most: int, least_distance: float
) -> tuple[pa.Table, pa.Table]:
    """Take the first pairs of each problem that are not near-identical.

    Args:
        offered: problem_id, bucket, chosen, rejected (attempts) and perhaps the ratio's columns, best pair first.
        codes: program by attempt.
        scorer: who says so, name with version.
        most: pairs of one problem.
        least_distance: pairs below it in token distance are near-identical.

    Returns:
        Pairs taken, and near-identical ones that came before enough were taken, both in PICKED's columns.
    """
    read = cache(lambda attempt: tokens(codes[attempt]))
    taken: list[Row] = []
    identical: list[Row] = []
    of_problem: Counter[str] = Counter()
    for pair in offered:
        if of_problem[pair["problem_id"]] == most:
            continue
        distance = token_distance(read(pair["chosen"]), read(pair["rejected"]))
        found = {**pair, "example_id": _address(pair, scorer), "token_distance": distance}
        if distance < least_distance:
            identical.append(found)
        else:
            taken.append(found)
            of_problem[pair["problem_id"]] += 1
    return pa.Table.from_pylist(taken, schema=PICKED), pa.Table.from_pylist(identical, schema=PICKED)


def _address(pair: Row, scorer: str) -> str:
    return content_id(
        "preference", template=template(FORM).version, chosen=pair["chosen"], rejected=pair["rejected"], scorer=scorer
    )


def pair_examples(table: Table, rows: Iterable[Row]) -> pa.Table:
    """Rows of preference_pairs.sql as examples in TRL's conversational preference form, sorted by id."""
    return _sorted(table, map(_pair, rows))


def _pair(row: Row) -> dict[str, Any]:
    *prompt, chosen = turns(FORM, {**row, "code": row["chosen_code"]})
    *_, rejected = turns(FORM, {**row, "code": row["rejected_code"]})
    said = {cell["test"]: cell["verdict"] for cell in row["rejected_verdicts"]}
    return {
        **row,
        "prompt": prompt,
        "chosen": [chosen],
        "rejected": [rejected],
        "chosen_attempt_id": row["chosen"],
        "rejected_attempt_id": row["rejected"],
        "gap": row["chosen_score"] - row["rejected_score"],
        "verdicts": [
            {"test": cell["test"], "chosen": cell["verdict"], "rejected": said[cell["test"]]}
            for cell in row["chosen_verdicts"]
            if cell["test"] in said
        ],
    }


def labelled_examples(table: Table, rows: Iterable[Row]) -> pa.Table:
    """Rows of preference_kto.sql as examples in TRL's conversational unpaired form, sorted by id."""
    return _sorted(table, map(_labelled, rows))


def _labelled(row: Row) -> dict[str, Any]:
    *prompt, answer = turns(FORM, row)
    address = content_id(
        "preference", template=template(FORM).version, attempt=row["attempt_id"], scorer=row["scorer"],
        label=row["label"],
    )  # fmt: skip
    return {**row, "example_id": address, "prompt": prompt, "completion": [answer]}


def _sorted(table: Table, made: Iterable[dict[str, Any]]) -> pa.Table:
    """Ids are hashes, so neighbours are of unlike problems, as KTO's trainer wants them to estimate its KL term."""
    return pa.Table.from_pylist(sorted(made, key=lambda e: str(e["example_id"])), schema=table.schema)
