"""Shared by all pages: open the lake, show errors as one line, and show widgets that cannot be markup."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import streamlit as st

from dashboards.headings import heading
from dashboards.markup import STYLE, escape_markdown
from dashboards.queries.programs import ANY_PROBLEM
from dashboards.snapshot import LakeSnapshot, newest_snapshot
from storage.errors import PatchmillError

LAKE = "PATCHMILL_LAKE"
"""Environment variable that names the lake."""
LESS_PADDING = "<style>.stMainBlockContainer { padding-top: 3rem; }</style>"
LINK_COLUMN = "problem"
METRICS_PER_LINE = 4
"""More would leave no room for their labels."""
NO_VALUE = "–"  # noqa: RUF001 a dash


@contextmanager
def open_page(title: str, about: str) -> Iterator[LakeSnapshot]:
    """Show the head of a page and yield the lake. An error of Patchmill becomes one line on the page."""
    st.title(title, anchor=False)
    st.caption(about)
    st.html(STYLE + LESS_PADDING)
    try:
        snapshot = newest_snapshot(os.environ.get(LAKE, ".patchmill/lake"))
        _show_sidebar(snapshot)
        if not snapshot.rows(ANY_PROBLEM):
            st.info("No problem in this lake yet; `patchmill run CONFIG` adds some.")
            st.stop()
        yield snapshot
    except PatchmillError as error:
        st.error(escape_markdown(str(error)))
        st.stop()


def _show_sidebar(snapshot: LakeSnapshot) -> None:
    with st.sidebar:
        st.caption("Lake " + escape_markdown(snapshot.lake.root))
        opened_at = datetime.fromtimestamp(snapshot.opened_at, UTC)
        st.caption(f"as of {opened_at:%Y-%m-%d %H\\:%M\\:%S} UTC")
        if st.button("Look again", help="Pages follow the lake by themselves, at most half a minute behind."):
            newest_snapshot(snapshot.lake.root, fresh_s=0)
            st.rerun()


def pick_values(rows: Sequence[Mapping[str, object]], column: str, label: str) -> list[str]:
    """Let the user pick values of a column, all of them at first; shows nothing where there is only one."""
    values = sorted({str(row[column]) for row in rows if row[column]})
    if len(values) < 2:
        return values
    return st.multiselect(label, values, placeholder=f"all {len(values)}", key=f"pick {column}") or values


def format_share(part: float, whole: float) -> str:
    """Return a share in percent; a dash where the whole is 0."""
    return f"{part / whole:.1%}" if whole else NO_VALUE


def show_metrics(figures: Mapping[str, tuple[str, str | None]]) -> None:
    """Show figures in lines of METRICS_PER_LINE: value and note by label."""
    for place, (label, (value, note)) in enumerate(figures.items()):
        if place % METRICS_PER_LINE == 0:
            columns = st.columns(METRICS_PER_LINE)
        columns[place % METRICS_PER_LINE].metric(label, value, note, delta_color="off", delta_arrow="off")


def show_table(
    rows: Sequence[Mapping[str, object]], key: str, percents: Sequence[str] = (), hidden: Sequence[str] = ("bucket",)
) -> None:
    """Show rows as a table that can be sorted and searched.

    Args:
        rows: the cells by column name; a `problem_id` becomes a link to the problem's page.
        key: name of the table, unique on its page.
        percents: columns of shares.
        hidden: columns that are not shown.
    """
    if not rows:
        st.caption("nothing here yet")
        return
    shown_rows = [
        {heading(name): _cell(name, value) for name, value in row.items() if name not in hidden} for row in rows
    ]
    formats = {heading(name): st.column_config.NumberColumn(format="percent") for name in percents}
    links = {LINK_COLUMN: st.column_config.LinkColumn(LINK_COLUMN, display_text="open")}
    has_link = "problem_id" in rows[0]
    st.dataframe(shown_rows, key=key, hide_index=True, column_config={**formats, **(links if has_link else {})})


def _cell(name: str, value: object) -> object:
    return problem_address(str(value)) if name == "problem_id" and value else value


def problem_address(problem_id: str) -> str:
    """Return the address of a problem's page; ids are hexadecimal digits."""
    return f"/problem?problem={problem_id}"
