"""The parts of a table's declaration, and the columns that several tables share."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa


def column(name: str, kind: pa.DataType, description: str, null: bool = False) -> pa.Field:
    """Declare a column; `null` says whether it may hold null."""
    return pa.field(name, kind, nullable=null, metadata={"description": description})


def created_at(description: str) -> pa.Field:
    """Declare the column with the time when a row was made, which is no part of any id."""
    return column("created_at", pa.timestamp("us", tz="UTC"), description)


def describe_column(field: pa.Field) -> str:
    """Return the description of a declared column."""
    return bytes((field.metadata or {})[b"description"]).decode()


@dataclass(frozen=True)
class Table:
    """Declaration of a table."""

    name: str
    """Also the name of its folder and of its view."""
    key: tuple[str, ...]
    """Columns that tell rows apart."""
    description: str
    """Meaning of a row."""
    schema: pa.Schema
    replaceable: bool = False
    """True where a row may take the place of one with the same key; rows of other tables are only added."""
    whole: bool = False
    """True where a reader of one bucket sees all rows, since they belong to no problem."""


Key = tuple[object, ...]
"""Values of a table's key columns, in their order."""


def key_of(table: Table, row: Mapping[str, object]) -> Key:
    """Return the key of a row."""
    return tuple(row[name] for name in table.key)


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
    column("completion", TEXT, "the model's answer as it came, without its thinking"),
    column("finish_reason", TEXT, "stop, length or other"),
    column("prompt_tokens", INT, "tokens of the prompt; counted on the first sample of a shared prompt"),
    column("completion_tokens", INT, "tokens of the answer"),
    column("reasoning", TEXT, "what the model thought before it answered", null=True),
    column("reader_version", INT, "version of the code that read the answer; null before versions", null=True),
)
MESSAGES = pa.list_(pa.struct([pa.field("role", TEXT, nullable=False), pa.field("content", TEXT, nullable=False)]))
TEST_RESULTS = pa.list_(pa.struct([pa.field(name, TEXT, nullable=False) for name in ("test", "verdict", "message")]))


def without_descriptions(schema: pa.Schema) -> pa.Schema:
    """Return the schema without column descriptions, as Parquet files have it."""
    return pa.schema([field.remove_metadata() for field in schema])
