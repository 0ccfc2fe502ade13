"""Any right program, in any form that models write, comes out as it was."""

import pytest
from hypothesis import HealthCheck, given, settings

from tasks.asking.answers import extract_code
from tests.asking.wrapping import Wrapped, wrapped_programs

SETTINGS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assert_comes_out(case: Wrapped) -> None:
    got = extract_code(case.answer, "stop", case.entry_point)
    assert (got.text, got.reason) == (case.program.strip("\n") + "\n", None)


@settings(SETTINGS, max_examples=800)
@given(wrapped_programs())
def test_a_program_comes_out_as_it_was(case: Wrapped) -> None:
    assert_comes_out(case)


@pytest.mark.slow
@settings(SETTINGS, max_examples=10_000)
@given(wrapped_programs())
def test_a_program_comes_out_of_ten_thousand_answers(case: Wrapped) -> None:
    assert_comes_out(case)
