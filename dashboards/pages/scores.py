"""What scorers say, how far they are right, and the pairs that came of it."""

from collections import defaultdict
from typing import Any

import streamlit as st

from dashboards import charts
from dashboards.page import Ask, frame, shown
from dashboards.pairs import show_pair, told

ORDERS = ("widest first", "doubtful first", "by chance")
DATASETS = ("preference_correctness", "preference_efficiency")


def page() -> None:
    about = (
        "Scores by each problem's newest matrix of programs and tests. "
        "Right means: passes all of the problem's own tests."
    )
    with shown("Scores and pairs", about) as ask:
        _scorers(ask)
        _rates(ask)
        _pair(ask)


def _scorers(ask: Ask) -> None:
    bins = ask("score_bins")
    if not bins:
        st.info("Nothing is scored yet; `products: [preference]` in a config brings scores and pairs.")
        return
    spread = [{**row, "value": row["bin"] / 20} for row in bins]
    calibrated = _calibrated(bins)
    left, right = st.columns(2)
    with left:
        st.subheader("Distribution", anchor=False)
        scorer = st.selectbox("Scorer", sorted({row["scorer"] for row in bins}, key=_own_first))
        st.altair_chart(
            charts.columns([r for r in spread if r["scorer"] == scorer], "value", "programs", title="score, from")
        )
    with right:
        st.subheader("Right programs by score", anchor=False)
        if calibrated:
            st.altair_chart(charts.lines(calibrated, "value", "right", "scorer", title="score, from", percent=True))
        else:
            st.caption("Of none of these programs is it known whether it is right.")
    left, right = st.columns(2)
    truth = [
        {"score": row["bin"] / 20, "truth": row["truth_bin"] / 10, "programs": row["programs"]}
        for row in ask("score_truth", scorer=scorer)
    ]
    with left:
        if truth and not str(scorer).startswith("ground_truth@"):
            st.subheader("Score against truth", anchor=False)
            st.altair_chart(
                charts.heat(truth, "score", "truth", "programs", ("score, from", "share of own tests passed, from"))
            )
    with right:
        if moved := ask("convergence"):
            st.subheader("Convergence", anchor=False)
            st.altair_chart(charts.lines(moved, "round", "mean_change", "scorer", title="round"))
    frame(ask("rankings"), "rankings")


def _calibrated(bins: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The share of right programs in tenths of each scorer's range."""
    found: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for row in bins:
        if row["known"] and not row["scorer"].startswith("ground_truth@"):
            tenth = found[row["scorer"], row["bin"] // 2]
            tenth[0] += row["right_ones"]
            tenth[1] += row["known"]
    return [
        {"scorer": scorer, "value": tenth / 10, "right": right / known, "programs": known}
        for (scorer, tenth), (right, known) in sorted(found.items())
    ]


def _own_first(scorer: str) -> tuple[bool, str]:
    return not scorer.startswith("self_validation@"), scorer


def _rates(ask: Ask) -> None:
    if rates := ask("pair_rates"):
        st.subheader("How far pairs are right", anchor=False)
        frame(rates, "pair rates", percents=["chosen_right", "rejected_right", "both_as_meant"])
    if labels := ask("kto_rates"):
        st.caption("Single programs with a label (preference_kto)")
        frame(labels, "kto rates", percents=["right_share"])


def _pair(ask: Ask) -> None:
    st.subheader("Pairs", anchor=False)
    left, middle, right = st.columns([2, 2, 5])
    dataset = left.selectbox("Data set", DATASETS)
    order = middle.selectbox("Order", ORDERS)
    pairs = ask("pair_list", dataset=dataset, sorted=order)
    if not pairs:
        st.caption("no pairs here yet")
        return
    picked = right.selectbox("Pair", range(len(pairs)), format_func=lambda n: _name(pairs[n]))
    show_pair(ask, pairs[picked], dataset)


def _name(pair: dict[str, Any]) -> str:
    by = f"ratio {pair['ratio']:.2f}" if pair["ratio"] else f"gap {pair['gap']:.3f}"
    sides = f"chosen {told(pair['chosen_passes'])}, rejected {told(pair['rejected_passes'])}"
    return f"{pair['source']} {pair['source_id']}, {by}, {sides}"
