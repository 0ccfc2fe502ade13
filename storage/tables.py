"""Every table of the lake: its Arrow schema, its key, and what a row is. Column descriptions become docs/tables.md."""

import pyarrow as pa

from storage.columns import FLOAT, INT, MODEL, PROBLEM, TEST_RESULTS, TEXT, Table, column, time
from storage.dataset_tables import DATASETS
from storage.plan_tables import PLANS, SELECTIONS

PROBLEMS = Table(
    "problems",
    ("problem_id",),
    "a task: what to write, and the tests it came with",
    pa.schema([
        *PROBLEM,
        column("source", TEXT, "name of the source"),
        column("source_id", TEXT, "the problem's name in its source"),
        column("prompt", TEXT, "the task in words"),
        column("entry_point", TEXT, "what the tests call", null=True),
        column("context", TEXT, "code that stands before every solution"),
        column("tests_kind", TEXT, "asserts, check, stdio, calls or unittest"),
        column("tests", TEXT, "the tests as JSON"),
        column("reference", TEXT, "a solution the source calls right", null=True),
        column("licence", TEXT, "SPDX name of the licence"),
        column("origin", TEXT, "URL, file or commit it was taken from", null=True),
    ]),
    replaceable=True,
)  # fmt: skip
TESTS = Table(
    "tests",
    ("test_id",),
    "one test found in a model's answer, or the reason why an answer holds none",
    pa.schema([
        column("test_id", TEXT, "address of problem, recipe, sample index and place in the answer"),
        *PROBLEM,
        *MODEL,
        column("position", INT, "place in the answer, from 0; answer and tokens stand in its first row alone"),
        column("test", TEXT, "one assert statement, in one spelling", null=True),
        column("no_test_reason", TEXT, "why this is no test", null=True),
        time("when the row was made"),
    ]),
)  # fmt: skip
ATTEMPTS = Table(
    "attempts",
    ("attempt_id",),
    "one program for a problem; a repair is an attempt with a parent",
    pa.schema([
        column("attempt_id", TEXT, "address of problem, recipe, sample index, parent and diagnosis"),
        *PROBLEM,
        column("kind", TEXT, "reference, generate or repair"),
        column("round", INT, "0 for first attempts and references, r for the r-th round of repair"),
        column("parent_attempt_id", TEXT, "the wrong program this repairs", null=True),
        column("diagnosis_id", TEXT, "the explanation this repair was given", null=True),
        *MODEL,
        column("code", TEXT, "the program found in the answer", null=True),
        column("no_code_reason", TEXT, "why there is none", null=True),
        time("when the row was made"),
    ]),
)  # fmt: skip
EXECUTIONS = Table(
    "executions",
    ("attempt_id", "suite_id", "judge_version"),
    "one judged program",
    pa.schema([
        column("attempt_id", TEXT, "the program"),
        column("suite_id", TEXT, "address of which tests were run under which limits"),
        column("judge_version", INT, "version of the judge"),
        *PROBLEM,
        column("suite", TEXT, "given (the problem's own tests) or generated (some of those that a model wrote)"),
        column("conditions_id", TEXT, "address of the limits, reruns and packages in force, whatever the tests"),
        column("verdict", TEXT, "passed, or why not: see Verdict in judge/protocol.py"),
        column("flags", pa.list_(TEXT), "tampered, flaky, shared"),
        column("passed_tests", INT, "tests passed"),
        column("total_tests", INT, "tests expected"),
        column("tests", TEST_RESULTS, "verdict per test"),
        column("exception_type", TEXT, "what the program raised", null=True),
        column("exception_message", TEXT, "and said", null=True),
        column("feedback", TEXT, "what a repairing model is shown; empty where passed"),
        column("cpu_ms", FLOAT, "user + system time of the candidate's whole process tree, ms"),
        column("wall_ms", FLOAT, "elapsed, queue not counted, ms"),
        column("peak_mib", FLOAT, "peak memory of the tree, MiB"),
        column("signal", INT, "signal that ended the candidate", null=True),
        column("stdout_tail", TEXT, "end of its stdout"),
        column("stderr_tail", TEXT, "end of its stderr"),
        column("isolation", TEXT, "separate, shared or none (nothing was run)"),
        column("backend", TEXT, "sandbox that judged"),
        column("limits", TEXT, "limits in force as JSON"),
        column("evidence", TEXT, "further facts as JSON"),
        column("run_id", TEXT, "Prefect's id of the flow run that judged; empty outside a flow"),
        time("when the row was made"),
    ]),
    replaceable=True,
)  # fmt: skip
MUTANTS = Table(
    "mutants",
    ("mutant_id", "suite_id", "judge_version"),
    "one wrong version of a reference, and whether the problem's own tests tell it from the reference",
    pa.schema([
        column("mutant_id", TEXT, "address of reference, mutator version and the mutant's code"),
        column("suite_id", TEXT, "address of which tests were run under which limits"),
        column("judge_version", INT, "version of the judge"),
        *PROBLEM,
        column("attempt_id", TEXT, "the reference it was made from"),
        column("mutator_version", INT, "version of what makes mutants"),
        column("mutant_index", INT, "its place among the reference's mutants; a setting of n judges the first n"),
        column("possible", INT, "mutants the reference has; null where more than were asked for", null=True),
        column("operator", TEXT, "kind of change"),
        column("line", INT, "line of the reference that was changed, from 1"),
        column("code", TEXT, "the program, without the reference's comments and layout"),
        column("verdict", TEXT, "as in executions; CPU time is limited to 5 times the reference's, 1 s at least"),
        column("killed", pa.bool_(), "whether some test failed; null where the verdict is infra", null=True),
        time("when the row was made"),
    ]),
    replaceable=True,
)  # fmt: skip
DIAGNOSES = Table(
    "diagnoses",
    ("diagnosis_id",),
    "one explanation of one failure",
    pa.schema([
        column("diagnosis_id", TEXT, "address of attempt, recipe and sample index"),
        *PROBLEM,
        column("attempt_id", TEXT, "the wrong program"),
        *MODEL,
        column("feedback", TEXT, "what the model was told about the failure"),
        column("explanation", TEXT, "the explanation found in the answer", null=True),
        column("no_explanation_reason", TEXT, "why there is none", null=True),
        time("when the row was made"),
    ]),
)  # fmt: skip
RANKINGS = Table(
    "rankings",
    ("problem_id", "scorer"),
    "how a scorer came to its scores of one problem's programs",
    pa.schema([
        *PROBLEM,
        column("scorer", TEXT, "name of the scorer with its version"),
        column("matrix_id", TEXT, "address of the programs, tests and judge whose verdicts were scored"),
        column("programs", INT, "programs scored"),
        column("tests", INT, "tests that every one of them was run on"),
        column("constant_tests", INT, "of these, tests that all programs pass or none: they say nothing, left out"),
        column("change", pa.list_(FLOAT), "largest change of a score in each round, scores scaled to a largest of 1"),
        time("when the row was made"),
    ]),
    replaceable=True,
)  # fmt: skip
SCORES = Table(
    "scores",
    ("attempt_id", "scorer"),
    "what a scorer said of a program; scores of one matrix can be compared",
    pa.schema([
        column("attempt_id", TEXT, "the program"),
        column("scorer", TEXT, "name of the scorer with its version"),
        *PROBLEM,
        column("matrix_id", TEXT, "address of what was scored together"),
        column("value", FLOAT, "the score"),
        column("parts", TEXT, "what it was made of, as JSON"),
        time("when the row was made"),
    ]),
    replaceable=True,
)  # fmt: skip
TEST_SCORES = Table(
    "test_scores",
    ("test_id", "scorer"),
    "how far a scorer trusts a test that a model wrote",
    pa.schema([
        column("test_id", TEXT, "the test"),
        column("scorer", TEXT, "name of the scorer with its version"),
        *PROBLEM,
        column("matrix_id", TEXT, "address of what was scored together"),
        column("value", FLOAT, "its credibility, from 0 to 1; null for a test that says nothing", null=True),
        column("passed", INT, "programs that pass it"),
        column("programs", INT, "programs that were run on it"),
        time("when the row was made"),
    ]),
    replaceable=True,
)  # fmt: skip
INPUTS = Table(
    "inputs",
    ("input_id",),
    "one kind of input that programs are timed on: a trusted test's, made larger",
    pa.schema([
        column("input_id", TEXT, "address of call, scale, limits, how it is measured, and the programs compared"),
        *PROBLEM,
        column("test_id", TEXT, "the trusted test it was made from"),
        column("scale", FLOAT, "how many times as large as the test's own; the same size in every repeat"),
        column("example", TEXT, "the call of the first repeat; others have other values of the same size, cut at 500"),
        column("programs", INT, "programs that were timed on it"),
        column("agreeing", INT, "programs that gave the majority's answer in every repeat"),
        time("when the row was made"),
    ]),
    replaceable=True,
)  # fmt: skip
TIMINGS = Table(
    "timings",
    ("attempt_id", "input_id", "repeat"),
    "one measurement of a program's speed, in a process and on values of its own",
    pa.schema([
        column("attempt_id", TEXT, "the program"),
        column("input_id", TEXT, "the kind of input"),
        column("repeat", INT, "which repeat; programs compared on it got the same values, one after another"),
        *PROBLEM,
        column("verdict", TEXT, "passed where it gave an answer within its limits"),
        column("answer", TEXT, "address of what it returned; empty where nothing came"),
        column("agreed", pa.bool_(), "whether that is what the majority of the trusted programs returned"),
        column("cpu_ms", FLOAT, "CPU time of the process tree seen from outside, without import_ms and carry_ms"),
        column("import_ms", FLOAT, "CPU time that loading the program takes beyond loading an empty one, ms"),
        column("carry_ms", FLOAT, "CPU time of starting, and taking in this input, of a program that does nothing, ms"),
        time("when the row was made"),
    ]),
)  # fmt: skip
SEEDS = Table(
    "seeds",
    ("seed_id",),
    "a function or class of an open-source package, from which a task is to be made",
    pa.schema([
        column("seed_id", TEXT, "address of package, path, name and code"),
        column("bucket", pa.int32(), "partition: seed_id mod the lake's number of buckets"),
        column("source", TEXT, "name of the source that it was mined by"),
        column("package", TEXT, "name of the package or repository"),
        column("version", TEXT, "its version; empty where none is known"),
        column("commit", TEXT, "commit of the checkout", null=True),
        column("path", TEXT, "file below the root of the package"),
        column("line", INT, "where it stands in the file, from 1"),
        column("kind", TEXT, "function or class"),
        column("name", TEXT, "its name"),
        column("signature", TEXT, "its first lines, as a caller needs them"),
        column("code", TEXT, "the whole of it"),
        column("licence", TEXT, "SPDX name of the licence"),
        column("licence_file", TEXT, "its licence file, below the checkout or the folder of packages"),
    ]),
)  # fmt: skip
IDEAS = Table(
    "ideas",
    ("idea_id",),
    "one step from a seed to a task: the concepts found in it, or the task that was made of them",
    pa.schema([
        column("idea_id", TEXT, "address of seed, step, recipe (a task's names the concepts') and sample index"),
        column("bucket", pa.int32(), "partition: as its seed's"),
        column("seed_id", TEXT, "the seed"),
        column("step", TEXT, "concepts or task"),
        *MODEL,
        column("text", TEXT, "the concepts, or the task in words", null=True),
        column("no_text_reason", TEXT, "why there is none", null=True),
        column("problem_id", TEXT, "the problem it makes; left out of `problems` if near another", null=True),
        time("when the row was made"),
    ]),
)  # fmt: skip
DROPS = Table(
    "drops",
    ("stage", "row_id"),
    "what was left out, where and why",
    pa.schema([
        column("stage", TEXT, "stage, and the data set where there is one, that left it out"),
        column("row_id", TEXT, "id of the row, or address of the bad line"),
        column("problem_id", TEXT, "the problem, where it is known", null=True),
        column("bucket", pa.int32(), "partition"),
        column("reason", TEXT, "one word or two, to group by"),
        column("detail", TEXT, "the particulars"),
    ]),
    replaceable=True,
)  # fmt: skip
AUDITS = Table(
    "audits",
    ("audit_id",),
    "what the judge said of one program of the table of attacks, when it was last asked",
    pa.schema([
        column("audit_id", TEXT, "address of backend, judge version, environment and attack"),
        column("bucket", pa.int32(), "partition: always 0"),
        column("backend", TEXT, "sandbox that judged"),
        column("judge_version", INT, "version of the judge"),
        column("environment", TEXT, "kernel, Python, user, image and packages that the sandbox was made of"),
        column("attack", TEXT, "name of the program"),
        column("attack_class", TEXT, "what it is up to"),
        column("expected", pa.list_(TEXT), "verdicts it may get"),
        column("got", TEXT, "verdict it got"),
        column("flags", pa.list_(TEXT), "tampered, flaky, shared"),
        column("ok", pa.bool_(), "whether the verdict is right and nothing was left"),
        column("left_behind", pa.list_(TEXT), "processes, files and sockets that outlived the run"),
        column("feedback", TEXT, "what a model would be shown"),
        column("wall_ms", FLOAT, "elapsed, ms"),
        time("when the row was made"),
    ]),
    replaceable=True,
)  # fmt: skip
TABLES: tuple[Table, ...] = (
    PROBLEMS, SELECTIONS, PLANS, SEEDS, IDEAS, TESTS, ATTEMPTS, EXECUTIONS, MUTANTS, DIAGNOSES, RANKINGS, SCORES,
    TEST_SCORES, INPUTS, TIMINGS, DROPS, AUDITS, *DATASETS,
)  # fmt: skip


def folder(table: Table) -> str:
    """Where a table lies below the lake's root."""
    return f"datasets/{table.name}" if table in DATASETS else table.name
