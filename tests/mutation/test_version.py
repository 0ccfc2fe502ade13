"""MUTATOR_VERSION stands for the code that decides mutants."""

from tests.digests import VERSIONED, explain_change, read_recorded


def test_code_that_decides_mutants_is_the_code_of_the_recorded_version() -> None:
    assert explain_change("mutation", VERSIONED["mutation"], read_recorded()["mutation"]) == ""
