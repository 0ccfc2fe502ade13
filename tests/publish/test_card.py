"""The card shows the results of SQL, and no text of a model becomes markup in it."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from storage.dataset_tables import DEBUGGING_SFT, PREFERENCE_KTO
from tasks.publish.markdown import escape_text, fence_text, format_table
from tasks.publish.settings import CleanSettings, PublishSettings
from tests.publish.lakes import PlantedExample, fill_lake, plant, publish

MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})
MARKUP = st.text(st.sampled_from("`~|<>&\\[]()!*_#-\n\r\t :a1$"), max_size=80)
INJECTION = (
    "</table>\n```\n````\n~~~~\n---\n# Owned\n<script>alert(1)</script> ![x](http://evil.example/x.png) "
    "[l](javascript:1) | a | b |"
)


@given(text=MARKUP)
def test_no_text_ends_its_block_of_code(text: str) -> None:
    tokens = MARKDOWN.parse(f"before\n\n{fence_text(text)}\n\nafter\n")
    assert [token.type for token in tokens] == [
        "paragraph_open", "inline", "paragraph_close", "fence", "paragraph_open", "inline", "paragraph_close",
    ]  # fmt: skip
    assert tokens[-2].content == "after"


@given(text=MARKUP, other=MARKUP)
def test_no_text_in_a_cell_is_markup(text: str, other: str) -> None:
    tokens = MARKDOWN.parse(format_table([{"a": text, "b": other}]))
    assert [token.type for token in tokens].count("td_open") == 2
    inline = [child.type for token in tokens if token.type == "inline" for child in token.children or ()]
    assert set(inline) <= {"text", "text_special"}
    cells = ["".join(child.content for child in t.children or ()) for t in tokens if t.type == "inline"]
    assert cells[2:] == [" ".join(text.split()), " ".join(other.split())]


def test_headers_of_tables_are_words() -> None:
    assert format_table([{"pass_rate": 0.5}]).splitlines()[0] == "| pass rate |"


def test_texts_of_models_are_no_markup_in_a_whole_card(tmp_path: Path) -> None:
    turns = (
        ("prompt", [{"role": "user", "content": INJECTION}]),
        ("completion", [{"role": "assistant", "content": INJECTION}]),
    )
    examples = [
        PlantedExample(number, columns=turns, source=f"s {INJECTION}", prompt=f"{number} {INJECTION}")
        for number in range(12)
    ]
    lake = fill_lake(tmp_path / "lake", examples, DEBUGGING_SFT)
    result = publish(lake, tmp_path / "out", "debugging_sft")
    text = (Path(result.path) / "README.md").read_text(encoding="utf-8")
    _, header, body = text.split("---\n", 2)
    assert set(yaml.safe_load(header)) >= {"configs", "dataset_info", "license"}
    tokens = MARKDOWN.parse(body)
    headlines = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert "Owned" not in headlines and headlines[0] == "debugging\\_sft"
    kinds = {token.type for token in tokens} | {c.type for t in tokens for c in t.children or ()}
    assert not kinds & {"html_block", "html_inline", "image", "link_open", "hr"}
    fences = [token.content for token in tokens if token.type == "fence"]
    assert sum(INJECTION.strip() == fence.strip() for fence in fences) == 4, "two rows of two turns"


def test_the_card_shows_the_results_of_sql(tmp_path: Path) -> None:
    more = plant(*range(30, 35), source="theirs", licence="Apache-2.0")
    examples = [*plant(*range(20)), *more, PlantedExample(50, licence="No")]
    settings = PublishSettings(clean=CleanSettings(licences=("MIT", "Apache-2.0")))
    lake = fill_lake(tmp_path / "lake", examples, PREFERENCE_KTO)
    result = publish(lake, tmp_path / "out", "preference_kto", settings)
    text = (Path(result.path) / "v1/README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(text.split("---\n")[1])
    assert header["license"] == ["apache-2.0", "mit"]
    assert {f["split"]: f["path"] for f in header["configs"][0]["data_files"]}["train"] == "data/train-*.parquet"
    folder_header = yaml.safe_load((Path(result.path) / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    assert {file["path"].split("/")[0] for file in folder_header["configs"][0]["data_files"]} == {"v1"}
    for line in (
        "| left out: licence | 1 |", "| published | 25 |", "| ours | MIT | 20 | 20 | 20 |",
        "| theirs | Apache-2.0 | 5 |",
        "26 programs were judged", "| infrastructure errors | 0 | 0.00% |", "This is the first version.",
        "| family\\_id | string |", "executions@", "The settings name no benchmark",
        "`storage/sql/publish_ineligible.sql`:",
        f"| {escape_text('example_id')} | string |  | address of template, program, scorer and label |",
    ):  # fmt: skip
        assert line in text, line
    lake = fill_lake(tmp_path / "lake", examples[1:], PREFERENCE_KTO)
    second = publish(lake, tmp_path / "out", "preference_kto", settings)
    text = (Path(second.path) / "README.md").read_text(encoding="utf-8")
    assert "Changes against version 1:" in text and json.loads(json.dumps(second.changes))


def test_the_card_names_licences_as_the_hub_does(tmp_path: Path) -> None:
    examples = [
        *plant(*range(8), licence="CC-BY-NC-4.0"), *plant(*range(8, 16), licence="GPL-3.0-only"),
        *plant(*range(16, 24), licence="PSF-2.0"),
    ]  # fmt: skip
    result = publish(fill_lake(tmp_path / "lake", examples, DEBUGGING_SFT), tmp_path / "out", "debugging_sft")
    header = yaml.safe_load((Path(result.path) / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    assert header["license"] == ["cc-by-nc-4.0", "gpl-3.0", "other"] and header["license_name"] == "psf-2.0"


@pytest.mark.parametrize("backticks", [0, 3, 4, 9])
def test_a_fence_is_longer_than_any_run_of_backticks_within(backticks: int) -> None:
    assert fence_text("`" * backticks).startswith("`" * max(3, backticks + 1) + "\n")
