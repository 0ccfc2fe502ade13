"""The pages in one application. `patchmill dashboard` starts it; PATCHMILL_LAKE names the lake."""

import streamlit as st

from dashboards.pages import drops, efficiency, overview, pass_at_k, problem, scores, strength

# Function and title of each page by its address. This is no docstring: Streamlit would draw one on every page.
PAGES = {
    "overview": (overview.page, "Overview"),
    "pass-at-k": (pass_at_k.page, "pass@k"),
    "scores": (scores.page, "Scores and pairs"),
    "problem": (problem.page, "Problem"),
    "drops": (drops.page, "Drops"),
    "efficiency": (efficiency.page, "Efficiency"),
    "strength": (strength.page, "Test strength"),
}


def main() -> None:
    """Run the page that the address names."""
    st.set_page_config("Patchmill", layout="wide")
    pages = [
        st.Page(function, title=title, url_path=path, default=path == "overview")
        for path, (function, title) in PAGES.items()
    ]
    st.navigation(pages).run()


if __name__ == "__main__":
    main()
