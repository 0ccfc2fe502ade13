"""How much faster the faster programs are, and how far timings can be believed."""

from typing import Any

import streamlit as st

from dashboards import charts
from dashboards.page import Ask, chosen, frame, shown
from dashboards.pairs import show_pair


def page() -> None:
    about = (
        "CPU time of the process tree, seen from outside, import and carrying left out. "
        "A pair needs an interval that leaves out 1."
    )
    with shown("Efficiency", about) as ask:
        speeds = ask("speeds")
        if not speeds:
            st.info("Nothing is timed yet; `products: [preference]` in a config brings timings.")
            return
        _timings(ask, speeds)
        _ratios(ask)


def _timings(ask: Ask, speeds: list[dict[str, Any]]) -> None:
    left, right = st.columns(2)
    with left:
        st.subheader("CPU time of a run", anchor=False)
        rows = [
            {
                "cpu_ms": round(10 ** row["decades"], 3), "measurements": row["measurements"],
                "answer": "as the majority" if row["agreed"] else "another",
            }
            for row in speeds
        ]  # fmt: skip
        st.altair_chart(
            charts.columns(rows, "cpu_ms", "measurements", "answer", title="median of the repeats, ms, from")
        )
    with right:
        st.subheader("How far repeats lie apart", anchor=False)
        if noise := ask("noise"):
            st.altair_chart(
                charts.columns(noise, "percent", "measurements", title="quartiles' distance, % of the median")
            )
    st.subheader("Inputs", anchor=False)
    frame(ask("inputs"), "inputs", percents=["agreeing"])


def _ratios(ask: Ask) -> None:
    pairs = ask("fastest")
    st.subheader("Pairs of a faster and a slower program", anchor=False)
    if not pairs:
        st.caption("No two programs were told apart yet.")
        return
    sources = chosen(pairs, "source", "Sources")
    ratios = [{**row, "ratio": round(2 ** row["octaves"], 2)} for row in ask("ratios") if row["source"] in sources]
    st.altair_chart(charts.columns(ratios, "ratio", "pairs", "source", title="times slower, from"))
    pairs = [row for row in pairs if row["source"] in sources]
    hidden = ("bucket", "chosen_attempt_id", "rejected_attempt_id", "example_id")
    frame([{k: v for k, v in row.items() if k not in hidden} for row in pairs], "fastest")
    picked = st.selectbox("Pair", range(len(pairs)), format_func=lambda n: _name(pairs[n]))
    pair = pairs[picked]
    both = {"chosen": pair["chosen_attempt_id"], "rejected": pair["rejected_attempt_id"]}
    timings = [
        {
            "input": f"x{row['scale']:g} {row['input_id'][:6]}", "cpu_ms": row["cpu_ms"], "repeat": row["repeat"],
            "program": "chosen" if row["attempt_id"] == both["chosen"] else "rejected",
        }
        for row in ask("pair_timings", bucket=pair["bucket"], **both)
    ]  # fmt: skip
    if timings:
        st.altair_chart(charts.strips(timings, "cpu_ms", "input", "program"))
    show_pair(ask, pair, "preference_efficiency")


def _name(pair: dict[str, Any]) -> str:
    interval = f"{pair['ratio_low']:.2f} to {pair['ratio_high']:.2f}"
    return f"{pair['source']} {pair['source_id']}: {pair['ratio']:.2f} times ({interval})"
