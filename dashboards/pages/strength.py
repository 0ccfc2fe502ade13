"""How far tests and references can be trusted."""

from typing import Any

import streamlit as st

from dashboards import charts
from dashboards.diffs import side_by_side
from dashboards.page import Ask, chosen, frame, percent, shown


def page() -> None:
    about = (
        "Which share of wrong versions of its reference a problem's own tests kill. A rate of 1 is often out of reach: "
        "some mutants do the same as the reference in other words, and no test can kill those."
    )
    with shown("Test strength", about) as ask:
        sources = ask("strength_sources")
        measured = [row for row in sources if row["measured"]]
        if measured:
            _mutants(ask, sources)
        else:
            st.info("No mutants are judged yet; `patchmill run CONFIG --set strength.mutants=20` judges some.")
        st.subheader("References that fail their own tests", anchor=False)
        frame(ask("failed_references"), "failed references")


def _mutants(ask: Ask, sources: list[dict[str, Any]]) -> None:
    figures = {
        "problems measured": f"{sum(row['measured'] for row in sources):,}",
        "mutants": f"{sum(row['mutants'] for row in sources):,}",
        "killed": percent(
            sum(row["killed"] for row in sources), sum(row["killed"] + row["survived"] for row in sources)
        ),
    }
    for column, (name, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(name, value)
    left, right = st.columns(2)
    with left:
        st.subheader("Problems by share of mutants killed", anchor=False)
        bins = [{**row, "killed": row["bin"] / 20} for row in ask("strength_bins")]
        st.altair_chart(charts.columns(bins, "killed", "problems", "source", title="share of mutants killed, from"))
    with right:
        st.subheader("Kinds of change", anchor=False)
        parts = [
            {"operator": row["operator"], "what": what, "mutants": row[what]}
            for row in ask("operators")
            for what in ("killed", "survived")
        ]
        st.altair_chart(charts.bars(parts, "mutants", "operator", "what", share=True, title="share of mutants"))
    frame(sources, "sources", percents=["mean_kill_rate"])
    st.subheader("Weakest tests", anchor=False)
    weakest = ask("weakest")
    wanted = chosen(weakest, "source", "Sources")
    weakest = [row for row in weakest if row["source"] in wanted]
    frame([{k: v for k, v in row.items() if k != "bucket"} for row in weakest], "weakest", percents=["kill_rate"])
    survived = [row for row in weakest if row["survived"]]
    if survived:
        _survivor(ask, survived)


def _survivor(ask: Ask, weakest: list[dict[str, Any]]) -> None:
    st.subheader("A mutant that no test noticed", anchor=False)
    left, right = st.columns(2)
    number = left.selectbox("Problem", range(len(weakest)), format_func=lambda n: _name(weakest[n]))
    survivors = ask("survivors", problem=weakest[number]["problem_id"], bucket=weakest[number]["bucket"])
    if not survivors:
        return
    picked = right.selectbox("Mutant", range(len(survivors)), format_func=lambda n: _mutant(survivors[n]))
    mutant = survivors[picked]
    st.html(
        side_by_side(mutant["reference"] or "", mutant["code"], ("reference", "mutant, without comments and layout"))
    )


def _name(row: dict[str, Any]) -> str:
    return f"{row['source']} {row['source_id']}: {row['survived']} of {row['mutants']} survive"


def _mutant(row: dict[str, Any]) -> str:
    return f"{row['operator']}, line {row['line']}"
