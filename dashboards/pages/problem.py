"""One problem with everything that was written for it."""

from typing import Any

import streamlit as st

from dashboards.lineage import tree
from dashboards.markup import grid, legend, program, words
from dashboards.page import Ask, frame, shown

Rows = list[dict[str, Any]]
MOST_ROOTS = 40
"""First attempts shown at once, with all their repairs."""
MOST_SIDE = 60
"""Programs, and tests, of the coloured grid."""


def page() -> None:
    with shown(
        "Problem", "Every program of one problem, what the judge and models said of it, and what came of that."
    ) as ask:
        problem = _pick(ask)
        if problem is None:
            st.info("No problem matches; search by id, by name in the source, or by words of the prompt.")
            return
        at = {"problem": problem["problem_id"], "bucket": problem["bucket"]}
        attempts, scores = ask("problem_attempts", **at), ask("problem_scores", **at)
        _task(problem)
        _attempts(attempts, ask("problem_diagnoses", **at))
        _tests(ask, at, attempts, scores)


def _pick(ask: Ask) -> dict[str, Any] | None:
    """By search, or by ?problem=ID in the address, which follows what is picked."""
    if "search" not in st.session_state:
        st.session_state["search"] = st.query_params.get("problem", "")
    left, right = st.columns([2, 5])
    text = left.text_input("Search", key="search", placeholder="id, name or words of the prompt").strip()
    found = ask("problems", text=text)
    if not found:
        return None
    picked = right.selectbox("Problem", range(len(found)), format_func=lambda n: _name(found[n]))
    st.query_params["problem"] = found[picked]["problem_id"]
    [problem] = ask("problem", problem=found[picked]["problem_id"], bucket=found[picked]["bucket"])
    return problem


def _name(row: dict[str, Any]) -> str:
    repairs = f"{row['verified_repairs']} of {row['repairs']} repairs verified"
    told = f"{row['right_at_once']} of {row['first_attempts']} right, {repairs}"
    return f"{row['source']} {row['source_id']} ({told}): {' '.join(row['prompt'].split())}"


def _task(problem: dict[str, Any]) -> None:
    left, right = st.columns(2)
    with left:
        st.subheader("Task", anchor=False)
        st.html(words(problem["prompt"]))
        about = {
            name: problem[name] for name in ("problem_id", "source", "source_id", "licence", "origin", "entry_point")
        }
        frame([{"what": name, "value": value} for name, value in about.items() if value], "task")
    with right:
        st.subheader("Reference and own tests", anchor=False)
        if problem["reference"]:
            st.html(program(problem["context"] + problem["reference"]))
        else:
            st.caption("no reference")
        with st.expander(f"Tests that it came with ({problem['tests_kind']})"):
            st.html(words(problem["tests"]))


def _attempts(attempts: Rows, diagnoses: Rows) -> None:
    st.subheader("Programs", anchor=False)
    roots = [row for row in attempts if not row["parent_attempt_id"]]
    verdicts = sorted({row["verdict"] for row in roots})
    left, right = st.columns([3, 1])
    wanted = left.pills("Verdicts of first attempts", verdicts, selection_mode="multi") or verdicts
    repaired = right.toggle("only repaired ones")
    parents = {row["parent_attempt_id"] for row in attempts}
    roots = [r for r in roots if r["verdict"] in wanted and (not repaired or r["attempt_id"] in parents)]
    if len(roots) > MOST_ROOTS:
        start = st.slider("From", 1, len(roots), 1, MOST_ROOTS) - 1
        st.caption(f"{start + 1} to {min(start + MOST_ROOTS, len(roots))} of {len(roots)}")
        roots = roots[start : start + MOST_ROOTS]
    st.html(tree(attempts, diagnoses, roots) if roots else '<p class="pm-none">no programs</p>')


def _tests(ask: Ask, at: dict[str, Any], attempts: Rows, scores: Rows) -> None:
    tests = ask("problem_tests", **at)
    if not tests:
        return
    st.subheader("Tests that a model wrote", anchor=False)
    st.caption(
        "Credibility is what self-validation says; a test that all programs pass, or none, says nothing and has none."
    )
    frame(tests, "tests")
    if reasons := ask("problem_no_tests", **at):
        with st.expander("Parts of answers that are no tests"):
            frame(reasons, "no tests")
    cells = {(row["attempt_id"], row["test"]): row["verdict"] for row in ask("problem_matrix", **at)}
    if cells:
        _matrix(cells, tests, attempts, scores)


def _matrix(cells: dict[tuple[str, str], str], tests: Rows, attempts: Rows, scores: Rows) -> None:
    """Best programs on top, most credible tests on the left."""
    st.subheader("Programs by tests", anchor=False)
    own = {row["attempt_id"]: row["value"] for row in scores if row["scorer"].startswith("self_validation@")}
    verdicts = {row["attempt_id"]: row["verdict"] for row in attempts}
    run = {attempt for attempt, _ in cells}
    rows = sorted(run, key=lambda a: (-own.get(a, -1.0), a))[:MOST_SIDE]
    order = {row["test"]: n for n, row in enumerate(tests)}
    columns = sorted({test for _, test in cells}, key=lambda t: (order.get(t, len(order)), t))[:MOST_SIDE]
    about = {a: f"{a[:10]} {f'{own[a]:.3f}' if a in own else '–'} {verdicts.get(a, '')}" for a in rows}  # noqa: RUF001 a dash
    st.caption(
        "A row says: program, score by self-validation, verdict on the problem's own tests. "
        "A column is a test; point at it to read it."
    )
    st.html(legend([v for (a, t), v in cells.items() if a in about]))
    st.html(grid(rows, columns, cells, about))
