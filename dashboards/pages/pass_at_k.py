"""pass@k of models, for first attempts and after each round of repair."""

import streamlit as st

from dashboards import charts
from dashboards.markup import escape_markdown
from dashboards.page import open_page, pick_values, show_table
from dashboards.queries.programs import PASS_AT_K, RECIPES
from dashboards.recipes import name_lines, tabulate_lines


def page() -> None:
    """Show a chart and a table for each source."""
    about = (
        "The unbiased estimator over the problems with k programs or more. After round r, a first attempt counts as "
        "right where it passes, or a repair that descends from it passes. Repairs are asked for with the "
        "results of the problem's own tests."
    )
    with open_page("pass@k", about) as snapshot:
        rows = name_lines(snapshot.rows(PASS_AT_K), snapshot.rows(RECIPES))
        if not rows:
            st.info("No first attempt is judged yet.")
            return
        left, right = st.columns(2)
        with left:
            sources = pick_values(rows, "source", "Sources")
        with right:
            models = pick_values(rows, "model", "Models")
        for source in sources:
            points = [row for row in rows if row["source"] == source and row["model"] in models]
            if not points:
                continue
            st.subheader(escape_markdown(source), anchor=False)
            if max(point["k"] for point in points) > 1:
                st.altair_chart(charts.draw_lines(points, "k", "pass_at_k", "line", title="k", percent=True, log=True))
            show_table(tabulate_lines(points), f"pass {source}")
        st.subheader("Recipes", anchor=False)
        show_table(snapshot.rows(RECIPES), "recipes")
