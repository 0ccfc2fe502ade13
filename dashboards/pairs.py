"""One preference pair on a page: both programs as a diff, and what the tests said of both."""

from typing import Any

import streamlit as st

from dashboards.diffs import side_by_side
from dashboards.markup import badge, table, words
from dashboards.page import Ask, link


def told(passes: bool | None) -> str:
    """What the problem's own tests say, in a word."""
    return {True: "right", False: "wrong", None: "unknown"}[passes]


def show_pair(ask: Ask, pair: dict[str, Any], dataset: str) -> None:
    """Prompt, both programs side by side, and both verdict vectors."""
    [full] = ask("pair", dataset=dataset, example=pair["example_id"], bucket=pair["bucket"])
    st.html(f'<a href="{link(pair["problem_id"])}" target="_self">the problem with all its programs</a>')
    with st.expander("Prompt"):
        st.html("".join(words(turn["content"]) for turn in full["prompt"]))
    names = (
        f"rejected: {told(full['rejected_passes'])} by the problem's own tests, score {full['rejected_score']:.4f}",
        f"chosen: {told(full['chosen_passes'])}, score {full['chosen_score']:.4f}",
    )
    st.html(side_by_side(full["rejected_code"], full["chosen_code"], names))
    if full["verdicts"]:
        st.caption("Tests that a model wrote, and what both programs did")
        st.html(_verdicts(full["verdicts"]))


def _verdicts(verdicts: list[dict[str, str]]) -> str:
    """Tests that tell the two apart come first."""
    rows = sorted(verdicts, key=lambda v: (v["chosen"] == v["rejected"], v["test"]))
    return table(
        {"test": row["test"], "rejected": badge(row["rejected"]), "chosen": badge(row["chosen"])} for row in rows
    )
