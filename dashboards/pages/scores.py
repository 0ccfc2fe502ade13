"""The scorers' values, how often they are right, and the pairs made from them."""

from collections import defaultdict
from collections.abc import Sequence

import streamlit as st

from dashboards import charts
from dashboards.page import open_page, show_table
from dashboards.pairs import name_truth, show_pair
from dashboards.queries.pairs import (
    CONVERGENCE,
    KTO_RATES,
    PAIR_LIST,
    PAIR_RATES,
    RANKINGS,
    SCORE_BINS,
    SCORE_TRUTH,
    PairMatch,
    ScoreBin,
)
from dashboards.snapshot import LakeSnapshot

ORDERS = ("widest first", "doubtful first", "by chance")
"""Orders of pairs, as dashboards/sql/pair_list.sql names them."""
DATASETS = ("preference_correctness", "preference_efficiency")
TRUTH, SELF_VALIDATION = "ground_truth@", "self_validation@"


def page() -> None:
    """Show scores, then the rates of pairs, then one pair."""
    about = (
        "Scores come from each problem's newest matrix of programs and tests. "
        "Right means: passes all of the problem's own tests."
    )
    with open_page("Scores and pairs", about) as snapshot:
        _show_scorers(snapshot)
        _show_rates(snapshot)
        _show_pairs(snapshot)


def _show_scorers(snapshot: LakeSnapshot) -> None:
    bins = snapshot.rows(SCORE_BINS)
    if not bins:
        st.info("Nothing is scored yet; `products: [preference]` in a config adds scores and pairs.")
        return
    left, right = st.columns(2)
    with left:
        st.subheader("Distribution", anchor=False)
        scorers = sorted({row["scorer"] for row in bins}, key=lambda name: (not name.startswith(SELF_VALIDATION), name))
        scorer = st.selectbox("Scorer", scorers)
        spread = [{**row, "value": row["bin"] / 20} for row in bins if row["scorer"] == scorer]
        st.altair_chart(charts.draw_histogram(spread, "value", "programs", title="score, from"))
    with right:
        st.subheader("Right programs by score", anchor=False)
        if calibration := _calibrate(bins):
            chart = charts.draw_lines(calibration, "value", "right", "scorer", title="score, from", percent=True)
            st.altair_chart(chart)
        else:
            st.caption("It is unknown of every program whether it is right.")
    left, right = st.columns(2)
    with left:
        _show_truth(snapshot, scorer)
    with right:
        if changes := snapshot.rows(CONVERGENCE):
            st.subheader("Convergence", anchor=False)
            st.altair_chart(charts.draw_lines(changes, "round", "mean_change", "scorer", title="round"))
    show_table(snapshot.rows(RANKINGS), "rankings")


def _show_truth(snapshot: LakeSnapshot, scorer: str) -> None:
    cells = [
        {"score": row["bin"] / 20, "truth": row["truth_bin"] / 10, "programs": row["programs"]}
        for row in snapshot.rows(SCORE_TRUTH, scorer=scorer)
    ]
    if cells and not scorer.startswith(TRUTH):
        st.subheader("Score against truth", anchor=False)
        titles = ("score, from", "share of own tests passed, from")
        st.altair_chart(charts.draw_heatmap(cells, "score", "truth", "programs", titles))


def _calibrate(bins: Sequence[ScoreBin]) -> list[dict[str, object]]:
    """Compute the share of right programs in each tenth of each scorer's range."""
    right: defaultdict[tuple[str, int], int] = defaultdict(int)
    known: defaultdict[tuple[str, int], int] = defaultdict(int)
    for row in bins:
        if row["known"] and not row["scorer"].startswith(TRUTH):
            right[row["scorer"], row["bin"] // 2] += row["right_programs"]
            known[row["scorer"], row["bin"] // 2] += row["known"]
    return [
        {
            "scorer": scorer,
            "value": tenth / 10,
            "right": right[scorer, tenth] / known[scorer, tenth],
            "programs": known[scorer, tenth],
        }
        for scorer, tenth in sorted(known)
    ]


def _show_rates(snapshot: LakeSnapshot) -> None:
    if rates := snapshot.rows(PAIR_RATES):
        st.subheader("How often pairs are right", anchor=False)
        show_table(rates, "pair rates", percents=["chosen_right", "rejected_right", "both_as_meant"])
    if labels := snapshot.rows(KTO_RATES):
        st.caption("Single programs with a label (preference_kto)")
        show_table(labels, "kto rates", percents=["right_share"])


def _show_pairs(snapshot: LakeSnapshot) -> None:
    st.subheader("Pairs", anchor=False)
    left, middle, right = st.columns([2, 2, 5])
    dataset = left.selectbox("Dataset", DATASETS)
    order = middle.selectbox("Order", ORDERS)
    pairs = snapshot.rows(PAIR_LIST, dataset=dataset, order=order)
    if not pairs:
        st.caption("no pairs yet")
        return
    pair = pairs[right.selectbox("Pair", range(len(pairs)), format_func=lambda n: _label(pairs[n]))]
    show_pair(snapshot, pair, dataset)


def _label(pair: PairMatch) -> str:
    width = f"ratio {pair['ratio']:.2f}" if pair["ratio"] else f"gap {pair['gap']:.3f}"
    sides = f"chosen {name_truth(pair['chosen_passes'])}, rejected {name_truth(pair['rejected_passes'])}"
    return f"{pair['source']} {pair['source_id']}, {width}, {sides}"
