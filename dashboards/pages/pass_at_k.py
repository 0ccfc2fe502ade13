"""How good models are at first, and after repair."""

import streamlit as st

from dashboards import charts
from dashboards.markup import plain
from dashboards.page import chosen, frame, shown
from dashboards.recipes import named, wide


def page() -> None:
    about = (
        "The unbiased estimator over the problems with k programs or more. After round r a first attempt counts as "
        "right where it, or a repair that descends from it, passes: repairs are told what the problem's own tests said."
    )
    with shown("pass@k", about) as ask:
        rows = named(ask("pass_at_k"), ask("recipes"))
        if not rows:
            st.info("No judged first attempts yet.")
            return
        left, right = st.columns(2)
        with left:
            sources = chosen(rows, "source", "Sources")
        with right:
            models = chosen(rows, "model", "Models")
        rows = [row for row in rows if row["source"] in sources and row["model"] in models]
        for source in sources:
            mine = [row for row in rows if row["source"] == source]
            if not mine:
                continue
            st.subheader(plain(source), anchor=False)
            if max(row["k"] for row in mine) > 1:
                st.altair_chart(charts.lines(mine, "k", "pass_at_k", "line", title="k", percent=True, log=True))
            st.dataframe(wide(mine), hide_index=True, key=f"pass {source}")
        st.subheader("Recipes", anchor=False)
        frame(ask("recipes"), "recipes")
