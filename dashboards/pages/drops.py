"""What was left out, where and why."""

import streamlit as st

from dashboards import charts
from dashboards.markup import program, words
from dashboards.page import frame, shown


def page() -> None:
    with shown("Drops", "Everything that was left out, with the stage and the reason.") as ask:
        rows = ask("drops")
        if not rows:
            st.info("Nothing was left out so far.")
            return
        st.altair_chart(charts.bars(rows, "n", "stage", "reason", title="rows"))
        frame(rows, "drops")
        st.subheader("Examples", anchor=False)
        left, middle, right = st.columns([2, 2, 3])
        stage = left.selectbox("Stage", sorted({row["stage"] for row in rows}))
        reason = middle.selectbox("Reason", [row["reason"] for row in rows if row["stage"] == stage])
        examples = ask("drop_examples", stage=stage, reason=reason)
        if not examples:  # the reason of another stage, for the moment that a page needs to follow
            return
        picked = right.selectbox("Row", range(len(examples)), format_func=lambda n: _name(examples[n]))
        example = examples[picked]
        if example["detail"]:
            st.html(words(example["detail"]))
        for attempt in ask("dropped_attempt", row=example["row_id"], bucket=example["bucket"]):
            st.caption("The program")
            text = attempt["code"]
            st.html(program(text) if text is not None else words(attempt["completion"]))
        frame([{k: v for k, v in row.items() if k != "bucket"} for row in examples], "examples")


def _name(row: dict[str, str | None]) -> str:
    return " ".join(str(row[name]) for name in ("source", "source_id", "row_id") if row[name])
