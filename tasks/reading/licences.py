"""Check licence expressions against a list of allowed licences. Pure text."""

import re
from collections.abc import Collection, Iterator

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from storage.errors import ConfigError

_TOKEN = re.compile(r"[()]|[^\s()]+")


def parse_allow_list(names: Collection[str]) -> frozenset[str]:
    """Return SPDX names of licences in SPDX's own spelling.

    Raises:
        ConfigError: a name is not an SPDX name.
    """
    licences = set()
    for name in names:
        try:
            licences.add(str(canonicalize_license_expression(name)))
        except InvalidLicenseExpression:
            raise ConfigError(
                f"licences: expected SPDX names such as MIT or CC-BY-4.0, got {name!r}", field="licences"
            ) from None
    return frozenset(licences)


def is_allowed(expression: str, allow_list: Collection[str]) -> bool:
    """Return whether the licences in `allow_list` satisfy an SPDX expression.

    `A OR B` needs one of the two, `A AND B` needs both, and AND binds closer. An exception only adds permissions,
    so `A WITH exception` is satisfied by A, or by its full name. Text that is not an SPDX expression is never allowed.
    """
    try:
        text = str(canonicalize_license_expression(expression))
    except InvalidLicenseExpression:
        return False
    return _read_alternatives(iter([*_TOKEN.findall(text), ""]), allow_list)[0]


def _read_alternatives(tokens: Iterator[str], allow_list: Collection[str]) -> tuple[bool, str]:
    """Read `a OR b ...`; return whether it is satisfied, and the word that follows it."""
    satisfied, word = _read_conjunction(tokens, allow_list)
    while word == "OR":
        operand, word = _read_conjunction(tokens, allow_list)
        satisfied = satisfied or operand
    return satisfied, word


def _read_conjunction(tokens: Iterator[str], allow_list: Collection[str]) -> tuple[bool, str]:
    """Read `a AND b ...`; return whether it is satisfied, and the word that follows it."""
    satisfied, word = _read_licence(tokens, allow_list)
    while word == "AND":
        operand, word = _read_licence(tokens, allow_list)
        satisfied = satisfied and operand
    return satisfied, word


def _read_licence(tokens: Iterator[str], allow_list: Collection[str]) -> tuple[bool, str]:
    """Read a name, `name WITH exception` or `( ... )`; return as above."""
    name = next(tokens)
    if name == "(":
        return _read_alternatives(tokens, allow_list)[0], next(tokens)
    satisfied, word = name in allow_list, next(tokens)
    if word == "WITH":
        satisfied, word = satisfied or f"{name} WITH {next(tokens)}" in allow_list, next(tokens)
    return satisfied, word
