"""Declare the tables of plans: the meaning of each run, and its problems."""

import pyarrow as pa

from storage.columns import INT, PROBLEM, TEXT, Table, column, created_at

SELECTIONS = Table(
    "selections",
    ("selection_id", "problem_id"),
    "one problem that a configuration of sources names",
    pa.schema([column("selection_id", TEXT, "address of the set of problems"), *PROBLEM]),
)
PLANS = Table(
    "plans",
    ("plan_id",),
    "the meaning of one run: everything that decides which rows it wants",
    pa.schema([
        column("plan_id", TEXT, "address of all columns below but the last two"),
        column("bucket", pa.int32(), "partition: always 0"),
        column("products", pa.list_(TEXT), "debugging, preference: a stage that no product needs is not run"),
        column("selection_id", TEXT, "its problems (table selections)"),
        column("judge_version", INT, "version of the judge whose verdicts count"),
        column("conditions_id", TEXT, "address of limits, reruns and packages under which programs are judged"),
        column("suite_id", TEXT, "address of the problems' own tests under these conditions"),
        column("generate_recipe", TEXT, "how first attempts are asked for"),
        column("samples", INT, "first attempts per problem"),
        column("skip_failed_references", pa.bool_(), "whether problems whose own reference fails are left alone"),
        column("chain", TEXT, "two_calls, one_reply or direct: how explanation and repair are asked for"),
        column("rounds", INT, "rounds of repair"),
        column("diagnose_recipe", TEXT, "how explanations are asked for; null where the chain has none", null=True),
        column("diagnoses", INT, "explanations per wrong program"),
        column("repair_recipe", TEXT, "how repairs are asked for"),
        column("repairs", INT, "repairs per explanation, or per wrong program where the chain has none"),
        column("tests_recipe", TEXT, "how tests are asked for"),
        column("tests_samples", INT, "answers with tests per problem"),
        column("tests_per_problem", INT, "tests per problem that count, at most"),
        column("matrix_conditions_id", TEXT, "address of the conditions under which programs meet generated tests"),
        column("scorers", pa.list_(TEXT), "scorers that rank the programs"),
        column("score_settings", TEXT, "their settings as JSON"),
        column("timing_id", TEXT, "address of how programs are timed and compared"),
        column("timed_scorer", TEXT, "scorer whose best programs are timed"),
        column("timing_scorer", TEXT, "name under which speeds are scored"),
        column("timed_programs", INT, "programs timed per problem, at most"),
        column("mutants", INT, "mutants of each reference that are judged"),
        column("mutator_version", INT, "version of the mutation operators"),
        column("bugs", INT, "bugs injected per right program; null where none are", null=True),
        column("bug_programs", INT, "right programs per problem that get bugs, at most", null=True),
        column("bugs_version", TEXT, "version of the code that injects bugs", null=True),
        column("settings", TEXT, "models and settings in words, as JSON: for people, no part of the address"),
        created_at("when a run with this plan first began"),
    ]),
    whole=True,
)  # fmt: skip
