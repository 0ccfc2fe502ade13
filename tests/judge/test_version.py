"""JUDGE_VERSION stands for the code that decides verdicts."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.digests import VERSIONED, VersionedCode, digest, explain_change, read_recorded

CODE = '"""Decide."""\n\n\ndef decide(x: int) -> bool:\n    """Decide it."""\n    return x > 1\n'


def test_code_that_decides_verdicts_is_the_code_of_the_recorded_version() -> None:
    assert explain_change("judge", VERSIONED["judge"], read_recorded()["judge"]) == ""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(CODE.replace("Decide it.", "Return whether x is large."), id="docstring"),
        pytest.param(CODE.replace("return x > 1", "return (\n        x > 1  # large\n    )"), id="comment and layout"),
    ],
)
def test_wording_and_layout_do_not_change_a_digest(tmp_path: Path, text: str) -> None:
    file = tmp_path / "decide.py"
    file.write_text(CODE)
    before = digest([file])
    file.write_text(text)
    assert digest([file]) == before


def test_a_change_of_code_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "decide.py"
    file.write_text(CODE)
    code = VersionedCode("verdicts", "judge.protocol", "JUDGE_VERSION", (file,))
    recorded = code.current()
    assert explain_change("judge", code, recorded) == ""
    file.write_text(CODE.replace("> 1", ">= 1"))
    assert "raise JUDGE_VERSION in judge.protocol" in explain_change("judge", code, recorded)
    assert explain_change("judge", code, recorded).endswith("python -m tests.digests judge")


def test_a_raised_version_has_to_be_recorded_too(tmp_path: Path) -> None:
    code = replace(VERSIONED["judge"], paths=())
    assert explain_change("judge", code, {**code.current(), "version": 0}) != ""
