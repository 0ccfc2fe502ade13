"""One preference pair on a page: both programs as a diff, and their verdicts."""

from collections.abc import Iterable

import streamlit as st

from dashboards.diffs import render_diff
from dashboards.markup import render_badge, render_table, render_text
from dashboards.page import problem_address
from dashboards.queries.pairs import PAIR, PairMatch, SpeedPair
from dashboards.snapshot import LakeSnapshot
from storage.rows import PairVerdictCell


def name_truth(passes: bool | None) -> str:
    """Return the verdict of the problem's own tests in a word."""
    return {True: "right", False: "wrong", None: "unknown"}[passes]


def show_pair(snapshot: LakeSnapshot, pair: PairMatch | SpeedPair, dataset: str) -> None:
    """Show prompt, both programs side by side, and their verdicts on the generated tests."""
    [detail] = snapshot.rows(PAIR, dataset=dataset, example=pair["example_id"], bucket=pair["bucket"])
    address = problem_address(pair["problem_id"])
    st.html(f'<a href="{address}" target="_self">the problem with all its programs</a>')
    with st.expander("Prompt"):
        st.html("".join(render_text(turn["content"]) for turn in detail["prompt"]))
    rejected, chosen = name_truth(detail["rejected_passes"]), name_truth(detail["chosen_passes"])
    titles = (
        f"rejected: {rejected} by the problem's own tests, score {detail['rejected_score']:.4f}",
        f"chosen: {chosen}, score {detail['chosen_score']:.4f}",
    )
    st.html(render_diff(detail["rejected_code"], detail["chosen_code"], titles))
    if detail["verdicts"]:
        st.caption("Both programs on the tests that a model wrote")
        st.html(_render_verdicts(detail["verdicts"]))


def _render_verdicts(verdicts: Iterable[PairVerdictCell]) -> str:
    """Return a table of verdicts; tests on which the programs differ come first."""
    ordered = sorted(verdicts, key=lambda cell: (cell["chosen"] == cell["rejected"], cell["test"]))
    return render_table(
        {
            "test": cell["test"],
            "rejected": render_badge(cell["rejected"]),
            "chosen": render_badge(cell["chosen"]),
        }
        for cell in ordered
    )
