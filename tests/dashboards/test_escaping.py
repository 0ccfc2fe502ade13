"""Nothing that a model or a source wrote is markup, on any page or in the report."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dashboards.diffs import render_diff
from dashboards.markup import escape_markdown, render_grid, render_program, render_table, render_text
from dashboards.report import render_report
from dashboards.snapshot import LakeSnapshot
from storage.lake import Lake, LakeSettings
from tests.dashboards.conftest import PAGE_NAMES, RunPage
from tests.dashboards.lakes import EVIL, WRONG

ALLOWED_TAGS = {
    "a", "b", "body", "code", "col", "colgroup", "details", "div", "h1", "h2", "h3", "head", "html", "i", "li", "mark",
    "meta", "p", "pre", "span", "style", "summary", "table", "td", "th", "title", "tr", "ul",
}  # fmt: skip
ALLOWED_ATTRIBUTES = {
    "charset", "class", "colspan", "content", "href", "http-equiv", "lang", "style", "target", "title",
}  # fmt: skip


class TagCollector(HTMLParser):
    """Collects elements, attributes and links of a piece of HTML; fails where an element is closed that is not open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.open_tags: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "col"):
            self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open_tags and self.open_tags.pop() == tag, f"</{tag}> closes an element that is not open"


def check_html(text: str) -> TagCollector:
    """Check that a piece of HTML holds only elements, attributes and links of Patchmill's own; return them."""
    html = TagCollector(text)
    assert html.tags <= ALLOWED_TAGS, html.tags - ALLOWED_TAGS
    assert html.attributes <= ALLOWED_ATTRIBUTES, html.attributes - ALLOWED_ATTRIBUTES
    assert not html.open_tags and all(link.startswith("/problem?problem=") for link in html.links)
    return html


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(render_text(EVIL), id="prose"),
        pytest.param(render_program(WRONG), id="program"),
        pytest.param(render_diff(WRONG, EVIL, (EVIL, EVIL)), id="diff"),
        pytest.param(render_diff(f"x = 1 {EVIL}", f"y = 1 {EVIL}", ("a", "b")), id="diff within a line"),
        pytest.param(render_table([{EVIL: EVIL, "n": 1}]), id="table"),
        pytest.param(render_grid([EVIL], [EVIL], {(EVIL, EVIL): EVIL}, {}), id="grid"),
    ],
)
def test_every_piece_keeps_text_text(html: str) -> None:
    check_html(html)


def test_markdown_is_escaped() -> None:
    assert escape_markdown("**a** [b](c) :red[d] $e$ <f>") == r"\*\*a\*\* \[b\]\(c\) \:red\[d\] \$e\$ \<f\>"


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_no_page_lets_a_completion_be_markup(run_page: RunPage, lake: Path, name: str) -> None:
    app = run_page(name, lake)
    assert not app.exception
    for element in app.get("html"):
        check_html(element.proto.body)
    for text in [*app.markdown, *app.caption, *app.title, *app.subheader, *app.info, *app.error]:
        assert not getattr(text, "allow_html", False)
        unescaped = re.sub(r"\\.", "", text.value)  # only these characters can be markup
        assert not re.search(r"\]\(|[<`$]", unescaped), text.value
    for expander in app.expander:
        assert "evil.example" not in expander.label


def test_the_report_is_one_file_that_loads_nothing(lake: Path) -> None:
    snapshot = LakeSnapshot(Lake(LakeSettings(path=str(lake))))
    page = render_report(snapshot, f"Title {EVIL}")
    snapshot.close()
    html = check_html(page)
    assert not html.links and "script" not in html.tags and "@import" not in page
    assert "url(" not in page.replace("javascript", "")
    assert "default-src 'none'" in page
    assert "evil.example" in page  # as text
