"""Declare every table of the lake; docs/tables.md and storage/rows are generated from here (`make docs`)."""

import pyarrow as pa

from storage.bug_tables import BUGS as BUGS
from storage.columns import FLOAT, INT, MODEL, PROBLEM, TEST_RESULTS, TEXT, Table, column, created_at
from storage.dataset_tables import DATASETS
from storage.plan_tables import PLANS as PLANS
from storage.plan_tables import SELECTIONS as SELECTIONS
from storage.request_tables import UNANSWERED_REQUESTS as UNANSWERED_REQUESTS

PROBLEMS = Table(
    "problems",
    ("problem_id",),
    "a task: a prompt, and the tests that came with it",
    pa.schema([
        *PROBLEM,
        column("source", TEXT, "name of the source"),
        column("source_id", TEXT, "the problem's name in its source"),
        column("prompt", TEXT, "the task in words"),
        column("entry_point", TEXT, "name that the tests call", null=True),
        column("context", TEXT, "code that stands before every solution"),
        column("tests_kind", TEXT, "asserts, check, stdio, calls or unittest"),
        column("tests", TEXT, "the tests as JSON"),
        column("reference", TEXT, "the source's own solution", null=True),
        column("licence", TEXT, "SPDX name of the licence"),
        column("origin", TEXT, "URL, file or commit it was taken from", null=True),
    ]),
    replaceable=True,
)  # fmt: skip
TESTS = Table(
    "tests",
    ("test_id",),
    "one test from a model's answer, or the reason why an answer holds none",
    pa.schema([
        column("test_id", TEXT, "address of problem, recipe, sample index and place in the answer"),
        *PROBLEM,
        *MODEL,
        column("position", INT, "place in the answer, from 0; answer and tokens stand in its first row alone"),
        column("test", TEXT, "one assert statement, in one spelling", null=True),
        column("no_test_reason", TEXT, "reason why this is no test", null=True),
        created_at("when the row was made"),
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
        column("code", TEXT, "the program in the answer", null=True),
        column("no_code_reason", TEXT, "reason why there is none", null=True),
        created_at("when the row was made"),
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
        column("exception_type", TEXT, "exception that ended the program", null=True),
        column("exception_message", TEXT, "message of that exception", null=True),
        column("feedback", TEXT, "text about the failure for a model that repairs; empty where passed"),
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
        created_at("when the row was made"),
    ]),
    replaceable=True,
)  # fmt: skip
MUTANTS = Table(
    "mutants",
    ("mutant_id", "suite_id", "judge_version"),
    "one wrong version of a reference, with the verdict of the problem's own tests on it",
    pa.schema([
        column("mutant_id", TEXT, "address of reference, mutator version and the mutant's code"),
        column("suite_id", TEXT, "address of which tests were run under which limits"),
        column("judge_version", INT, "version of the judge"),
        *PROBLEM,
        column("attempt_id", TEXT, "the reference it was made from"),
        column("mutator_version", INT, "version of the mutator"),
        column("mutant_index", INT, "its place among the reference's mutants; a setting of n judges the first n"),
        column("possible", INT, "mutants the reference has; null where more than were asked for", null=True),
        column("operator", TEXT, "kind of change"),
        column("line", INT, "line of the reference that was changed, from 1"),
        column("code", TEXT, "the program, without the reference's comments and layout"),
        column("verdict", TEXT, "as in executions; CPU time is limited to 5 times the reference's, 1 s at least"),
        column("killed", pa.bool_(), "whether some test failed; null where the verdict is infra", null=True),
        created_at("when the row was made"),
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
        column("feedback", TEXT, "text about the failure in the prompt"),
        column("explanation", TEXT, "the explanation in the answer", null=True),
        column("no_explanation_reason", TEXT, "reason why there is none", null=True),
        created_at("when the row was made"),
    ]),
)  # fmt: skip
RANKINGS = Table(
    "rankings",
    ("problem_id", "scorer"),
    "one scorer's ranking of the programs of a problem",
    pa.schema([
        *PROBLEM,
        column("scorer", TEXT, "name of the scorer with its version"),
        column("matrix_id", TEXT, "address of the programs, tests and judge whose verdicts were scored"),
        column("programs", INT, "programs scored"),
        column("tests", INT, "tests that every one of them was run on"),
        column("constant_tests", INT, "of these, left out: tests that all programs pass, or all fail"),
        column("change", pa.list_(FLOAT), "largest change of a score in each round, scores scaled to a largest of 1"),
        created_at("when the row was made"),
    ]),
    replaceable=True,
)  # fmt: skip
SCORES = Table(
    "scores",
    ("attempt_id", "scorer"),
    "a program's score by one scorer; scores of one matrix can be compared",
    pa.schema([
        column("attempt_id", TEXT, "the program"),
        column("scorer", TEXT, "name of the scorer with its version"),
        *PROBLEM,
        column("matrix_id", TEXT, "address of the programs, tests and judge that were scored together"),
        column("value", FLOAT, "the score"),
        column("parts", TEXT, "parts of the score, as JSON"),
        created_at("when the row was made"),
    ]),
    replaceable=True,
)  # fmt: skip
TEST_SCORES = Table(
    "test_scores",
    ("test_id", "scorer"),
    "a generated test's credibility by one scorer",
    pa.schema([
        column("test_id", TEXT, "the test"),
        column("scorer", TEXT, "name of the scorer with its version"),
        *PROBLEM,
        column("matrix_id", TEXT, "address of the programs, tests and judge that were scored together"),
        column("value", FLOAT, "its credibility, from 0 to 1; null for a test that tells no programs apart", null=True),
        column("passed", INT, "programs that pass it"),
        column("programs", INT, "programs that were run on it"),
        created_at("when the row was made"),
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
        created_at("when the row was made"),
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
        column("answer", TEXT, "address of the value it returned; empty where it returned none"),
        column("agreed", pa.bool_(), "whether the majority of the trusted programs returned the same"),
        column("cpu_ms", FLOAT, "CPU time of the process tree seen from outside, without import_ms and carry_ms"),
        column("import_ms", FLOAT, "CPU time that loading the program takes beyond loading an empty one, ms"),
        column("carry_ms", FLOAT, "CPU time of starting, and taking in this input, of a program that does nothing, ms"),
        created_at("when the row was made"),
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
    "one step from a seed to a task: the concepts in it, or the task made from them",
    pa.schema([
        column("idea_id", TEXT, "address of seed, step, recipe (a task's names the concepts') and sample index"),
        column("bucket", pa.int32(), "partition: as its seed's"),
        column("seed_id", TEXT, "the seed"),
        column("step", TEXT, "concepts or task"),
        *MODEL,
        column("text", TEXT, "the concepts, or the task in words", null=True),
        column("no_text_reason", TEXT, "reason why there is none", null=True),
        column("problem_id", TEXT, "the problem it makes; left out of `problems` if near another", null=True),
        created_at("when the row was made"),
    ]),
)  # fmt: skip
DROPS = Table(
    "drops",
    ("stage", "row_id"),
    "a row that a stage left out, with the reason",
    pa.schema([
        column("stage", TEXT, "stage that left it out, with its dataset where it builds several"),
        column("row_id", TEXT, "id of the row, or address of the bad line"),
        column("problem_id", TEXT, "the problem, where it is known", null=True),
        column("bucket", pa.int32(), "partition"),
        column("reason", TEXT, "the reason in one or two words"),
        column("detail", TEXT, "the particulars"),
    ]),
    replaceable=True,
)  # fmt: skip
AUDITS = Table(
    "audits",
    ("audit_id",),
    "the judge's latest verdict on one program of the table of attacks",
    pa.schema([
        column("audit_id", TEXT, "address of backend, judge version, environment and attack"),
        column("bucket", pa.int32(), "partition: always 0"),
        column("backend", TEXT, "sandbox that judged"),
        column("judge_version", INT, "version of the judge"),
        column("environment", TEXT, "kernel, Python, user, image and packages that the sandbox was made of"),
        column("attack", TEXT, "name of the program"),
        column("attack_class", TEXT, "kind of attack"),
        column("expected", pa.list_(TEXT), "verdicts that are right"),
        column("got", TEXT, "verdict of the judge"),
        column("flags", pa.list_(TEXT), "tampered, flaky, shared"),
        column("ok", pa.bool_(), "whether the verdict is among those expected and nothing was left behind"),
        column("left_behind", pa.list_(TEXT), "processes, files and sockets that outlived the run"),
        column("feedback", TEXT, "text about the failure for a model"),
        column("wall_ms", FLOAT, "elapsed, ms"),
        created_at("when the row was made"),
    ]),
    replaceable=True,
)  # fmt: skip
TABLES: tuple[Table, ...] = (
    PROBLEMS, SELECTIONS, PLANS, SEEDS, IDEAS, TESTS, ATTEMPTS, EXECUTIONS, MUTANTS, BUGS, DIAGNOSES, RANKINGS, SCORES,
    TEST_SCORES, INPUTS, TIMINGS, UNANSWERED_REQUESTS, DROPS, AUDITS, *DATASETS,
)  # fmt: skip


def table_folder(table: Table) -> str:
    """Return the folder of a table, below the lake's root."""
    return f"datasets/{table.name}" if table in DATASETS else table.name
