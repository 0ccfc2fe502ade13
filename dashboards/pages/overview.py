"""From problems to examples: counts by step, model, verdict and run."""

from collections.abc import Sequence

import streamlit as st

from dashboards import charts, funnel
from dashboards.funnel import FIRST_ATTEMPT, REFERENCE, REPAIR, count_programs, select_counts
from dashboards.page import format_share, open_page, pick_values, show_metrics, show_table
from dashboards.queries.programs import (
    COUNTS,
    EXAMPLES,
    EXPLAINED,
    FLAGGED,
    PROBLEM_STATES,
    RUNS,
    TOKENS,
    ExampleCount,
    ProgramCount,
    RunSummary,
    StateCount,
)
from dashboards.snapshot import LakeSnapshot
from dashboards.verdicts import COLOURS_BY_WORDS, STATE_COLOURS


def page() -> None:
    """Show the figures of the sources and models that the user picks."""
    with open_page("Overview", "From problems to examples. A program counts by its newest verdict.") as snapshot:
        all_counts = snapshot.rows(COUNTS)
        left, right = st.columns(2)
        with left:
            sources = pick_values(all_counts, "source", "Sources")
        with right:
            models = pick_values([row for row in all_counts if row["kind"] != REFERENCE], "model", "Models")
        counts = select_counts(all_counts, models, sources)
        examples = select_counts(snapshot.rows(EXAMPLES), models, sources)
        states = [row for row in snapshot.rows(PROBLEM_STATES) if row["source"] in sources or not sources]
        _show_figures(counts, examples, states)
        st.subheader("Funnel", anchor=False)
        steps = funnel.count_steps(counts, select_counts(snapshot.rows(EXPLAINED), models, sources), examples)
        if steps:
            st.altair_chart(charts.draw_bars(steps, "n", "step", "model", order=funnel.STEPS))
        _show_verdicts(counts, states)
        if flagged := snapshot.rows(FLAGGED):
            with st.expander("The last programs that tampered or were flaky"):
                show_table(flagged, "flagged")
        _show_runs([run for run in snapshot.rows(RUNS) if run["model"] in models])
        _show_tokens(snapshot, models)


def _show_figures(
    counts: Sequence[ProgramCount], examples: Sequence[ExampleCount], states: Sequence[StateCount]
) -> None:
    def count_examples(*datasets: str) -> int:
        return sum(row["examples"] for row in examples if row["dataset"] in datasets)

    firsts, right_at_once = (count_programs(counts, [FIRST_ATTEMPT], v) for v in ([], ["passed"]))
    repairs, verified = (count_programs(counts, [REPAIR], v) for v in ([], ["passed"]))
    unjudged, infra = (count_programs(counts, [FIRST_ATTEMPT, REPAIR], [v]) for v in ("unjudged", "infra"))
    judged = firsts + repairs - unjudged
    tampered = sum(row["tampered"] for row in counts if row["kind"] != REFERENCE)
    show_metrics(
        {
            "problems": (f"{sum(row['problems'] for row in states):,}", None),
            "first attempts": (f"{firsts:,}", f"{format_share(right_at_once, firsts)} right"),
            "repairs": (f"{repairs:,}", f"{format_share(verified, repairs)} verified"),
            "examples": (f"{count_examples('debugging_sft'):,}", None),
            "pairs": (f"{count_examples('preference_correctness', 'preference_efficiency'):,}", None),
            "tampering": (format_share(tampered, judged), None),
            "infrastructure errors": (format_share(infra, judged), None),
            "not judged yet": (f"{unjudged:,}", None),
        }
    )


def _show_verdicts(counts: Sequence[ProgramCount], states: Sequence[StateCount]) -> None:
    st.subheader("Verdicts", anchor=False)
    if verdicts := funnel.count_verdicts(counts):
        chart = charts.draw_bars(
            verdicts, "n", "author", "verdict", share=True, colours=COLOURS_BY_WORDS, title="share of programs"
        )
        st.altair_chart(chart)
    st.subheader("Problems", anchor=False)
    st.altair_chart(charts.draw_bars(states, "problems", "source", "state", colours=STATE_COLOURS))
    st.subheader("Rounds", anchor=False)
    show_table(funnel.rate_rounds(counts), "rounds", percents=["passed_share"])
    st.subheader("Tampering, flaky verdicts, infrastructure errors", anchor=False)
    show_table(funnel.rate_models(counts), "rates", percents=funnel.RATES)


def _show_runs(runs: Sequence[RunSummary]) -> None:
    st.subheader("Runs", anchor=False)
    st.caption("The last hundred. A program counts for the run that judged it last.")
    points = [point for run in runs for point in _share_points(run)]
    if len({run["started"] for run in runs}) > 1:
        st.altair_chart(charts.draw_lines(points, "started", "share", "line", percent=True, kind="T"))
    show_table(runs, "runs")


def _share_points(run: RunSummary) -> list[dict[str, object]]:
    """Return a run's shares as points of lines. Rates of faults are left out where they are 0."""
    shares = {
        "right at once": funnel.divide(run["right_at_once"], run["first_attempts"]),
        "verified repairs": funnel.divide(run["verified_repairs"], run["repairs"]),
        "infrastructure errors": funnel.divide(run["infra"], run["judged"]) or None,
        "tampering": funnel.divide(run["tampered"], run["judged"]) or None,
    }
    return [
        {"started": run["started"].isoformat(), "line": f"{name}, {run['model']}", "share": share}
        for name, share in shares.items()
        if share is not None
    ]


def _show_tokens(snapshot: LakeSnapshot, models: Sequence[str]) -> None:
    st.subheader("Tokens", anchor=False)
    rows = [row for row in snapshot.rows(TOKENS) if row["model"] in models]
    parts = [
        {"step": row["step"], "part": f"{row['model']}, {part}", "tokens": tokens}
        for row in rows
        for part, tokens in (("prompt", row["prompt_tokens"]), ("completion", row["completion_tokens"]))
    ]
    if parts:
        st.altair_chart(charts.draw_bars(parts, "tokens", "step", "part"))
    show_table(rows, "tokens")
