"""Stage assemble: SQL picks, a data set is put in the place of its last version, and drops say what is not in it.

The last write of each assembly is that of one data set, whose commit says from which versions it was built and how:
where these are the same, there is nothing to do, and where a run was killed before it, all is assembled again.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from storage.catalog import Catalog, questions, statement
from storage.columns import Table
from storage.dataset_tables import DEBUGGING_SFT, PREFERENCE_CORRECTNESS, PREFERENCE_EFFICIENCY, PREFERENCE_KTO
from storage.history import is_built
from storage.ids import content_id
from storage.lake import Lake, LakeSettings
from storage.settings import Settings
from storage.tables import DROPS
from tasks.assemble.assembly import assembly, stage_of
from tasks.assemble.examples import examples
from tasks.assemble.pairs import TRIED, labelled_examples, pair_examples, pick
from tasks.assemble.settings import AssembleSettings, PreferenceSettings
from tasks.plan import EFFICIENCY, SCORERS
from tasks.running.stage import stage

A_PART = 2000
ASSEMBLY_VERSION = 1
"""Raised by whoever changes, elsewhere than in SQL, what some rows become."""


@stage("assemble", "assemble-debugging_sft")
def assemble(settings: LakeSettings, how: AssembleSettings) -> int:
    """Rebuild debugging_sft from the whole lake; returns its rows. Writes only what changed."""
    lake = Lake(settings)
    pinned = lake.versions()
    built_by = _address(how, "debugging_sft", "dropped_debugging_sft")
    if is_built(lake, DEBUGGING_SFT, pinned, built_by):
        return _rows(lake, DEBUGGING_SFT)["debugging_sft"]
    with assembly(lake, pinned, (DEBUGGING_SFT,)) as made:
        for bucket, catalog in _parts(lake, pinned):
            found = examples(catalog.rows(statement("debugging_sft"), **how.model_dump()))
            catalog.register("made", found)
            dropped = catalog.arrow(statement("dropped_debugging_sft"), **how.model_dump())
            made.add(catalog, bucket, {DEBUGGING_SFT: found, DROPS: dropped})
        made.write(built_by)
        return made.rows[DEBUGGING_SFT.name]


@stage("assemble", "assemble-preference")
def assemble_preference(settings: LakeSettings, how: PreferenceSettings) -> dict[str, int]:
    """Rebuild the three preference data sets from the whole lake; returns the rows of each. Writes only what changed.

    In `drops` a row is a program (row_id: its attempt) that is in no example of the data set, or a pair (row_id: the
    example it would be) left out as `near_identical_pair`, even where its programs are in other pairs.
    """
    lake = Lake(settings)
    tables = (PREFERENCE_CORRECTNESS, PREFERENCE_KTO, PREFERENCE_EFFICIENCY)
    pinned = lake.versions()
    named = [name for table in tables for name in (table.name, f"dropped_{table.name}")]
    built_by = _address(how, "preference_programs", "preference_pairs", *named)
    if is_built(lake, PREFERENCE_CORRECTNESS, pinned, built_by):
        return _rows(lake, *tables)
    with assembly(lake, pinned, tables) as made:
        for bucket, catalog in _parts(lake, pinned):
            made.add(catalog, bucket, _preference(catalog, tables, how))
        made.write(built_by)
        return {table.name: made.rows[table.name] for table in tables}


def _parts(lake: Lake, pinned: Mapping[str, int]) -> Iterator[tuple[int, Catalog]]:
    """The lake by bucket, so many problems at a time that memory doesn't grow with it, however few its buckets are."""
    for bucket in range(lake.buckets):
        with Catalog(lake, pinned, bucket) as catalog:
            [problems] = catalog.rows("select count(*) as n from problems")
            count = max(1, math.ceil(problems["n"] / A_PART))
            if count == 1:
                yield bucket, catalog
                continue
        for number in range(count):
            with Catalog(lake, pinned, bucket, (number, count)) as catalog:
                yield bucket, catalog


def _preference(catalog: Catalog, tables: Sequence[Table], how: PreferenceSettings) -> dict[Table, pa.Table]:
    """Pairs, labelled programs, and drops."""
    found, drops, scorer = dict[Table, pa.Table](), [], ""
    for table in tables:
        wanted = EFFICIENCY if table is PREFERENCE_EFFICIENCY else SCORERS[how.scorer]
        values = {**how.model_dump(), "scorer": wanted, "tried": TRIED, "stage": stage_of(table)}
        if wanted != scorer:
            scorer = wanted
            catalog.register("programs", catalog.arrow(statement("preference_programs"), **values))
        found[table] = _labelled(catalog, values) if table is PREFERENCE_KTO else _paired(catalog, table, values, how)
        catalog.register("made", found[table])
        drops.append(catalog.arrow(statement(f"dropped_{table.name}"), **values))
    return {**found, DROPS: pa.concat_tables(drops)}


def _paired(catalog: Catalog, table: Table, values: dict[str, Any], how: PreferenceSettings) -> pa.Table:
    """Pairs; leaves the near-identical ones behind as `identical`."""
    codes = catalog.arrow("select attempt_id, code from programs where why is null")
    most = how.max_pairs if how.pairs == "all_above_gap" else 1
    picked, identical = pick(
        catalog.rows(statement(table.name), **values),
        dict(zip(codes["attempt_id"].to_pylist(), codes["code"].to_pylist(), strict=True)),
        values["scorer"], most, how.min_token_distance,
    )  # fmt: skip
    catalog.register("picked", picked)
    catalog.register("identical", identical)
    return pair_examples(table, catalog.rows(statement("preference_pairs"), **values))


def _labelled(catalog: Catalog, values: dict[str, Any]) -> pa.Table:
    """Single programs with a label."""
    return labelled_examples(PREFERENCE_KTO, catalog.rows(statement("preference_kto"), **values))


def _address(how: Settings, *statements: str) -> str:
    """Of all that decides what is assembled from given rows, the views that the statements ask among it."""
    texts = [questions(), *(statement(name) for name in statements)]
    return content_id("assembly", version=ASSEMBLY_VERSION, how=how.model_dump(mode="json"), sql=texts)


def _rows(lake: Lake, *tables: Table) -> dict[str, int]:
    with Catalog(lake) as catalog:
        return {t.name: catalog.rows(f"select count(*) as n from {t.name}")[0]["n"] for t in tables}  # noqa: S608
