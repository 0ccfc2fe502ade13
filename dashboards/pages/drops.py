"""What was left out, at which stage, and why."""

import streamlit as st

from dashboards import charts
from dashboards.markup import render_program, render_text
from dashboards.page import open_page, show_table
from dashboards.queries.trust import DROP_EXAMPLES, DROPPED_ATTEMPT, DROPS, DropExample


def page() -> None:
    """Show the counts of all drops, and examples of one reason."""
    with open_page("Drops", "Everything that was left out, with the stage and the reason.") as snapshot:
        drops = snapshot.rows(DROPS)
        if not drops:
            st.info("Nothing has been left out.")
            return
        st.altair_chart(charts.draw_bars(drops, "n", "stage", "reason", title="rows"))
        show_table(drops, "drops")
        st.subheader("Examples", anchor=False)
        left, middle, right = st.columns([2, 2, 3])
        stage = left.selectbox("Stage", sorted({drop["stage"] for drop in drops}))
        reason = middle.selectbox("Reason", [drop["reason"] for drop in drops if drop["stage"] == stage])
        examples = snapshot.rows(DROP_EXAMPLES, stage=stage, reason=reason)
        if not examples:  # the page still holds the reason of another stage, until it is drawn again
            return
        example = examples[right.selectbox("Row", range(len(examples)), format_func=lambda n: _label(examples[n]))]
        if example["detail"]:
            st.html(render_text(example["detail"]))
        for attempt in snapshot.rows(DROPPED_ATTEMPT, row=example["row_id"], bucket=example["bucket"]):
            st.caption("The program")
            code = attempt["code"]
            st.html(render_program(code) if code is not None else render_text(attempt["completion"]))
        show_table(examples, "examples")


def _label(example: DropExample) -> str:
    return " ".join(filter(None, (example["source"], example["source_id"], example["row_id"])))
