"""SCORERS stand for the code that decides scores."""

from tests.digests import VERSIONED, explain_change, read_recorded


def test_code_that_decides_scores_is_the_code_of_the_recorded_version() -> None:
    assert explain_change("score", VERSIONED["score"], read_recorded()["score"]) == ""
