"""Only licences that the allow-list satisfies may be published."""

import pytest

from storage.errors import ConfigError
from tasks.reading.licences import is_allowed, parse_allow_list

ALLOW_LIST = parse_allow_list(["mit", "Apache-2.0", "CC-BY-4.0"])


def test_names_are_read_in_any_case() -> None:
    assert {"MIT", "Apache-2.0", "CC-BY-4.0"} == ALLOW_LIST


def test_a_name_that_is_no_licence_is_an_error_that_quotes_it() -> None:
    with pytest.raises(ConfigError, match=r"^licences: expected SPDX names .*, got 'MTI'$"):
        parse_allow_list(["MIT", "MTI"])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("mit", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND Apache-2.0", True),
        ("GPL-3.0-only OR MIT AND Apache-2.0", True),
        ("(GPL-3.0-only OR MIT) AND ISC", False),
        ("(GPL-3.0-only OR MIT) AND (ISC OR Apache-2.0)", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0 OR MIT", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("MIT AND (CC-BY-4.0 OR Apache-2.0)", True),
        ("MIT AND (GPL-2.0-only OR ISC)", False),
        ("", False),
        ("unknown", False),
        ("proprietary", False),
    ],
)
def test_an_expression_is_allowed_where_the_allow_list_satisfies_it(expression: str, expected: bool) -> None:
    assert is_allowed(expression, ALLOW_LIST) is expected


def test_the_allow_list_may_name_a_licence_with_its_exception() -> None:
    name = "GPL-2.0-only WITH Classpath-exception-2.0"
    assert is_allowed(name, parse_allow_list([name])) and not is_allowed("GPL-2.0-only", parse_allow_list([name]))
