"""How far tests and references can be trusted."""

from collections.abc import Sequence

import streamlit as st

from dashboards import charts
from dashboards.diffs import render_diff
from dashboards.page import format_share, open_page, pick_values, show_metrics, show_table
from dashboards.queries.trust import (
    FAILED_REFERENCES,
    OPERATORS,
    STRENGTH_BINS,
    STRENGTH_SOURCES,
    SURVIVORS,
    WEAKEST,
    ProblemStrength,
    SourceStrength,
    SurvivingMutant,
)
from dashboards.snapshot import LakeSnapshot


def page() -> None:
    """Show the mutants that tests kill, then the references that fail their own tests."""
    about = (
        "The share of wrong versions of its reference that a problem's own tests kill. A rate of 1 is often out of "
        "reach: some mutants behave like the reference, and no test can kill those."
    )
    with open_page("Test strength", about) as snapshot:
        sources = snapshot.rows(STRENGTH_SOURCES)
        if any(source["measured"] for source in sources):
            _show_mutants(snapshot, sources)
        else:
            st.info("No mutants are judged yet; `patchmill run CONFIG --set mutation.mutants=20` judges some.")
        st.subheader("References that fail their own tests", anchor=False)
        show_table(snapshot.rows(FAILED_REFERENCES), "failed references")


def _show_mutants(snapshot: LakeSnapshot, sources: Sequence[SourceStrength]) -> None:
    killed = sum(source["killed"] for source in sources)
    survived = sum(source["survived"] for source in sources)
    show_metrics(
        {
            "problems measured": (f"{sum(source['measured'] for source in sources):,}", None),
            "mutants": (f"{sum(source['mutants'] for source in sources):,}", None),
            "killed": (format_share(killed, killed + survived), None),
        }
    )
    left, right = st.columns(2)
    with left:
        title = "share of mutants killed, from"
        st.subheader("Problems by share of mutants killed", anchor=False)
        bins = [{**row, "killed": row["bin"] / 20} for row in snapshot.rows(STRENGTH_BINS)]
        st.altair_chart(charts.draw_histogram(bins, "killed", "problems", "source", title=title))
    with right:
        st.subheader("Kinds of change", anchor=False)
        parts = [
            {"operator": row["operator"], "outcome": outcome, "mutants": mutants}
            for row in snapshot.rows(OPERATORS)
            for outcome, mutants in (("killed", row["killed"]), ("survived", row["survived"]))
        ]
        chart = charts.draw_bars(parts, "mutants", "operator", "outcome", share=True, title="share of mutants")
        st.altair_chart(chart)
    show_table(sources, "sources", percents=["mean_kill_rate"])
    st.subheader("Weakest tests", anchor=False)
    all_weakest = snapshot.rows(WEAKEST)
    picked = pick_values(all_weakest, "source", "Sources")
    weakest = [problem for problem in all_weakest if problem["source"] in picked]
    show_table(weakest, "weakest", percents=["kill_rate"])
    if with_survivors := [problem for problem in weakest if problem["survived"]]:
        _show_survivor(snapshot, with_survivors)


def _show_survivor(snapshot: LakeSnapshot, problems: Sequence[ProblemStrength]) -> None:
    st.subheader("A mutant that no test noticed", anchor=False)
    left, right = st.columns(2)
    problem = problems[left.selectbox("Problem", range(len(problems)), format_func=lambda n: _label(problems[n]))]
    survivors = snapshot.rows(SURVIVORS, problem=problem["problem_id"], bucket=problem["bucket"])
    if not survivors:
        return
    place = right.selectbox("Mutant", range(len(survivors)), format_func=lambda n: _mutant_label(survivors[n]))
    mutant = survivors[place]
    titles = ("reference", "mutant, without comments and layout")
    st.html(render_diff(mutant["reference"] or "", mutant["code"], titles))


def _label(problem: ProblemStrength) -> str:
    return f"{problem['source']} {problem['source_id']}: {problem['survived']} of {problem['mutants']} survive"


def _mutant_label(mutant: SurvivingMutant) -> str:
    return f"{mutant['operator']}, line {mutant['line']}"
