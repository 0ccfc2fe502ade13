"""EFFICIENCY stands for the code that decides timings."""

from tests.digests import VERSIONED, explain_change, read_recorded


def test_code_that_decides_timings_is_the_code_of_the_recorded_version() -> None:
    assert explain_change("timing", VERSIONED["timing"], read_recorded()["timing"]) == ""
