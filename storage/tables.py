"""Every table of the lake: its Arrow schema, its key, and what a row is. Column descriptions become docs/tables.md."""

from dataclasses import dataclass

import pyarrow as pa


def _column(name: str, kind: pa.DataType, about: str, null: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=null, metadata={"about": about})


def _time(about: str) -> pa.Field:
    return _column("created_at", pa.timestamp("us", tz="UTC"), about)


@dataclass(frozen=True)
class Table:
    """A table's name (also its folder and its view), key columns, meaning and schema."""

    name: str
    key: tuple[str, ...]
    about: str
    schema: pa.Schema


TEXT, INT, FLOAT = pa.string(), pa.int64(), pa.float64()
_PROBLEM = (
    _column("problem_id", TEXT, "the problem this belongs to"),
    _column("bucket", pa.int32(), "partition: problem_id mod the lake's number of buckets"),
)
_MODEL = (
    _column("recipe_id", TEXT, "address of template, model and sampling: all rows made the same way share it"),
    _column("sample_index", INT, "which of the samples of one prompt"),
    _column("model", TEXT, "name of the model"),
    _column("model_revision", TEXT, "its commit or hash; empty where none is known"),
    _column("template", TEXT, "prompt template as name@hash of its text"),
    _column("sampling", TEXT, "sampling values as JSON"),
    _column("prompt_hash", TEXT, "address of the messages sent"),
    _column("completion", TEXT, "the model's raw answer"),
    _column("finish_reason", TEXT, "stop, length or other"),
    _column("prompt_tokens", INT, "tokens of the prompt; counted on the first sample of a shared prompt"),
    _column("completion_tokens", INT, "tokens of the answer"),
)
MESSAGES = pa.list_(pa.struct([pa.field("role", TEXT, nullable=False), pa.field("content", TEXT, nullable=False)]))
TEST_RESULTS = pa.list_(pa.struct([pa.field(name, TEXT, nullable=False) for name in ("test", "verdict", "message")]))

