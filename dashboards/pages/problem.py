"""One problem with every program, diagnosis and test that was written for it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboards.headings import heading
from dashboards.lineage import render_tree
from dashboards.markup import render_grid, render_legend, render_program, render_text
from dashboards.page import NO_VALUE, open_page, show_table
from dashboards.queries.problem import (
    PROBLEM,
    PROBLEM_ATTEMPTS,
    PROBLEM_DIAGNOSES,
    PROBLEM_MATRIX,
    PROBLEM_NO_TESTS,
    PROBLEM_SCORES,
    PROBLEM_TESTS,
    PROBLEMS,
    GeneratedTest,
    JudgedAttempt,
    ProblemDiagnosis,
    ProblemMatch,
    ProgramScore,
)
from dashboards.snapshot import LakeSnapshot
from dashboards.verdicts import verdict_words
from storage.rows import ProblemRow

MOST_ROOTS = 40
"""First attempts shown at once, with all their repairs."""
MOST_SIDE = 60
"""Programs, and tests, of the coloured grid."""


def page() -> None:
    """Show the problem that the user searches, or that the address names."""
    about = "Every program of one problem, with its verdicts, diagnoses and repairs."
    with open_page("Problem", about) as snapshot:
        problem = _pick_problem(snapshot)
        if problem is None:
            st.info("No problem matches; search by id, by name in the source, or by words of the prompt.")
            return
        key: dict[str, str | int] = {"problem": problem["problem_id"], "bucket": problem["bucket"]}
        attempts = snapshot.rows(PROBLEM_ATTEMPTS, **key)
        _show_task(problem)
        _show_attempts(attempts, snapshot.rows(PROBLEM_DIAGNOSES, **key))
        _show_tests(snapshot, key, attempts)


def _pick_problem(snapshot: LakeSnapshot) -> ProblemRow | None:
    """Return the problem that the user picks among those that a search finds; None where it finds none.

    The search starts with ?problem=ID of the address, which then follows what is picked.
    """
    if "search" not in st.session_state:
        st.session_state["search"] = st.query_params.get("problem", "")
    left, right = st.columns([2, 5])
    text = left.text_input("Search", key="search", placeholder="id, name or words of the prompt").strip()
    matches = snapshot.rows(PROBLEMS, text=text)
    if not matches:
        return None
    match = matches[right.selectbox("Problem", range(len(matches)), format_func=lambda n: _label(matches[n]))]
    st.query_params["problem"] = match["problem_id"]
    [problem] = snapshot.rows(PROBLEM, problem=match["problem_id"], bucket=match["bucket"])
    return problem


def _label(match: ProblemMatch) -> str:
    attempts = f"{match['right_at_once']} of {match['first_attempts']} right"
    repairs = f"{match['verified_repairs']} of {match['repairs']} repairs verified"
    return f"{match['source']} {match['source_id']} ({attempts}, {repairs}): {' '.join(match['prompt'].split())}"


def _show_task(problem: ProblemRow) -> None:
    left, right = st.columns(2)
    with left:
        st.subheader("Task", anchor=False)
        st.html(render_text(problem["prompt"]))
        facts = {
            "id": problem["problem_id"],
            "source": problem["source"],
            heading("source_id"): problem["source_id"],
            "licence": problem["licence"],
            "origin": problem["origin"],
            "entry point": problem["entry_point"],
        }
        show_table([{"field": name, "value": value} for name, value in facts.items() if value], "task")
    with right:
        st.subheader("Reference and own tests", anchor=False)
        if problem["reference"]:
            st.html(render_program(problem["context"] + problem["reference"]))
        else:
            st.caption("no reference")
        with st.expander(f"Tests that came with the problem ({problem['tests_kind']})"):
            st.html(render_text(problem["tests"]))


def _show_attempts(attempts: Sequence[JudgedAttempt], diagnoses: Sequence[ProblemDiagnosis]) -> None:
    st.subheader("Programs", anchor=False)
    roots = [attempt for attempt in attempts if not attempt["parent_attempt_id"]]
    verdicts = sorted({root["verdict"] for root in roots})
    left, right = st.columns([3, 1])
    picked = left.pills("Verdicts of first attempts", verdicts, selection_mode="multi", format_func=verdict_words)
    only_repaired = right.toggle("only repaired ones")
    parents = {attempt["parent_attempt_id"] for attempt in attempts}
    roots = [
        root
        for root in roots
        if root["verdict"] in (picked or verdicts) and (not only_repaired or root["attempt_id"] in parents)
    ]
    if len(roots) > MOST_ROOTS:
        start = st.slider("From", 1, len(roots), 1, MOST_ROOTS) - 1
        st.caption(f"{start + 1} to {min(start + MOST_ROOTS, len(roots))} of {len(roots)}")
        roots = roots[start : start + MOST_ROOTS]
    st.html(render_tree(attempts, diagnoses, roots) if roots else '<p class="pm-none">no programs</p>')


def _show_tests(snapshot: LakeSnapshot, key: Mapping[str, str | int], attempts: Sequence[JudgedAttempt]) -> None:
    tests = snapshot.rows(PROBLEM_TESTS, **key)
    if not tests:
        return
    st.subheader("Tests that a model wrote", anchor=False)
    st.caption(
        "Credibility comes from self-validation. A test that all programs pass, or none, tells no programs apart and "
        "has no credibility."
    )
    show_table(tests, "tests")
    if reasons := snapshot.rows(PROBLEM_NO_TESTS, **key):
        with st.expander("Parts of answers that are not tests"):
            show_table(reasons, "no tests")
    verdicts = {(cell["attempt_id"], cell["test"]): cell["verdict"] for cell in snapshot.rows(PROBLEM_MATRIX, **key)}
    if verdicts:
        _show_matrix(verdicts, tests, attempts, snapshot.rows(PROBLEM_SCORES, **key))


def _show_matrix(
    verdicts: Mapping[tuple[str, str], str],
    tests: Sequence[GeneratedTest],
    attempts: Sequence[JudgedAttempt],
    scores: Sequence[ProgramScore],
) -> None:
    """Show programs by tests: the best programs on top, the most credible tests on the left."""
    st.subheader("Programs by tests", anchor=False)
    values = {score["attempt_id"]: score["value"] for score in scores if score["scorer"].startswith("self_validation@")}
    own_verdicts = {attempt["attempt_id"]: verdict_words(attempt["verdict"]) for attempt in attempts}
    programs = sorted({program for program, _ in verdicts}, key=lambda program: (-values.get(program, -1.0), program))
    programs = programs[:MOST_SIDE]
    places = {test["test"]: place for place, test in enumerate(tests)}
    columns = sorted({test for _, test in verdicts}, key=lambda test: (places.get(test, len(places)), test))[:MOST_SIDE]
    labels = {
        program: " ".join(
            (
                program[:10],
                f"{values[program]:.3f}" if program in values else NO_VALUE,
                own_verdicts.get(program, ""),
            )
        )
        for program in programs
    }
    st.caption(
        "A row names the program, its score by self-validation, and its verdict on the problem's own tests. "
        "A column is a test; point at it to read it."
    )
    st.html(render_legend(verdict for (program, _), verdict in verdicts.items() if program in labels))
    st.html(render_grid(programs, columns, verdicts, labels))
