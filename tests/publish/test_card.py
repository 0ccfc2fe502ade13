"""The card: what is in it, and that nothing a model wrote gets out of its place."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from storage.dataset_tables import DEBUGGING_SFT, PREFERENCE_KTO
from tasks.publish.card import cell, fenced, markdown_table
from tasks.publish.settings import CleanSettings, PublishSettings
from tasks.publish.task import publish_version
from tests.publish.lakes import Planted, fill, good

MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})
NASTY = st.text(st.sampled_from("`~|<>&\\[]()!*_#-\n\r\t :a1$"), max_size=80)
EVIL = (
    "</table>\n```\n````\n~~~~\n---\n# Owned\n<script>alert(1)</script> ![x](http://evil.example/x.png) "
    "[l](javascript:1) | a | b |"
)


@given(text=NASTY)
def test_nothing_ends_its_block_of_code(text: str) -> None:
    tokens = MARKDOWN.parse(f"before\n\n{fenced(text)}\n\nafter\n")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close", "fence",
                                                "paragraph_open", "inline", "paragraph_close"]  # fmt: skip
    assert tokens[-2].content == "after"


@given(text=NASTY, other=NASTY)
def test_nothing_in_a_cell_is_markup(text: str, other: str) -> None:
    tokens = MARKDOWN.parse(markdown_table([{"a": text, "b": other}]))
    assert [token.type for token in tokens].count("td_open") == 2
    inline = [child.type for token in tokens if token.type == "inline" for child in token.children or ()]
    assert set(inline) <= {"text", "text_special"}
    shown = [
        "".join(child.content for child in token.children or ()) for token in tokens if token.type == "inline"
    ]  # fmt: skip
    assert shown[2:] == [" ".join(text.split()), " ".join(other.split())]


def test_texts_of_models_stay_texts_in_a_whole_card(tmp_path: Path) -> None:
    turns = (("prompt", [{"role": "user", "content": EVIL}]), ("completion", [{"role": "assistant", "content": EVIL}]))
    rows = [Planted(n, columns=turns, source=f"s {EVIL}", prompt=f"{n} {EVIL}") for n in range(12)]
    lake = fill(tmp_path / "lake", rows, DEBUGGING_SFT)
    done = publish_version.fn(lake.settings, "debugging_sft", tmp_path / "out", PublishSettings(gates=()), None)
    text = (Path(done.path) / "README.md").read_text(encoding="utf-8")
    _, header, body = text.split("---\n", 2)
    assert set(yaml.safe_load(header)) >= {"configs", "dataset_info", "license"}
    tokens = MARKDOWN.parse(body)
    headlines = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert "Owned" not in headlines and headlines[0] == "debugging\\_sft"
    kinds = {token.type for token in tokens} | {c.type for t in tokens for c in t.children or ()}
    assert not kinds & {"html_block", "html_inline", "image", "link_open", "hr"}
    fences = [token.content for token in tokens if token.type == "fence"]
    assert sum(EVIL.strip() == fence.strip() for fence in fences) == 4, "two rows of two turns"


def test_the_card_says_what_sql_finds(tmp_path: Path) -> None:
    rows = [*good(*range(20)), *good(*range(30, 35), source="theirs", licence="Apache-2.0"), Planted(50, licence="No")]
    lake = fill(tmp_path / "lake", rows, PREFERENCE_KTO)
    how = PublishSettings(clean=CleanSettings(licences=("MIT", "Apache-2.0")))
    done = publish_version.fn(lake.settings, "preference_kto", tmp_path / "out", how, None)
    text = (Path(done.path) / "v1/README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(text.split("---\n")[1])
    assert header["license"] == ["apache-2.0", "mit"]
    assert {f["split"]: f["path"] for f in header["configs"][0]["data_files"]}["train"] == "data/train-*.parquet"
    pointing = yaml.safe_load((Path(done.path) / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    assert {f["path"].split("/")[0] for f in pointing["configs"][0]["data_files"]} == {"v1"}
    for line in (
        "| left out: licence | 1 |", "| published | 25 |", "| ours | MIT | 20 | 20 | 20 |",
        "| theirs | Apache-2.0 | 5 |",
        "26 programs were judged", "| infra (our sandbox failed) | 0 | 0.00% |", "The first version.",
        "| family\\_id | string |", "executions@", "No benchmark was named", "`storage/sql/publish_unfit.sql`:",
        f"| {cell('example_id')} | string |  | address of template, program, scorer and label |",
    ):  # fmt: skip
        assert line in text, line
    second = publish_version.fn(
        fill(tmp_path / "lake", rows[1:], PREFERENCE_KTO).settings, "preference_kto", tmp_path / "out",
        how, None,
    )  # fmt: skip
    text = (Path(second.path) / "README.md").read_text(encoding="utf-8")
    assert "Against version 1:" in text and json.loads(json.dumps(second.changes))


@pytest.mark.parametrize("backticks", [0, 3, 4, 9])
def test_a_fence_is_longer_than_any_within(backticks: int) -> None:
    assert fenced("`" * backticks).startswith("`" * max(3, backticks + 1) + "\n")
