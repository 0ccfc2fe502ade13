"""Nothing that a model or a source wrote is markup on any page, or in the report."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.answers import Answers
from dashboards.diffs import side_by_side
from dashboards.markup import grid, plain, program, table, words
from dashboards.report import report
from storage.lake import Lake, LakeSettings
from tests.dashboards.lakes import BAD, WRONG
from tests.dashboards.test_pages import NAMES

OURS = {
    "a", "b", "body", "code", "col", "colgroup", "details", "div", "h1", "h2", "h3", "head", "html", "i", "li", "mark",
    "meta", "p", "pre", "span", "style", "summary", "table", "td", "th", "title", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"charset", "class", "colspan", "content", "href", "http-equiv", "lang", "style", "target", "title"}


class Tags(HTMLParser):
    """Every element and attribute of a piece of HTML, and elements that are closed but not open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes what it did not open"


def clean(text: str) -> Tags:
    """The tags of a piece, all ours."""
    found = Tags(text)
    assert found.tags <= OURS and found.attributes <= ATTRIBUTES, (found.tags - OURS, found.attributes - ATTRIBUTES)
    assert not found.open and all(link.startswith("/problem?problem=") for link in found.links)
    return found


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(words(BAD), id="prose"),
        pytest.param(program(WRONG), id="program"),
        pytest.param(side_by_side(WRONG, BAD, (BAD, BAD)), id="diff"),
        pytest.param(side_by_side(f"x = 1 {BAD}", f"y = 1 {BAD}", ("a", "b")), id="diff within a line"),
        pytest.param(table([{BAD: BAD, "n": 1}]), id="table"),
        pytest.param(grid([BAD], [BAD], {(BAD, BAD): BAD}, {}), id="grid"),
    ],
)
def test_every_piece_keeps_text_text(html: str) -> None:
    clean(html)


def test_markdown_is_taken_out_of_plain_text() -> None:
    assert plain("**a** [b](c) :red[d] $e$ <f>") == r"\*\*a\*\* \[b\]\(c\) \:red\[d\] \$e\$ \<f\>"


@pytest.mark.parametrize("name", NAMES)
def test_no_page_lets_a_completion_be_markup(run_page: Callable[[str, Path], AppTest], lake: Path, name: str) -> None:
    app = run_page(name, lake)
    assert not app.exception
    for piece in app.get("html"):
        clean(piece.proto.body)
    markdown = [*app.markdown, *app.caption, *app.title, *app.subheader, *app.info, *app.error]
    for piece in markdown:
        assert not piece.allow_html if hasattr(piece, "allow_html") else True
        unescaped = re.sub(r"\\.", "", piece.value)  # what is left can be markup
        assert not re.search(r"\]\(|[<`$]", unescaped), piece.value
    for expander in app.expander:
        assert "evil.example" not in expander.label


def test_the_report_is_one_file_that_asks_for_nothing(lake: Path) -> None:
    answers = Answers(Lake(LakeSettings(path=str(lake))))
    page = report(answers, f"Title {BAD}")
    answers.close()
    found = clean(page)
    assert (
        not found.links
        and "script" not in found.tags
        and "@import" not in page
        and "url(" not in page.replace("javascript", "")
    )
    assert "default-src 'none'" in page
    assert "evil.example" in page  # as text
