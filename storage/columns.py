"""What a table is, and the columns that many of them share."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa


def column(name: str, kind: pa.DataType, about: str, null: bool = False) -> pa.Field:
    """One column with its description; never null unless said."""
    return pa.field(name, kind, nullable=null, metadata={"about": about})


def time(about: str) -> pa.Field:
    """When a row was made; no part of any id."""
    return column("created_at", pa.timestamp("us", tz="UTC"), about)


@dataclass(frozen=True)
class Table:
    """A table's name (also its folder and its view), key columns, meaning and schema."""

    name: str
    key: tuple[str, ...]
    about: str
    schema: pa.Schema
    replaceable: bool = False
    """Whether a row may take the place of one with the same key; rows of other tables are only added."""
    whole: bool = False
    """Whether a reader of one bucket sees all rows of the table, since they belong to no problem."""


Key = tuple[object, ...]
"""Values of a table's key columns, in their order."""


def key_of(table: Table, row: Mapping[str, object]) -> Key:
    """Return the key of a row."""
    return tuple(row[column] for column in table.key)


TEXT, INT, FLOAT = pa.string(), pa.int64(), pa.float64()
PROBLEM = (
    column("problem_id", TEXT, "the problem this belongs to"),
    column("bucket", pa.int32(), "partition: problem_id mod the lake's number of buckets"),
)
MODEL = (
    column("recipe_id", TEXT, "address of template, model and sampling: all rows made the same way share it"),
    column("sample_index", INT, "which of the samples of one prompt"),
    column("model", TEXT, "name of the model"),
    column("model_revision", TEXT, "its commit or hash; empty where none is known"),
    column("template", TEXT, "prompt template as name@hash of its text"),
    column("sampling", TEXT, "sampling values as JSON"),
    column("prompt_hash", TEXT, "address of the messages sent"),
    column("completion", TEXT, "the model's raw answer"),
    column("finish_reason", TEXT, "stop, length or other"),
    column("prompt_tokens", INT, "tokens of the prompt; counted on the first sample of a shared prompt"),
    column("completion_tokens", INT, "tokens of the answer"),
)
MESSAGES = pa.list_(pa.struct([pa.field("role", TEXT, nullable=False), pa.field("content", TEXT, nullable=False)]))
TEST_RESULTS = pa.list_(pa.struct([pa.field(name, TEXT, nullable=False) for name in ("test", "verdict", "message")]))


def plain(schema: pa.Schema) -> pa.Schema:
    """The schema without column descriptions: those live in storage/tables.py, not in every Parquet file."""
    return pa.schema([field.remove_metadata() for field in schema])
