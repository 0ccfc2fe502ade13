"""What every page does: open the lake, say in one line what is wrong, and show pieces that cannot be markup."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from dashboards.answers import Answers, newest
from dashboards.markup import STYLE, plain
from storage.errors import PatchmillError

LAKE = "PATCHMILL_LAKE"
"""Environment variable that names the lake."""
ROOM = "<style>.stMainBlockContainer { padding-top: 3rem; }</style>"
Ask = Callable[..., list[dict[str, Any]]]


@contextmanager
def shown(title: str, about: str) -> Iterator[Ask]:
    """Head of a page; yields what it asks the lake with. Our own failures become one line on the page."""
    st.title(title, anchor=False)
    st.caption(about)
    st.html(STYLE + ROOM)
    try:
        answers = newest(os.environ.get(LAKE, ".patchmill/lake"))
        _sidebar(answers)
        if not answers.ask("any_problem"):
            st.info("No problem in this lake yet; `patchmill run CONFIG` brings some.")
            st.stop()
        yield answers.ask
    except PatchmillError as error:
        st.error(plain(str(error)))
        st.stop()


def _sidebar(answers: Answers) -> None:
    with st.sidebar:
        st.caption("Lake " + plain(answers.lake.root))
        seen = datetime.fromtimestamp(answers.looked_at, UTC)
        st.caption(f"as of {seen:%Y-%m-%d %H\\:%M\\:%S} UTC")
        if st.button("Look again", help="Pages follow the lake by themselves, at most half a minute behind."):
            newest(answers.lake.root, fresh_s=0)
            st.rerun()


def chosen(rows: Sequence[Mapping[str, Any]], column: str, label: str) -> list[str]:
    """Let a person pick some values of a column; all of them at first. Nothing to pick from one."""
    values = sorted({row[column] for row in rows if row[column]})
    if len(values) < 2:
        return values
    return st.multiselect(label, values, placeholder=f"all {len(values)}", key=f"pick {column}") or values


def percent(part: float, whole: float) -> str:
    """A share for people; a dash where there is nothing to share."""
    return f"{part / whole:.1%}" if whole else "–"  # noqa: RUF001 a dash


def frame(rows: Sequence[Mapping[str, Any]], key: str, percents: Sequence[str] = ()) -> None:
    """Rows as a table to sort and search; rows with a problem_id link to the problem's page."""
    if not rows:
        st.caption("nothing here yet")
        return
    shown_rows = [
        {**row, "problem_id": link(row["problem_id"])} if row.get("problem_id") else dict(row) for row in rows
    ]
    columns: dict[str, Any] = {name: st.column_config.NumberColumn(format="percent") for name in percents}
    if "problem_id" in rows[0]:
        columns["problem_id"] = st.column_config.LinkColumn("problem", display_text="open")
    st.dataframe(shown_rows, key=key, hide_index=True, column_config=columns)


def link(problem_id: str) -> str:
    """Address of a problem's page; ids are hexadecimal digits."""
    return f"/problem?problem={problem_id}"
