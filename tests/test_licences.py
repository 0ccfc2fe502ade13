"""Only what the allow-list satisfies may be published."""

import pytest

from storage.errors import ConfigError
from tasks.reading.licences import allow_list, allowed

NAMES = allow_list(["mit", "Apache-2.0", "CC-BY-4.0"])


def test_names_are_read_in_any_case() -> None:
    assert {"MIT", "Apache-2.0", "CC-BY-4.0"} == NAMES


def test_what_is_no_licence_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^licences: expected SPDX names .*, got 'MTI'$"):
        allow_list(["MIT", "MTI"])


@pytest.mark.parametrize(
    ("expression", "fits"),
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
def test_an_expression_is_allowed_where_the_named_licences_satisfy_it(expression: str, fits: bool) -> None:
    assert allowed(expression, NAMES) is fits


def test_a_licence_with_its_exception_can_be_named() -> None:
    name = "GPL-2.0-only WITH Classpath-exception-2.0"
    assert allowed(name, allow_list([name])) and not allowed("GPL-2.0-only", allow_list([name]))