PROBLEMS = Table(
    "problems",
    ("problem_id",),
    "a task: what to write, and the tests it came with",
    pa.schema([
        *_PROBLEM,
        _column("source", TEXT, "name of the source"),
        _column("source_id", TEXT, "the problem's name in its source"),
        _column("prompt", TEXT, "the task in words"),
        _column("entry_point", TEXT, "what the tests call", null=True),
        _column("context", TEXT, "code that stands before every solution"),
        _column("tests_kind", TEXT, "asserts, check, stdio, calls or unittest"),
        _column("tests", TEXT, "the tests as JSON"),
        _column("reference", TEXT, "a solution the source calls right", null=True),
        _column("licence", TEXT, "SPDX name of the licence"),
        _column("origin", TEXT, "URL, file or commit it was taken from", null=True),
    ]),
)  # fmt: skip
SELECTIONS = Table(
    "selections",
    ("selection_id", "problem_id"),
    "which problems one configuration of sources names",
    pa.schema([_column("selection_id", TEXT, "address of the set of problems"), *_PROBLEM]),
)
TESTS = Table(
    "tests",
    ("test_id",),
    "one test that a model wrote for a problem",
    pa.schema([
        _column("test_id", TEXT, "address of problem and test text"),
        *_PROBLEM,
        *_MODEL,
        _column("test", TEXT, "one assert statement"),
        _time("when the row was made"),
    ]),
)  # fmt: skip
ATTEMPTS = Table(
    "attempts",
    ("attempt_id",),
    "one program for a problem; a repair is an attempt with a parent",
    pa.schema([
        _column("attempt_id", TEXT, "address of problem, recipe, sample index, parent and diagnosis"),
        *_PROBLEM,
        _column("kind", TEXT, "reference, generate or repair"),
        _column("round", INT, "0 for first attempts and references, r for the r-th round of repair"),
        _column("parent_attempt_id", TEXT, "the wrong program this repairs", null=True),
        _column("diagnosis_id", TEXT, "the explanation this repair was given", null=True),
        *_MODEL,
        _column("code", TEXT, "the program found in the answer", null=True),
        _column("no_code_reason", TEXT, "why there is none", null=True),
        _time("when the row was made"),
    ]),
)  # fmt: skip
EXECUTIONS = Table(
    "executions",
    ("attempt_id", "suite_id", "judge_version"),
    "one judged program",
    pa.schema([
        _column("attempt_id", TEXT, "the program"),
        _column("suite_id", TEXT, "address of which tests were run under which limits"),
        _column("judge_version", INT, "version of the judge"),
        *_PROBLEM,
        _column("suite", TEXT, "given (the problem's own tests) or generated"),
        _column("verdict", TEXT, "passed, or why not: see Verdict in tasks/sandbox/protocol.py"),
        _column("flags", pa.list_(TEXT), "tampered, flaky, shared"),
        _column("passed_tests", INT, "tests passed"),
        _column("total_tests", INT, "tests expected"),
        _column("tests", TEST_RESULTS, "verdict per test"),
        _column("exception_type", TEXT, "what the program raised", null=True),
        _column("exception_message", TEXT, "and said", null=True),
        _column("feedback", TEXT, "what a repairing model is shown; empty where passed"),
        _column("cpu_ms", FLOAT, "user + system time of the candidate's whole process tree, ms"),
        _column("wall_ms", FLOAT, "elapsed, queue not counted, ms"),
        _column("peak_mib", FLOAT, "peak memory of the tree, MiB"),
        _column("signal", INT, "signal that ended the candidate", null=True),
        _column("stdout_tail", TEXT, "end of its stdout"),
        _column("stderr_tail", TEXT, "end of its stderr"),
        _column("isolation", TEXT, "separate, shared or none (nothing was run)"),
        _column("backend", TEXT, "sandbox that judged"),
        _column("limits", TEXT, "limits in force as JSON"),
        _column("evidence", TEXT, "further facts as JSON"),
        _column("run_id", TEXT, "Prefect's id of the flow run that judged; empty outside a flow"),
        _time("when the row was made"),
    ]),
)  # fmt: skip
MUTANTS = Table(
    "mutants",
    ("mutant_id", "suite_id", "judge_version"),
    "one wrong version of a reference, and whether the problem's own tests tell it from the reference",
    pa.schema([
        _column("mutant_id", TEXT, "address of reference, mutator version and the mutant's code"),
        _column("suite_id", TEXT, "address of which tests were run under which limits"),
        _column("judge_version", INT, "version of the judge"),
        *_PROBLEM,
        _column("attempt_id", TEXT, "the reference it was made from"),
        _column("mutator_version", INT, "version of what makes mutants"),
        _column("mutant_index", INT, "its place among the reference's mutants; a setting of n judges the first n"),
        _column("possible", INT, "mutants the reference has; null where more than were asked for", null=True),
        _column("operator", TEXT, "kind of change"),
        _column("line", INT, "line of the reference that was changed, from 1"),
        _column("code", TEXT, "the program, without the reference's comments and layout"),
        _column("verdict", TEXT, "as in executions; CPU time is limited to 5 times the reference's, 1 s at least"),
        _column("killed", pa.bool_(), "whether some test failed; null where the verdict is infra", null=True),
        _time("when the row was made"),
    ]),
)  # fmt: skip
DIAGNOSES = Table(
    "diagnoses",
    ("diagnosis_id",),
    "one explanation of one failure",
    pa.schema([
        _column("diagnosis_id", TEXT, "address of attempt, recipe and sample index"),
        *_PROBLEM,
        _column("attempt_id", TEXT, "the wrong program"),
        *_MODEL,
        _column("feedback", TEXT, "what the model was told about the failure"),
        _column("explanation", TEXT, "the explanation found in the answer", null=True),
        _column("no_explanation_reason", TEXT, "why there is none", null=True),
        _time("when the row was made"),
    ]),
)  # fmt: skip
SCORES = Table(
    "scores",
    ("attempt_id", "scorer"),
    "what a scorer said of a program",
    pa.schema([
        _column("attempt_id", TEXT, "the program"),
        _column("scorer", TEXT, "name of the scorer with its version"),
        *_PROBLEM,
        _column("value", FLOAT, "the score"),
        _column("parts", TEXT, "what it was made of, as JSON"),
        _time("when the row was made"),
    ]),
)  # fmt: skip
TIMINGS = Table(
    "timings",
    ("attempt_id", "input_id", "repeat"),
    "one measurement of a program's speed",
    pa.schema([
        _column("attempt_id", TEXT, "the program"),
        _column("input_id", TEXT, "address of the input"),
        _column("repeat", INT, "which repeat"),
        *_PROBLEM,
        _column("cpu_ms", FLOAT, "CPU time of the run, import left out, ms"),
        _column("import_ms", FLOAT, "CPU time of the import, ms"),
        _time("when the row was made"),
    ]),
)  # fmt: skip
DROPS = Table(
    "drops",
    ("stage", "row_id"),
    "what was left out, where and why",
    pa.schema([
        _column("stage", TEXT, "stage, and the data set where there is one, that left it out"),
        _column("row_id", TEXT, "id of the row, or address of the bad line"),
        _column("problem_id", TEXT, "the problem, where it is known", null=True),
        _column("bucket", pa.int32(), "partition"),
        _column("reason", TEXT, "one word or two, to group by"),
        _column("detail", TEXT, "the particulars"),
    ]),
)  # fmt: skip
AUDITS = Table(
    "audits",
    ("audit_id",),
    "what the judge said of one program of the table of attacks, when it was last asked",
    pa.schema([
        _column("audit_id", TEXT, "address of backend, judge version, environment and attack"),
        _column("bucket", pa.int32(), "partition: always 0"),
        _column("backend", TEXT, "sandbox that judged"),
        _column("judge_version", INT, "version of the judge"),
        _column("environment", TEXT, "kernel, Python, user, image and packages that the sandbox was made of"),
        _column("attack", TEXT, "name of the program"),
        _column("attack_class", TEXT, "what it is up to"),
        _column("expected", pa.list_(TEXT), "verdicts it may get"),
        _column("got", TEXT, "verdict it got"),
        _column("flags", pa.list_(TEXT), "tampered, flaky, shared"),
        _column("ok", pa.bool_(), "whether the verdict is right and nothing was left"),
        _column("left_behind", pa.list_(TEXT), "processes, files and sockets that outlived the run"),
        _column("feedback", TEXT, "what a model would be shown"),
        _column("wall_ms", FLOAT, "elapsed, ms"),
        _time("when the row was made"),
    ]),
)  # fmt: skip
DEBUGGING_SFT = Table(
    "debugging_sft",
    ("example_id",),
    "one supervised example: a repair in one of two forms, or a right first attempt",
    pa.schema([
        _column("example_id", TEXT, "address of form and the rows it was made from"),
        *_PROBLEM,
        _column("form", TEXT, "repair, explain_repair or generate"),
        _column("prompt", MESSAGES, "turns that carry no loss; the wrong program is among them"),
        _column("completion", MESSAGES, "the one assistant turn to learn"),
        _column("code", TEXT, "the right program"),
        _column("wrong_code", TEXT, "the wrong program", null=True),
        _column("explanation", TEXT, "what was wrong with it", null=True),
        _column("wrong_verdict", TEXT, "verdict of the wrong program", null=True),
        _column("source", TEXT, "source of the problem"),
        _column("source_id", TEXT, "its name there"),
        _column("licence", TEXT, "licence of the problem"),
        _column("model", TEXT, "who wrote the right program"),
        _column("round", INT, "round of repair"),
        _column("attempt_id", TEXT, "the right program"),
        _column("parent_attempt_id", TEXT, "the wrong program", null=True),
        _column("diagnosis_id", TEXT, "the explanation", null=True),
        _column("judge_version", INT, "judge that called it right"),
    ]),
)  # fmt: skip

DATASETS: tuple[Table, ...] = (DEBUGGING_SFT,)
TABLES: tuple[Table, ...] = (
    PROBLEMS, SELECTIONS, TESTS, ATTEMPTS, EXECUTIONS, MUTANTS, DIAGNOSES, SCORES, TIMINGS, DROPS, AUDITS, *DATASETS,
)  # fmt: skip


def folder(table: Table) -> str:
    """Where a table lies below the lake's root."""
    return f"datasets/{table.name}" if table in DATASETS else table.name


def as_markdown() -> str:
    """The whole of docs/tables.md."""
    lines = ["# Tables", "", "Made from `storage/tables.py` by `make docs`; a test keeps the two equal.", ""]
    for table in TABLES:
        lines += [f"## {table.name}", "", f"{table.about}. Key: {', '.join(f'`{k}`' for k in table.key)}.", ""]
        lines += ["| column | type | null | what |", "|---|---|---|---|"]
        for field in table.schema:
            about = (field.metadata or {})[b"about"].decode()
            kind = str(field.type).replace("|", "\\|").replace(" not null", "")
            lines.append(f"| {field.name} | {kind} | {'yes' if field.nullable else ''} | {about} |")
        lines.append("")
    return "\n".join(lines)
