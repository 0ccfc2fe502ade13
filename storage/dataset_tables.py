"""Declare the datasets that are published. A row holds the ids that it was made from."""

import pyarrow as pa

from storage.columns import FLOAT, INT, MESSAGES, PROBLEM, TEXT, Table, column

DEBUGGING_SFT = Table(
    "debugging_sft",
    ("example_id",),
    "one supervised example: a repair in one of two forms, or a right first attempt",
    pa.schema([
        column("example_id", TEXT, "address of form and the rows it was made from"),
        *PROBLEM,
        column("form", TEXT, "repair, explain_repair or generate"),
        column("prompt", MESSAGES, "turns that carry no loss; the wrong program is among them"),
        column("completion", MESSAGES, "the one assistant turn to learn"),
        column("code", TEXT, "the right program"),
        column("wrong_code", TEXT, "the wrong program", null=True),
        column("explanation", TEXT, "explanation of its fault", null=True),
        column("wrong_verdict", TEXT, "verdict of the wrong program", null=True),
        column("source", TEXT, "source of the problem"),
        column("source_id", TEXT, "its name there"),
        column("licence", TEXT, "licence of the problem"),
        column("model", TEXT, "model that wrote the right program"),
        column("round", INT, "round of repair"),
        column("attempt_id", TEXT, "the right program"),
        column("parent_attempt_id", TEXT, "the wrong program", null=True),
        column("diagnosis_id", TEXT, "the explanation", null=True),
        column("judge_version", INT, "judge of its verdict"),
        column("origin", TEXT, "where wrong program and repair come from: model, sibling or injected", null=True),
        column("feedback", TEXT, "what the tests said about the wrong program", null=True),
        column("entry_point", TEXT, "name that the tests call", null=True),
        column("context", TEXT, "code that stands before every solution", null=True),
        column("tests", TEXT, "the problem's own tests as JSON", null=True),
        column("wrong_passed_tests", INT, "tests that the wrong program passes", null=True),
        column("total_tests", INT, "tests of the problem", null=True),
        column("bug", TEXT, "kinds of change that made the bug, where it was injected", null=True),
        column("bug_line", INT, "line of the right program that the bug is on, from 1", null=True),
        column("token_distance", FLOAT, "token edits between wrong and right program, over the longer's", null=True),
    ]),
)  # fmt: skip

PAIR_VERDICTS = pa.list_(pa.struct([pa.field(name, TEXT, nullable=False) for name in ("test", "chosen", "rejected")]))
PAIR = (
    column("prompt", MESSAGES, "the task and its interface, as the programs' authors saw them: one user turn"),
    column("chosen", MESSAGES, "the better answer: one assistant turn"),
    column("rejected", MESSAGES, "the worse answer: one assistant turn"),
    column("chosen_code", TEXT, "the better program"),
    column("rejected_code", TEXT, "the worse program"),
    column("chosen_attempt_id", TEXT, "the better program"),
    column("rejected_attempt_id", TEXT, "the worse program"),
    column("scorer", TEXT, "scorer that ranked the programs: name with version"),
    column("matrix_id", TEXT, "address of the programs, tests and judge that were scored together"),
    column("chosen_score", FLOAT, "score of the better"),
    column("rejected_score", FLOAT, "score of the worse"),
    column("gap", FLOAT, "difference of the scores"),
    column("verdicts", PAIR_VERDICTS, "every generated test that both were run on, with both verdicts"),
    column("token_distance", FLOAT, "edit distance of the two programs in tokens, over the longer's length"),
    column("chosen_passes", pa.bool_(), "whether the better passes the problem's own tests, if any", null=True),
    column("rejected_passes", pa.bool_(), "whether the worse does", null=True),
    column("source", TEXT, "source of the problem"),
    column("source_id", TEXT, "its name there"),
    column("licence", TEXT, "licence of the problem"),
    column("model", TEXT, "model that wrote the better program"),
    column("judge_version", INT, "judge of the verdicts"),
)
PREFERENCE_CORRECTNESS = Table(
    "preference_correctness",
    ("example_id",),
    "a more and a less correct program for one task, told apart by tests that a model wrote",
    pa.schema([column("example_id", TEXT, "address of template, the two programs and the scorer"), *PROBLEM, *PAIR]),
)
PREFERENCE_EFFICIENCY = Table(
    "preference_efficiency",
    ("example_id",),
    "a faster and a slower program for one task, both right by every trusted test",
    pa.schema([
        column("example_id", TEXT, "address of template, the two programs and the scorer"),
        *PROBLEM,
        *PAIR,
        column("ratio", FLOAT, "CPU time of the slower over that of the faster, on the same inputs"),
        column("ratio_low", FLOAT, "lower end of its bootstrap interval; above 1"),
        column("ratio_high", FLOAT, "upper end of it"),
    ]),
)  # fmt: skip
PREFERENCE_KTO = Table(
    "preference_kto",
    ("example_id",),
    "one program with a label, for training without pairs",
    pa.schema([
        column("example_id", TEXT, "address of template, program, scorer and label"),
        *PROBLEM,
        column("prompt", MESSAGES, "the task and its interface, as the program's author saw them: one user turn"),
        column("completion", MESSAGES, "the answer: one assistant turn"),
        column("label", pa.bool_(), "whether it is wanted"),
        column("code", TEXT, "the program"),
        column("attempt_id", TEXT, "the program"),
        column("scorer", TEXT, "scorer that ranked the programs: name with version"),
        column("matrix_id", TEXT, "address of the programs, tests and judge that were scored together"),
        column("score", FLOAT, "its score"),
        column("passes", pa.bool_(), "whether it passes the problem's own tests, if any", null=True),
        column("source", TEXT, "source of the problem"),
        column("source_id", TEXT, "its name there"),
        column("licence", TEXT, "licence of the problem"),
        column("model", TEXT, "model that wrote it"),
        column("judge_version", INT, "judge of the verdicts"),
    ]),
)  # fmt: skip

DATASETS: tuple[Table, ...] = (DEBUGGING_SFT, PREFERENCE_CORRECTNESS, PREFERENCE_EFFICIENCY, PREFERENCE_KTO)
