"""Stage assemble: build the datasets from the whole lake, and write to `drops` what they leave out.

The last write of an assembly is a dataset's, and its commit names the versions and the rules that it was built from.
Where these are still the same there is nothing to do. After a kill before that write everything is assembled again.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

import pyarrow as pa

from storage.catalog import Catalog
from storage.columns import Table
from storage.dataset_tables import DEBUGGING_SFT, PREFERENCE_CORRECTNESS, PREFERENCE_EFFICIENCY, PREFERENCE_KTO
from storage.history import is_built_from
from storage.lake import Lake, LakeSettings
from storage.statements import load_statement
from storage.tables import DROPS
from tasks.assemble.address import assembly_address
from tasks.assemble.assembly import drops_stage, open_assembly
from tasks.assemble.examples import VerifiedProgramRow, build_examples
from tasks.assemble.labels import LabelledProgramRow, build_labelled_examples
from tasks.assemble.pairs import CANDIDATE_PAIRS, CandidatePairRow, ScoredPairRow, build_pair_examples, pick_pairs
from tasks.assemble.settings import AssembleSettings, PreferenceSettings
from tasks.assemble.siblings import SIBLINGS, SiblingProgramRow, find_siblings
from tasks.running.stage import stage

PROBLEMS_PER_PART = 2000
"""Problems assembled at a time: memory does not grow with the lake, however few buckets it has."""
PREFERENCE_DATASETS = (PREFERENCE_CORRECTNESS, PREFERENCE_KTO, PREFERENCE_EFFICIENCY)


@stage("assemble", "assemble-debugging_sft")
def assemble_debugging(
    lake_settings: LakeSettings, settings: AssembleSettings, problems_per_part: int = PROBLEMS_PER_PART
) -> int:
    """Rebuild debugging_sft from the whole lake and write the buckets that changed.

    Returns:
        The number of its rows.
    """
    lake = Lake(lake_settings)
    versions = lake.versions()
    built_by = assembly_address(settings, "debugging_sft", "sibling_programs", "dropped_debugging_sft")
    if is_built_from(lake, DEBUGGING_SFT, versions, built_by):
        return _count_rows(lake, DEBUGGING_SFT)
    values = settings.model_dump()
    with open_assembly(lake, versions, (DEBUGGING_SFT,)) as assembly:
        for bucket, catalog in _parts(lake, versions, problems_per_part):
            catalog.register("siblings", _find_siblings(catalog, settings))
            rows = cast(Iterable[VerifiedProgramRow], catalog.rows(load_statement("debugging_sft"), **values))
            examples = build_examples(rows)
            catalog.register("examples", examples)
            drops = catalog.arrow(load_statement("dropped_debugging_sft"), **values)
            assembly.add(catalog, bucket, {DEBUGGING_SFT: examples, DROPS: drops})
        assembly.write(built_by)
        return assembly.count_rows()[DEBUGGING_SFT.name]


@stage("assemble", "assemble-preference")
def assemble_preference(
    lake_settings: LakeSettings,
    settings: PreferenceSettings,
    scorer: str,
    timing_scorer: str,
    problems_per_part: int = PROBLEMS_PER_PART,
) -> dict[str, int]:
    """Rebuild the three preference datasets from the whole lake and write the buckets that changed.

    A row of `drops` is a program (row_id: its attempt) that no example of the dataset holds. Or it is a near-identical
    pair (row_id: the example it would be), even where other pairs hold its programs.

    Args:
        lake_settings: the lake to read and write.
        settings: which programs become pairs.
        scorer: the lake's name of the scorer `settings.scorer`, with its version.
        timing_scorer: the lake's name of the scorer that preference_efficiency is built by, with its version.
        problems_per_part: problems assembled at a time.

    Returns:
        The number of rows by dataset.
    """
    lake = Lake(lake_settings)
    versions = lake.versions()
    names = [name for dataset in PREFERENCE_DATASETS for name in (dataset.name, f"dropped_{dataset.name}")]
    built_by = assembly_address(settings, "preference_programs", "preference_pairs", *names)
    if is_built_from(lake, PREFERENCE_CORRECTNESS, versions, built_by):
        return {dataset.name: _count_rows(lake, dataset) for dataset in PREFERENCE_DATASETS}
    with open_assembly(lake, versions, PREFERENCE_DATASETS) as assembly:
        for bucket, catalog in _parts(lake, versions, problems_per_part):
            scored = _build_preference(catalog, (PREFERENCE_CORRECTNESS, PREFERENCE_KTO), settings, scorer)
            timed = _build_preference(catalog, (PREFERENCE_EFFICIENCY,), settings, timing_scorer)
            drops = pa.concat_tables([scored[DROPS], timed[DROPS]])
            assembly.add(catalog, bucket, {**scored, **timed, DROPS: drops})
        assembly.write(built_by)
        counts = assembly.count_rows()
        return {dataset.name: counts[dataset.name] for dataset in PREFERENCE_DATASETS}


def _find_siblings(catalog: Catalog, settings: AssembleSettings) -> pa.Table:
    if "sibling" not in settings.origins:
        return SIBLINGS.empty_table()
    programs = catalog.rows(load_statement("sibling_programs"), siblings=settings.siblings, shared=settings.shared)
    return find_siblings(cast(Iterable[SiblingProgramRow], programs), settings.max_sibling_distance)


def _parts(lake: Lake, versions: Mapping[str, int], problems_per_part: int) -> Iterator[tuple[int, Catalog]]:
    """Yield each bucket with a catalog of it, several times with a part each where it holds many problems."""
    for bucket in range(lake.buckets):
        with Catalog(lake, versions, bucket) as catalog:
            [row] = catalog.rows("select count(*) as problems from problems")
            parts = max(1, math.ceil(row["problems"] / problems_per_part))
            if parts == 1:
                yield bucket, catalog
                continue
        for number in range(parts):
            with Catalog(lake, versions, bucket, (number, parts)) as catalog:
                yield bucket, catalog


def _build_preference(
    catalog: Catalog, datasets: Sequence[Table], settings: PreferenceSettings, scorer: str
) -> dict[Table, pa.Table]:
    """Build the examples and the drops of datasets that share a scorer."""
    values = {**settings.model_dump(), "scorer": scorer, "candidate_pairs": CANDIDATE_PAIRS}
    catalog.register("programs", catalog.arrow(load_statement("preference_programs"), **values))
    tables: dict[Table, pa.Table] = {}
    drops: list[pa.Table] = []
    for dataset in datasets:
        build = _build_labels if dataset is PREFERENCE_KTO else _build_pairs
        tables[dataset] = build(catalog, dataset, settings, values)
        catalog.register("examples", tables[dataset])
        drops.append(catalog.arrow(load_statement(f"dropped_{dataset.name}"), **values, stage=drops_stage(dataset)))
    return {**tables, DROPS: pa.concat_tables(drops)}


def _build_pairs(
    catalog: Catalog, dataset: Table, settings: PreferenceSettings, values: Mapping[str, object]
) -> pa.Table:
    """Build the examples of a dataset of pairs; register its near-identical pairs for the statement of its drops."""
    codes = catalog.arrow("select attempt_id, code from programs where exclusion is null")
    picked, near_identical = pick_pairs(
        cast(Iterable[CandidatePairRow], catalog.rows(load_statement(dataset.name), **values)),
        dict(zip(codes["attempt_id"].to_pylist(), codes["code"].to_pylist(), strict=True)),
        str(values["scorer"]),
        settings.max_pairs if settings.pairs == "all_above_gap" else 1,
        settings.min_token_distance,
    )
    catalog.register("picked_pairs", picked)
    catalog.register("near_identical_pairs", near_identical)
    rows = catalog.rows(load_statement("preference_pairs"), **values)
    return build_pair_examples(dataset, cast(Iterable[ScoredPairRow], rows))


def _build_labels(
    catalog: Catalog, dataset: Table, settings: PreferenceSettings, values: Mapping[str, object]
) -> pa.Table:
    """Build the examples of a dataset of labelled programs."""
    rows = catalog.rows(load_statement(dataset.name), **values)
    return build_labelled_examples(cast(Iterable[LabelledProgramRow], rows))


def _count_rows(lake: Lake, dataset: Table) -> int:
    with Catalog(lake) as catalog:
        [row] = catalog.rows(f"select count(*) as n from {dataset.name}")  # noqa: S608 declared name
        return int(row["n"])
