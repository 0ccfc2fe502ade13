"""Stage assemble: SQL picks, a data set is put in the place of its last version, and drops say what is not in it."""

import pyarrow as pa

from storage.catalog import Catalog, statement
from storage.columns import Table
from storage.dataset_tables import DEBUGGING_SFT
from storage.lake import Lake, LakeSettings
from storage.tables import DROPS
from tasks.assemble.examples import examples
from tasks.assemble.settings import AssembleSettings
from tasks.stage import stage

STAGE = "assemble:debugging_sft"


@stage("assemble", "assemble-debugging_sft")
def assemble(settings: LakeSettings, how: AssembleSettings) -> int:
    """Rebuild debugging_sft from the whole lake, bucket by bucket; returns its rows. Writes only what changed."""
    lake = Lake(settings)
    made, drops, pinned = [], [], lake.versions()
    for bucket in range(lake.buckets):
        with Catalog(lake, pinned, bucket) as catalog:
            rows = catalog.rows(statement("debugging_sft"), **how.model_dump())
            made.append(examples(rows))
            catalog.register("made", made[-1])
            drops.append(catalog.arrow(statement("dropped_debugging_sft"), **how.model_dump()))
    data = pa.concat_tables(made)
    with Catalog(lake) as catalog:
        _replace(lake, catalog, DEBUGGING_SFT, data, None, pinned)
        _replace(lake, catalog, DROPS, pa.concat_tables(drops), f"stage = '{STAGE}'", pinned)
    return int(data.num_rows)


def _replace(
    lake: Lake, catalog: Catalog, table: Table, data: pa.Table, where: str | None, built_from: dict[str, int]
) -> None:
    data = data.cast(table.schema)
    order = ", ".join(table.key)
    held = catalog.arrow(f"select * from {table.name} where {where or 'true'} order by {order}")  # noqa: S608
    by_key = data.sort_by([(k, "ascending") for k in table.key])
    if not held.cast(table.schema).combine_chunks().equals(by_key.combine_chunks()):
        lake.replace(table, data, where, built_from)
