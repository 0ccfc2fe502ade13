"""How much faster the faster programs are, and how far timings can be trusted."""

import streamlit as st

from dashboards import charts
from dashboards.page import open_page, pick_values, show_table
from dashboards.pairs import show_pair
from dashboards.queries.pairs import FASTEST, INPUTS, NOISE, PAIR_TIMINGS, RATIOS, SPEEDS, SpeedBin, SpeedPair
from dashboards.snapshot import LakeSnapshot

HIDDEN = ("bucket", "chosen_attempt_id", "rejected_attempt_id", "example_id")


def page() -> None:
    """Show all timings, then pairs of a faster and a slower program."""
    about = (
        "CPU time of the process tree, measured from outside, without imports and the transfer of inputs. "
        "A pair needs a confidence interval of the ratio that excludes 1."
    )
    with open_page("Efficiency", about) as snapshot:
        speeds = snapshot.rows(SPEEDS)
        if not speeds:
            st.info("Nothing is timed yet; `products: [preference]` in a config adds timings.")
            return
        _show_timings(snapshot, speeds)
        _show_pairs(snapshot)


def _show_timings(snapshot: LakeSnapshot, speeds: list[SpeedBin]) -> None:
    left, right = st.columns(2)
    with left:
        st.subheader("CPU time of a run", anchor=False)
        bins = [
            {
                "cpu_ms": round(10 ** speed["decades"], 3),
                "measurements": speed["measurements"],
                "answer": "as the majority" if speed["agreed"] else "another one",
            }
            for speed in speeds
        ]
        title = "median of the repeats, ms, from"
        st.altair_chart(charts.draw_histogram(bins, "cpu_ms", "measurements", "answer", title=title))
    with right:
        st.subheader("Spread of repeats", anchor=False)
        if noise := snapshot.rows(NOISE):
            title = "distance of the quartiles, % of the median"
            st.altair_chart(charts.draw_histogram(noise, "percent", "measurements", title=title))
    st.subheader("Inputs", anchor=False)
    show_table(snapshot.rows(INPUTS), "inputs", percents=["agreeing"])


def _show_pairs(snapshot: LakeSnapshot) -> None:
    pairs = snapshot.rows(FASTEST)
    st.subheader("Pairs of a faster and a slower program", anchor=False)
    if not pairs:
        st.caption("No two programs differ measurably yet.")
        return
    sources = pick_values(pairs, "source", "Sources")
    bins = [
        {**ratio, "ratio": round(2 ** ratio["octaves"], 2)}
        for ratio in snapshot.rows(RATIOS)
        if ratio["source"] in sources
    ]
    st.altair_chart(charts.draw_histogram(bins, "ratio", "pairs", "source", title="times slower, from"))
    pairs = [pair for pair in pairs if pair["source"] in sources]
    show_table(pairs, "fastest", hidden=HIDDEN)
    pair = pairs[st.selectbox("Pair", range(len(pairs)), format_func=lambda n: _label(pairs[n]))]
    _show_measurements(snapshot, pair)
    show_pair(snapshot, pair, "preference_efficiency")


def _show_measurements(snapshot: LakeSnapshot, pair: SpeedPair) -> None:
    """Show every measurement of both programs."""
    sides = {pair["chosen_attempt_id"]: "chosen", pair["rejected_attempt_id"]: "rejected"}
    timings = [
        {
            "input": f"x{timing['scale']:g} {timing['input_id'][:6]}",
            "cpu_ms": timing["cpu_ms"],
            "repeat": timing["repeat"],
            "program": sides[timing["attempt_id"]],
        }
        for timing in snapshot.rows(
            PAIR_TIMINGS,
            bucket=pair["bucket"],
            chosen=pair["chosen_attempt_id"],
            rejected=pair["rejected_attempt_id"],
        )
    ]
    if timings:
        st.altair_chart(charts.draw_strips(timings, "cpu_ms", "input", "program"))


def _label(pair: SpeedPair) -> str:
    interval = f"{pair['ratio_low']:.2f} to {pair['ratio_high']:.2f}"
    return f"{pair['source']} {pair['source_id']}: {pair['ratio']:.2f} times ({interval})"
