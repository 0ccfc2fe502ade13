"""From problems to examples: how far, by whom, at which rate."""

from typing import Any

import streamlit as st

from dashboards import charts, funnel
from dashboards.funnel import total
from dashboards.markup import COLOURS, STATES
from dashboards.page import Ask, chosen, frame, percent, shown

Rows = list[dict[str, Any]]


def page() -> None:
    with shown("Overview", "From problems to examples. A program counts by its newest verdict.") as ask:
        counts, examples = ask("counts"), ask("examples")
        left, right = st.columns(2)
        with left:
            sources = chosen(counts, "source", "Sources")
        with right:
            models = chosen([row for row in counts if row["kind"] != "reference"], "model", "Models")
        counts = funnel.by_model(counts, models, sources)
        examples = funnel.by_model(examples, models, sources)
        _figures(ask, counts, examples, sources)
        st.subheader("Funnel", anchor=False)
        steps = funnel.funnel(counts, funnel.by_model(ask("explained"), models, sources), examples)
        if steps:
            st.altair_chart(charts.bars(steps, "n", "step", "model", order=funnel.STEPS, title="rows"))
        _outcomes(ask, counts, sources)
        _runs(ask, models)
        _tokens(ask, models)


def _figures(ask: Ask, counts: Rows, examples: Rows, sources: list[str]) -> None:
    """One line of numbers."""

    def of(kind: str, *verdicts: str) -> int:
        return total(counts, "attempts", lambda r: r["kind"] == kind and (not verdicts or r["verdict"] in verdicts))

    def made(dataset: str) -> int:
        return total(examples, "examples", lambda r: r["dataset"].startswith(dataset))

    states = [row for row in ask("problem_states") if row["source"] in sources or not sources]
    written = of("generate") + of("repair")
    unjudged, infra = (of("generate", v) + of("repair", v) for v in ("unjudged", "infra"))
    tampered = total(counts, "tampered", lambda r: r["kind"] != "reference")
    figures = {
        "problems": (f"{total(states, 'problems'):,}", None),
        "first attempts": (f"{of('generate'):,}", f"{percent(of('generate', 'passed'), of('generate'))} right"),
        "repairs": (f"{of('repair'):,}", f"{percent(of('repair', 'passed'), of('repair'))} verified"),
        "examples": (f"{made('debugging'):,}", None),
        "pairs": (f"{made('preference_correctness') + made('preference_efficiency'):,}", None),
        "tampering": (percent(tampered, written - unjudged), None),
        "hiccups of ours": (percent(infra, written - unjudged), None),
        "not judged yet": (f"{unjudged:,}", None),
    }
    for column, (name, (value, delta)) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(name, value, delta, delta_color="off", delta_arrow="off")


def _outcomes(ask: Ask, counts: Rows, sources: list[str]) -> None:
    st.subheader("Verdicts", anchor=False)
    if mix := funnel.mix(counts):
        st.altair_chart(charts.bars(mix, "n", "who", "verdict", share=True, colours=COLOURS, title="share of programs"))
    st.subheader("Problems", anchor=False)
    states = [row for row in ask("problem_states") if row["source"] in sources or not sources]
    st.altair_chart(charts.bars(states, "problems", "source", "state", colours=STATES))
    st.subheader("Rounds", anchor=False)
    frame(funnel.rounds(counts), "rounds", percents=["passed_share"])
    st.subheader("Tampering, wavering, hiccups", anchor=False)
    frame(funnel.rates(counts), "rates", percents=funnel.RATES)
    if flagged := ask("flagged"):
        with st.expander("The last programs that tampered or wavered"):
            frame(flagged, "flagged")


def _runs(ask: Ask, models: list[str]) -> None:
    runs = [row for row in ask("runs") if row["model"] in models]
    st.subheader("Runs", anchor=False)
    st.caption("The last hundred. A program counts for the run that judged it last.")
    lines = [
        {"started": row["started"].isoformat(), "what": f"{what}, {row['model']}", "share": row[of] / row[whole]}
        for row in runs
        for what, of, whole in (
            ("right at once", "right_at_once", "first_attempts"), ("verified repairs", "verified_repairs", "repairs"),
            ("hiccups", "infra", "judged"), ("tampering", "tampered", "judged"),
        )
        if row[whole] and (row[of] or of in ("right_at_once", "verified_repairs"))
    ]  # fmt: skip
    if len({row["started"] for row in runs}) > 1:
        st.altair_chart(charts.lines(lines, "started", "share", "what", percent=True, kind="T"))
    frame(runs, "runs")


def _tokens(ask: Ask, models: list[str]) -> None:
    st.subheader("Tokens", anchor=False)
    tokens = [row for row in ask("tokens") if row["model"] in models]
    parts = [
        {"step": row["step"], "what": f"{row['model']}, {what}", "tokens": row[f"{what}_tokens"]}
        for row in tokens
        for what in ("prompt", "completion")
    ]
    if parts:
        st.altair_chart(charts.bars(parts, "tokens", "step", "what"))
    frame(tokens, "tokens")
