"""Load the examples of a dataset into memory: as an Arrow table, or as a Dataset of Hugging Face's `datasets`."""

import os
from typing import TYPE_CHECKING, Literal, overload

import pyarrow as pa
from pydantic import ValidationError

from storage.catalog import Catalog
from storage.dataset_tables import DATASETS
from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings
from storage.settings import explain_validation

if TYPE_CHECKING:
    from datasets import Dataset


@overload
def load_examples(lake_path: str | os.PathLike[str], dataset: str, as_: Literal["arrow"] = "arrow") -> pa.Table: ...
@overload
def load_examples(lake_path: str | os.PathLike[str], dataset: str, as_: Literal["datasets"]) -> "Dataset": ...


def load_examples(
    lake_path: str | os.PathLike[str], dataset: str, as_: Literal["arrow", "datasets"] = "arrow"
) -> "pa.Table | Dataset":
    """Return all examples of a dataset, ordered by id: a shuffled order that is the same every time.

    >>> from patchmill import Lake, LakeSettings, load_examples
    >>> lake = Lake(LakeSettings(path="new-lake", buckets=4))
    >>> lake.buckets  # creates the lake
    4
    >>> load_examples("new-lake", "debugging_sft").num_rows
    0

    Args:
        lake_path: folder of the lake, or s3://BUCKET/PATH.
        dataset: debugging_sft, preference_correctness, preference_efficiency or preference_kto.
        as_: `arrow` for a pyarrow.Table, `datasets` for a datasets.Dataset.

    Raises:
        ConfigError: there is no such lake, dataset or form.
        LakeError: the lake cannot be read.
    """
    names = [table.name for table in DATASETS]
    if dataset not in names:
        raise ConfigError(f"dataset: expected one of {', '.join(names)}, got {dataset!r}", field="dataset")
    if as_ not in ("arrow", "datasets"):
        raise ConfigError(f"as_: expected arrow or datasets, got {as_!r}", field="as_")
    try:
        lake = Lake(LakeSettings(path=os.fspath(lake_path)))
    except ValidationError as error:
        raise ConfigError(f"lake_path: {explain_validation(error, LakeSettings)}", field="lake_path") from None
    if not lake.exists():
        raise ConfigError(f"{lake.root}: no lake there; create one with `patchmill run CONFIG`", field="lake_path")
    with Catalog(lake) as catalog:
        examples = catalog.arrow(f"select * from {dataset} order by example_id")  # noqa: S608 one of our own names
    if as_ == "arrow":
        return examples
    from datasets import Dataset  # takes seconds
    from datasets.table import InMemoryTable

    return Dataset(InMemoryTable(examples))
